// A signal that is never missed: set while nobody waits, it ends the next wait at once.

export interface Wake {
  readonly set: () => void;
  readonly clear: () => void;
  /** Ends when set, or after the time. */
  readonly wait: (withinMs: number) => Promise<void>;
}

export function createWake(): Wake {
  let isSet = false;
  let wakeWaiter: (() => void) | undefined;
  return {
    set() {
      isSet = true;
      wakeWaiter?.();
    },
    clear() {
      isSet = false;
    },
    async wait(withinMs) {
      if (isSet) {
        return;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        wakeWaiter = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wakeWaiter = undefined;
    },
  };
}
