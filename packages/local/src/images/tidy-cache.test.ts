import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { tidyCache } from './tidy-cache.ts';

test('forgotten archives and leavings of killed builds go; what is in use stays', async () => {
  const cache = await mkdtemp(path.join(tmpdir(), 'souk-tidy-cache-'));
  try {
    const images = path.join(cache, 'images');
    const daysAgo = async (name: string, days: number): Promise<void> => {
      const time = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
      await writeFile(path.join(images, name), '');
      await utimes(path.join(images, name), time, time);
    };
    await mkdir(images, { recursive: true });
    await daysAgo('used-1.oci.tar', 20);
    await daysAgo('forgotten-1.oci.tar', 22);
    await daysAgo(`building-1.oci.tar.${process.pid}.tmp`, 2);
    await daysAgo(`killed-1.oci.tar.${spawnSync('true').pid}.tmp`, 0);
    await daysAgo('.building-now', 0);
    await daysAgo('.building-killed', 2);
    await daysAgo('npm-11.19.1', 99);
    const half = path.join(cache, 'programs', `.half-${spawnSync('true').pid}`);
    await mkdir(half, { recursive: true });
    await tidyCache(cache);
    assert.deepEqual(await readdir(path.join(cache, 'programs')), []);
    assert.deepEqual((await readdir(images)).sort(), [
      '.building-now',
      `building-1.oci.tar.${process.pid}.tmp`,
      'npm-11.19.1',
      'used-1.oci.tar',
    ]);
    await tidyCache(path.join(cache, 'not there'));
  } finally {
    await rm(cache, { recursive: true });
  }
});
