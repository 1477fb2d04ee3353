// Keeps the cache from growing without end: archives that no build has asked for in weeks, and what killed processes left half
// done. Where that does not bear the number of its maker, times decide, because builds of other platforms share the cache.

import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { removeHalves } from '../host/remove-halves.ts';

/** Where things are made beside their names; the last two by the tests. */
const WITH_HALVES = ['archives', 'images', 'postgres', 'programs', 'scanners', 'schemas'];
const DAY_MS = 24 * 60 * 60 * 1000;
/** Every build that uses an archive renews its time. */
const UNUSED_AFTER_MS = 21 * DAY_MS;
/** No build takes a day; whatever made this is gone. */
const ABANDONED_AFTER_MS = DAY_MS;

export async function tidyCache(cacheDir: string, now = Date.now()): Promise<void> {
  const images = path.join(cacheDir, 'images');
  await removeHalves(WITH_HALVES.map((name) => path.join(cacheDir, name)));
  await removeOlder(images, now - UNUSED_AFTER_MS, (name) => name.endsWith('.oci.tar'));
  await removeOlder(path.join(images, 'logs'), now - UNUSED_AFTER_MS, () => true);
  await removeOlder(images, now - ABANDONED_AFTER_MS, isBuilding);
  await removeOlder(path.join(cacheDir, 'dashboard'), now - ABANDONED_AFTER_MS, isBuilding);
  await removeOlder(path.join(cacheDir, 'buildah', 'tmp'), now - ABANDONED_AFTER_MS, () => true);
}

const isBuilding = (name: string): boolean => name.startsWith('.building-');

async function removeOlder(folder: string, before: number, isMeant: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!isMeant(name)) continue;
    const file = path.join(folder, name);
    // A file that is gone by now was removed by another build doing the same.
    const facts = await stat(file).catch(() => undefined);
    if (facts !== undefined && facts.mtimeMs < before) await rm(file, { recursive: true, force: true });
  }
}
