// Lets only one of several tools on this machine build an image, while the others wait for its archive. It saves work and
// guards nothing: should two build the same image after all, the later archive replaces its equal.

import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 500;
// No build takes this long, so the process that has the owner's number now is another one.
const FORGOTTEN_AFTER_MS = 60 * 60 * 1000;

/**
 * Returns true when the caller holds the lock and is to build, false when `isDone` came true while another one built.
 * The lock of a dead process, or one too old to be true, is taken over.
 */
export async function lockOrWait(
  lockFile: string,
  isDone: () => Promise<boolean>,
  onWait: (pid: number) => void,
): Promise<boolean> {
  let waitsFor = 0;
  for (;;) {
    if (await isDone()) return false;
    if (await tryLock(lockFile)) return true;
    const owner = Number(await readFile(lockFile, 'utf8').catch(() => '0'));
    if (owner > 0 && (!isAlive(owner) || (await isOld(lockFile)))) {
      await rm(lockFile, { force: true });
      continue;
    }
    if (owner > 0 && owner !== waitsFor) onWait(owner);
    waitsFor = owner;
    await sleep(LOOK_AGAIN_MS);
  }
}

export async function unlock(lockFile: string): Promise<void> {
  await rm(lockFile, { force: true });
}

async function tryLock(lockFile: string): Promise<boolean> {
  try {
    await writeFile(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isOld(lockFile: string): Promise<boolean> {
  const facts = await stat(lockFile).catch(() => undefined);
  return facts !== undefined && Date.now() - facts.mtimeMs > FORGOTTEN_AFTER_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of someone else is alive all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
