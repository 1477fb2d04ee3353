// One clock for everything that counts up on the screen: all who look at it tick together, and it stands still when nobody does.
import { useSyncExternalStore } from 'react';

const listeners = new Map<number, { now: number; subscribe: (onTick: () => void) => () => void }>();

function clockOf(everyMs: number): { now: number; subscribe: (onTick: () => void) => () => void } {
  const present = listeners.get(everyMs);
  if (present !== undefined) return present;
  const waiting = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  const made = {
    now: Date.now(),
    subscribe: (onTick: () => void) => {
      // It stood still while nobody looked.
      if (waiting.size === 0) made.now = Date.now();
      waiting.add(onTick);
      timer ??= setInterval(() => {
        made.now = Date.now();
        for (const tick of waiting) tick();
      }, everyMs);
      return () => {
        waiting.delete(onTick);
        if (waiting.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
  listeners.set(everyMs, made);
  return made;
}

/** Milliseconds since 1970, renewed that often. */
export function useNow(everyMs = 10_000): number {
  const clock = clockOf(everyMs);
  return useSyncExternalStore(clock.subscribe, () => clock.now);
}
