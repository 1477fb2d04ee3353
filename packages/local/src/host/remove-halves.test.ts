import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { removeHalves } from './remove-halves.ts';

test('halves of processes that have ended go; those of living ones and all that is whole stay', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'souk-halves-'));
  const dead = spawnSync('true').pid;
  try {
    await mkdir(path.join(folder, `.half-${dead}`, '.out'), { recursive: true });
    await mkdir(path.join(folder, `17.10.0.${dead}.half`));
    const gone = [`ports.json.${dead}.0a1b2c.tmp`, `npm-11.tar.${dead}.tmp`];
    const kept = [
      `.half-${process.pid}`,
      `17.10.0.${process.pid}.half`,
      `ports.json.${process.pid}.0a1b2c.tmp`,
      `ports-${dead}.json`,
      `data.half`,
    ];
    for (const name of [...gone, ...kept]) await writeFile(path.join(folder, name), '');
    const removed = await removeHalves([folder, path.join(folder, 'not there')]);
    assert.deepEqual((await readdir(folder)).sort(), kept.sort());
    const names = [`.half-${dead}`, `17.10.0.${dead}.half`, ...gone];
    assert.deepEqual(removed.sort(), names.map((name) => path.join(folder, name)).sort());
  } finally {
    await rm(folder, { recursive: true });
  }
});
