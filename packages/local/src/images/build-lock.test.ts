import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readIdentity } from '../processes/process-identity.ts';
import { type LockOptions, lockOrWait, unlock } from './build-lock.ts';

let folder = '';
let lock = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-build-lock-'));
  lock = path.join(folder, 'lock');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const forNobody: LockOptions = {
  isDone: async () => false,
  onWait: () => assert.fail('there is nobody to wait for'),
};

test('the first one is to build, and so is the next after it let go', async () => {
  assert.equal(await lockOrWait(lock, forNobody), true);
  assert.deepEqual(JSON.parse(await readFile(lock, 'utf8')), await readIdentity(process.pid));
  await unlock(lock);
  assert.equal(await lockOrWait(lock, forNobody), true);
});

test('while a living process builds, others wait for its result and are told for whom', async () => {
  await writeFile(lock, JSON.stringify(await readIdentity(process.ppid)));
  let looks = 0;
  const waitedFor: number[] = [];
  const isToBuild = await lockOrWait(lock, {
    isDone: async () => ++looks > 2,
    onWait: (pid) => waitedFor.push(pid),
  });
  assert.equal(isToBuild, false);
  assert.deepEqual(waitedFor, [process.ppid]);
});

test('the lock of a dead process is taken over', async () => {
  const { pid } = spawnSync('true');
  await writeFile(lock, JSON.stringify({ pid, startTime: '1' }));
  assert.equal(await lockOrWait(lock, forNobody), true);
});

test('a process that has only got the number of the dead owner does not hold its lock', async () => {
  await writeFile(lock, JSON.stringify({ pid: process.ppid, startTime: '1' }));
  assert.equal(await lockOrWait(lock, forNobody), true);
});

test('a lock that says nothing is waited for while it is young and taken over once it is old', async () => {
  await writeFile(lock, '');
  let looks = 0;
  assert.equal(await lockOrWait(lock, { ...forNobody, isDone: async () => ++looks > 1 }), false);
  const before = new Date(Date.now() - 6_000);
  await utimes(lock, before, before);
  assert.equal(await lockOrWait(lock, forNobody), true);
});

test('whoever is interrupted waits no longer', async () => {
  await writeFile(lock, JSON.stringify(await readIdentity(process.ppid)));
  const interruption = new AbortController();
  const waiting = lockOrWait(lock, { ...forNobody, onWait: () => interruption.abort(), signal: interruption.signal });
  await assert.rejects(waiting, { name: 'AbortError' });
});
