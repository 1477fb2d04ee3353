// Waiting on conditions, never on time alone.
import { setTimeout as delay } from 'node:timers/promises';

/** Of the aim, twice: what is asked here is whether it works; benchmarks tell how fast. */
export const ROUTE_CHANGES_WITHIN_MS = 2_000;

/** The first value that is neither null, undefined nor false. Throws with the words given when time runs out. */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  everyMs = 100,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown = null;
  for (;;) {
    try {
      const value = await look();
      if (value !== null && value !== undefined && value !== false) return value;
      last = null;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${withinMs / 1000} s in vain for: ${what}`, last === null ? {} : { cause: last });
    }
    await delay(everyMs);
  }
}
