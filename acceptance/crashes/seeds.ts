// Repeatable randomness: the same seed crashes at the same moments.
import { randomInt } from 'node:crypto';

/** Another one in every run, so that runs see more than one sample; given by SOUK_SEED it repeats one. */
export const SEED = Number(process.env.SOUK_SEED ?? randomInt(1_000_000));

/** For the notes of a test run. */
export const SEED_NOTE = `seed ${SEED}; SOUK_SEED=${SEED} crashes at the same moments again`;

/** Numbers from 0 to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
