// Small recurring chores of one process (deleting what is old). Each is bounded and harmless to run from several processes at once;
// one that fails is tried again next time, and keeps no other from its turn.
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

export interface PeriodicOptions {
  readonly everyMs: number;
  readonly log: Log;
  /** Each touches at most `limit` rows, so that no statement is long, and answers how many those were. */
  readonly tasks: Readonly<Record<string, (limit: number) => Promise<number>>>;
}

const ROWS_AT_ONCE = 1_000;
// A chore that never gets through must not keep the others from their turn.
const MOST_TURNS = 1_000;

export interface Periodic {
  runOnce(): Promise<void>;
  stop(): Promise<void>;
}

export function runPeriodically({ everyMs, log, tasks }: PeriodicOptions): Periodic {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isStopping = false;

  async function runOnce(): Promise<void> {
    for (const [task, run] of Object.entries(tasks)) {
      try {
        let rows = 0;
        for (let turn = 0; turn < MOST_TURNS && !isStopping; turn += 1) {
          const touched = await run(ROWS_AT_ONCE);
          rows += touched;
          if (touched < ROWS_AT_ONCE) {
            break;
          }
        }
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
      isStopping = true;
      clearTimeout(timer);
      await running;
      clearTimeout(timer);
    },
  };
}
