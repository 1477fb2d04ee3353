// Waiting is always for a condition and always until a deadline.

import { setTimeout as delay } from 'node:timers/promises';

export type UntilOptions = { deadlineMs: number; everyMs?: number; signal?: AbortSignal };

/** True as soon as the condition holds; false when the deadline passes first. Rejects when the signal is aborted. */
export async function until(condition: () => Promise<boolean> | boolean, options: UntilOptions): Promise<boolean> {
  const { deadlineMs, everyMs = 100, signal } = options;
  const end = performance.now() + deadlineMs;
  for (;;) {
    signal?.throwIfAborted();
    if (await condition()) return true;
    const left = end - performance.now();
    if (left <= 0) return false;
    await delay(Math.min(everyMs, left), undefined, signal === undefined ? {} : { signal });
  }
}
