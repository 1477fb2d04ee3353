import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { isRunning, parseIdentity, readIdentity, signal } from './process-identity.ts';

const stat = (name: string, state: string, startTime: string): string =>
  `42 (${name}) ${state} 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 ${startTime} 1000 10 18446744073709551615`;

test('the start time is read even when the name of the program holds blanks and parentheses', () => {
  assert.deepEqual(parseIdentity(42, stat('node', 'S', '777')), { pid: 42, startTime: '777' });
  assert.deepEqual(parseIdentity(42, stat('a) S (b c', 'R', '888')), { pid: 42, startTime: '888' });
});

test('a zombie counts as gone', () => {
  assert.equal(parseIdentity(42, stat('node', 'Z', '777')), null);
});

test('a process that took over the pid of an ended one is not taken for it', async () => {
  const me = await readIdentity(process.pid);
  assert.ok(me !== null);
  assert.equal(await isRunning(me), true);
  assert.equal(await isRunning({ pid: me.pid, startTime: `${Number(me.startTime) - 1}` }), false);
});

test('a stranger with the pid of an ended process is not signalled', async () => {
  const child = spawn('sleep', ['60']);
  const identity = await readIdentity(child.pid ?? 0);
  assert.ok(identity !== null);
  await signal({ ...identity, startTime: '1' }, 'SIGKILL');
  assert.equal(await isRunning(identity), true);
  await signal(identity, 'SIGKILL');
  await once(child, 'exit');
  assert.equal(await isRunning(identity), false);
});
