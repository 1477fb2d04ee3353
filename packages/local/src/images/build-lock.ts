// Lets only one of several tools on this machine build an image, while the others wait for its archive. It saves work and
// guards nothing: should two build the same image after all, the later archive replaces its equal.

import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessIdentity, readIdentity } from '../processes/process-identity.ts';

const LOOK_AGAIN_MS = 500;
// The file is written right after it is made, so one that says nothing for this long was left by a killed process or a full disk.
const UNREADABLE_AFTER_MS = 5_000;

export type LockOptions = {
  /** Whether what would be built is there. */
  isDone: () => Promise<boolean>;
  /** Told once for every owner that is waited for. */
  onWait: (pid: number) => void;
  signal?: AbortSignal | undefined;
};

/**
 * Returns true when the caller holds the lock and is to build, false when `isDone` came true while another one built.
 * The lock of a process that has ended is taken over, whoever has its number now.
 */
export async function lockOrWait(lockFile: string, { isDone, onWait, signal }: LockOptions): Promise<boolean> {
  let waitsFor = 0;
  for (;;) {
    signal?.throwIfAborted();
    if (await isDone()) return false;
    if (await tryLock(lockFile)) return true;
    const owner = await readOwner(lockFile);
    if (owner === null ? await isOld(lockFile) : !(await isRunning(owner))) {
      await rm(lockFile, { force: true });
      continue;
    }
    if (owner !== null && owner.pid !== waitsFor) onWait(owner.pid);
    waitsFor = owner?.pid ?? 0;
    await sleep(LOOK_AGAIN_MS, undefined, signal === undefined ? {} : { signal });
  }
}

export async function unlock(lockFile: string): Promise<void> {
  await rm(lockFile, { force: true });
}

async function tryLock(lockFile: string): Promise<boolean> {
  try {
    await writeFile(lockFile, JSON.stringify(await readIdentity(process.pid)), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Null when the file says nothing that one of these tools would write. */
async function readOwner(lockFile: string): Promise<ProcessIdentity | null> {
  try {
    const { pid, startTime } = JSON.parse(await readFile(lockFile, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : null;
  } catch {
    return null;
  }
}

async function isOld(lockFile: string): Promise<boolean> {
  const facts = await stat(lockFile).catch(() => undefined);
  return facts !== undefined && Date.now() - facts.mtimeMs > UNREADABLE_AFTER_MS;
}
