// Gives back what starting and bursts of work took. V8 tidies up under pressure, which a mostly idle process never has; the memory
// belongs to the stores. A busy process is left alone: what it holds it uses, and the pause of some tens of milliseconds is felt.
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// By then connections are open and the first answers given, which is most of what a process ever loads.
const FIRST_AFTER_MS = 10_000;
const EVERY_MS = 5 * 60_000;
// Processor time, because a crowded machine stretches every other measure of being busy.
const IDLE_SHARE = 0.1;

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

export function settleMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  const settle = (): void => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setTimeout(() => {
    // Node writes the compiled code at exit, which a killed process does not reach; without it the next start needs 15 MB more.
    flushCompileCache();
    settle();
  }, FIRST_AFTER_MS).unref();
  let since = process.cpuUsage();
  setInterval(() => {
    const { user, system } = process.cpuUsage(since);
    if ((user + system) / 1_000 < IDLE_SHARE * EVERY_MS) {
      settle();
    }
    since = process.cpuUsage();
  }, EVERY_MS).unref();
}
