// A pid alone says nothing: the kernel gives it away again. A process is known by its pid and the time it started at.

import { readdir, readFile, readlink } from 'node:fs/promises';

export type ProcessIdentity = { pid: number; startTime: string };

/** Null when no such process runs. A zombie counts as gone: it has ended and only waits to be collected. */
export async function readIdentity(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat === null ? null : parseIdentity(pid, stat);
}

export function parseIdentity(pid: number, stat: string): ProcessIdentity | null {
  // The name in parentheses may hold blanks and parentheses itself, so fields are counted from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  if (startTime === undefined || state === 'Z' || state === 'X') return null;
  return { pid, startTime };
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const now = await readIdentity(identity.pid);
  return now !== null && now.startTime === identity.startTime;
}

/** Signals the process if it still is the one that is meant. */
export async function signal(identity: ProcessIdentity, name: NodeJS.Signals): Promise<void> {
  if (!(await isRunning(identity))) return;
  try {
    process.kill(identity.pid, name);
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export async function listPids(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

export async function readCommandLine(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').filter((part) => part !== '');
}

/** What a `/proc/<pid>/ns/<kind>` link points to, as `net:[4026531840]`; null when the process is gone. */
export async function readNamespace(pid: number, kind: 'net' | 'mnt'): Promise<string | null> {
  return await readlink(`/proc/${pid}/ns/${kind}`).catch(() => null);
}
