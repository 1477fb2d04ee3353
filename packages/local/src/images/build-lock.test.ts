import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lockOrWait, unlock } from './build-lock.ts';

let folder = '';
let lock = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-build-lock-'));
  lock = path.join(folder, 'lock');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const never = async (): Promise<boolean> => false;
const nobody = (): void => assert.fail('there is nobody to wait for');

test('the first one is to build, and so is the next after it let go', async () => {
  assert.equal(await lockOrWait(lock, never, nobody), true);
  assert.equal(await readFile(lock, 'utf8'), String(process.pid));
  await unlock(lock);
  assert.equal(await lockOrWait(lock, never, nobody), true);
});

test('while a living process builds, others wait for its result and are told for whom', async () => {
  await writeFile(lock, String(process.ppid));
  let looks = 0;
  const waitedFor: number[] = [];
  const isToBuild = await lockOrWait(
    lock,
    async () => ++looks > 2,
    (pid) => waitedFor.push(pid),
  );
  assert.equal(isToBuild, false);
  assert.deepEqual(waitedFor, [process.ppid]);
});

test('the lock of a dead process is taken over', async () => {
  const { pid } = spawnSync('true');
  await writeFile(lock, String(pid));
  assert.equal(await lockOrWait(lock, never, nobody), true);
});
