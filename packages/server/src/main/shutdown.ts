// The end of a process in phases, each with its own deadline: what hangs in one phase does not keep the next from its turn.
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

export type ShutdownPhase = readonly [name: string, run: () => Promise<void>];

const PHASE_DEADLINE_MS = 10_000;

/** On SIGTERM or SIGINT runs the phases in order, then exits. A second signal exits at once. */
export function onShutdown(log: Log, phases: readonly ShutdownPhase[]): void {
  let hasBegun = false;
  const begin = (signal: NodeJS.Signals): void => {
    if (hasBegun) {
      process.exit(1);
    }
    hasBegun = true;
    log.info({ signal }, 'shutting down');
    runPhases(log, phases).then(
      (isClean) => process.exit(isClean ? 0 : 1),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
}

async function runPhases(log: Log, phases: readonly ShutdownPhase[]): Promise<boolean> {
  let isClean = true;
  for (const [name, run] of phases) {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('it took too long')), PHASE_DEADLINE_MS);
    });
    const startedAt = performance.now();
    try {
      await Promise.race([run(), deadline]);
      log.debug(
        { phase: name, durationMs: Math.round(performance.now() - startedAt) },
        'a phase of the shutdown is done',
      );
    } catch (error) {
      isClean = false;
      log.warn({ phase: name, reason: messageOf(error) }, 'a phase of the shutdown failed; going on');
    } finally {
      clearTimeout(timer);
    }
  }
  return isClean;
}
