// Small recurring chores of one process (deleting what is old). Each is bounded and harmless to run from several processes at once;
// one that fails is tried again next time, and keeps no other from its turn.
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

export interface PeriodicOptions {
  readonly everyMs: number;
  readonly log: Log;
  /** Each answers how many rows it touched. */
  readonly tasks: Readonly<Record<string, () => Promise<number>>>;
}

export interface Periodic {
  runOnce(): Promise<void>;
  stop(): Promise<void>;
}

export function runPeriodically({ everyMs, log, tasks }: PeriodicOptions): Periodic {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function runOnce(): Promise<void> {
    for (const [task, run] of Object.entries(tasks)) {
      try {
        const rows = await run();
        log.debug({ task, rows }, 'chore done');
      } catch (error) {
        log.warn({ task, reason: messageOf(error) }, 'a chore failed; it is tried again next time');
      }
    }
  }
  const schedule = (): void => {
    // The jitter keeps the processes of one installation apart.
    timer = setTimeout(
      () => {
        running = runOnce().finally(schedule);
      },
      everyMs * (0.8 + Math.random() * 0.4),
    );
    timer.unref();
  };
  schedule();

  return {
    runOnce,
    async stop() {
      clearTimeout(timer);
      await running;
      clearTimeout(timer);
    },
  };
}
