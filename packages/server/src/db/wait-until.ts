// For tests: waits on a condition with a deadline, never for a fixed time.
import { setTimeout as delay } from 'node:timers/promises';

/** Answers the first result that is neither false nor null nor undefined; throws with `what` when none came in time. */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T> | T,
  withinMs = 20_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== null && seen !== undefined) {
      return seen as NonNullable<Exclude<T, false>>;
    }
    if (performance.now() > deadline) {
      throw new Error(`after ${withinMs} ms still not: ${what}`);
    }
    await delay(10);
  }
}
