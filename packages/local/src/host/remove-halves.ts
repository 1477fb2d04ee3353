// What is made beside its name and moved there when it is whole bears the number of the process that makes it. A process that is
// killed leaves such a half, which nobody would ever finish.

import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { readIdentity } from '../processes/process-identity.ts';

/** `.half-<pid>`, `<name>.<pid>.half`, `<name>.<pid>.tmp` and `<name>.<pid>.<lot>.tmp`. */
const HALF = /^\.half-(\d+)$|\.(\d+)(?:\.[0-9a-f]{6})?\.(?:half|tmp)$/;

/** Removes the halves in these folders whose makers have ended, and gives their paths. Folders that are not there hold none. */
export async function removeHalves(folders: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const [, first, second] = HALF.exec(name) ?? [];
      const maker = first ?? second;
      if (maker === undefined || (await readIdentity(Number(maker))) !== null) continue;
      const half = path.join(folder, name);
      await rm(half, { recursive: true, force: true });
      removed.push(half);
    }
  }
  return removed;
}
