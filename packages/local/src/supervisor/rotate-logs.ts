// Keeps the parts' logs from filling the disk. Parts append to an open file, so the file is copied aside and emptied in place.

import { copyFile, readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';

const LARGEST_BYTES = 20 * 1024 * 1024;

export async function rotateLogs(folder: string, largestBytes = LARGEST_BYTES): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.log')) continue;
    const file = path.join(folder, name);
    const { size } = await stat(file);
    if (size < largestBytes) continue;
    await copyFile(file, `${file}.1`);
    await truncate(file);
  }
}
