// Ends processes that are known by identity: asks first, insists after a deadline, and returns when they are gone.

import { isRunning, type ProcessIdentity, signal } from './process-identity.ts';
import { until } from './until.ts';

export type EndOptions = { signal?: NodeJS.Signals; graceMs: number };

export async function endProcesses(
  processes: readonly ProcessIdentity[],
  { signal: first = 'SIGTERM', graceMs }: EndOptions,
): Promise<void> {
  let left = await stillRunning(processes);
  if (left.length === 0) return;
  for (const one of left) await signal(one, first);
  const allGone = async (): Promise<boolean> => {
    left = await stillRunning(left);
    return left.length === 0;
  };
  if (graceMs > 0 && (await until(allGone, { deadlineMs: graceMs, everyMs: 50 }))) return;
  for (const one of left) await signal(one, 'SIGKILL');
  // A killed process goes as soon as the kernel lets it; one that hangs in the kernel is reported by whoever sweeps.
  await until(allGone, { deadlineMs: 10_000, everyMs: 50 });
}

async function stillRunning(processes: readonly ProcessIdentity[]): Promise<ProcessIdentity[]> {
  const running = await Promise.all(processes.map(isRunning));
  return processes.filter((_, index) => running[index] === true);
}
