// The dashboard's built files, by the content of what they are built from: the same sources are built once for all platforms that
// share the cache, and a changed line is a new folder, so that a running API never has files exchanged under it.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../host/files.ts';
import { runLogged } from '../host/run.ts';
import { hashFolder, listFolder } from '../images/image-folder.ts';
import { CHECKOUT } from '../platform-paths.ts';

const SOURCES = ['packages/dashboard', 'packages/contract'];
// Longer than anybody keeps a platform up without starting it again.
const UNUSED_AFTER_MS = 21 * 24 * 60 * 60 * 1000;

export function dashboardLog(cacheDir: string): string {
  return path.join(cacheDir, 'dashboard', 'build.log');
}

/** Gives the folder to serve. Two that build at once both succeed: the later one's work is thrown away. */
export async function ensureDashboard(cacheDir: string, checkout: string = CHECKOUT): Promise<string> {
  const home = path.join(cacheDir, 'dashboard');
  const folder = path.join(home, await hashSources(checkout));
  await mkdir(home, { recursive: true });
  if (await exists(folder)) {
    const now = new Date();
    await utimes(folder, now, now);
    return folder;
  }
  const building = await mkdtemp(path.join(home, '.building-'));
  try {
    const command = [process.execPath, path.join(checkout, 'packages/dashboard/build.ts'), building];
    await runLogged(command, dashboardLog(cacheDir), {
      cwd: checkout,
      remedy: 'see the log; "npm install" in the checkout brings packages that are missing, then run this again',
    });
    await rename(building, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  await removeUnused(home);
  return folder;
}

async function hashSources(checkout: string): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const root = path.join(checkout, source);
    hash.update(await hashFolder(root, await listFolder(root, (file) => /(^|\/)(node_modules|dist)(\/|$)/.test(file))));
  }
  // The versions of everything that is built in.
  hash.update(await readFile(path.join(checkout, 'package-lock.json')));
  return hash.digest('hex').slice(0, 16);
}

async function removeUnused(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const entry = path.join(home, name);
    const facts = await stat(entry).catch(() => undefined);
    if (facts?.isDirectory() && facts.mtimeMs < Date.now() - UNUSED_AFTER_MS) {
      await rm(entry, { recursive: true, force: true });
    }
  }
}
