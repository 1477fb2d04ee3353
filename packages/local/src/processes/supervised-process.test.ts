import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { exists } from '../host/files.ts';
import { PlatformError } from '../platform-error.ts';
import { openSupervisorLog } from '../supervisor/supervisor-log.ts';
import { ChildRegister, readRegister } from './child-register.ts';
import { isRunning, readIdentity } from './process-identity.ts';
import { type PartSpec, SupervisedProcess } from './supervised-process.ts';
import { until } from './until.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-part-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

function part(name: string, script: string, more: Partial<PartSpec> = {}): SupervisedProcess {
  const register = new ChildRegister(path.join(folder, `${name}.children.json`));
  const log = openSupervisorLog(path.join(folder, `${name}.supervisor.log`));
  const spec: PartSpec = {
    name,
    command: () => ['sh', '-c', script],
    logFile: path.join(folder, `${name}.log`),
    isReady: async () => true,
    readyWithinMs: 5_000,
    stopWithinMs: 1_000,
    ...more,
  };
  return new SupervisedProcess(spec, register, log);
}

test('a part that dies is started again and the log says so', async () => {
  const dies = part('dies', 'exec sleep 60');
  await dies.start();
  const first = dies.facts.pid ?? 0;
  process.kill(first, 'SIGKILL');
  assert.ok(await until(() => dies.facts.state === 'ready' && dies.facts.pid !== first, { deadlineMs: 5_000 }));
  assert.equal(dies.facts.restarts, 1);
  const log = await readFile(path.join(folder, 'dies.supervisor.log'), 'utf8');
  assert.match(log, /"part ended and is started again","part":"dies","how":"signal SIGKILL"/);
  await dies.stop();
});

test('a stopped part is gone, stays gone, and leaves the register', async () => {
  const stopped = part('stopped', 'exec sleep 60');
  await stopped.start();
  const identity = await readIdentity(stopped.facts.pid ?? 0);
  assert.ok(identity !== null);
  assert.deepEqual(await readRegister(path.join(folder, 'stopped.children.json')), [{ name: 'stopped', ...identity }]);
  await stopped.stop();
  assert.equal(await isRunning(identity), false);
  assert.equal(stopped.facts.state, 'stopped');
  assert.deepEqual(await readRegister(path.join(folder, 'stopped.children.json')), []);
});

test('a part that does not heed the stop signal is killed at its deadline', async () => {
  const marker = path.join(folder, 'deaf.ready');
  const deaf = part('deaf', `trap "" TERM; touch ${marker}; while :; do sleep 0.1; done`, {
    isReady: () => exists(marker),
    stopWithinMs: 200,
  });
  await deaf.start();
  const identity = await readIdentity(deaf.facts.pid ?? 0);
  assert.ok(identity !== null);
  await deaf.stop();
  assert.equal(await isRunning(identity), false);
});

test('a part that ends while it starts is refused with its last words and its log file', async () => {
  const broken = part('broken', 'echo no such flag >&2; exit 3', { isReady: async () => false });
  await assert.rejects(broken.start(), (error: unknown) => {
    assert.ok(error instanceof PlatformError);
    assert.match(error.message, /broken ended while it started \(exit code 3\); it last said:\nno such flag/);
    assert.equal(error.logFile, path.join(folder, 'broken.log'));
    return true;
  });
});

test('a part whose program is not there is refused with that, and the one who keeps it lives on', async () => {
  const missing = part('missing', '', { command: () => ['/no/such/program'], isReady: async () => false });
  await assert.rejects(missing.start(), /missing ended while it started \(spawn \/no\/such\/program ENOENT\)/);
});

test('a part that never becomes ready is stopped and refused at its deadline', async () => {
  const silent = part('silent', 'exec sleep 60', { isReady: async () => false, readyWithinMs: 200 });
  await assert.rejects(silent.start(), /silent was not ready within 0.2 s/);
  assert.equal(silent.facts.pid, null);
});

test('a part that hangs is ended and started again, and one that only misses now and then is left alone', async () => {
  let answers: boolean[] = [true, false, false, true, false, false, false];
  const hangs = part('hangs', 'exec sleep 60', {
    liveness: { isAlive: async () => answers.shift() ?? true, everyMs: 10, misses: 3 },
  });
  await hangs.start();
  const first = await readIdentity(hangs.facts.pid ?? 0);
  assert.ok(first !== null);
  // As a process that waits for ever: it heeds no request to end either.
  process.kill(first.pid, 'SIGSTOP');
  assert.ok(await until(() => hangs.facts.restarts === 1 && hangs.facts.state === 'ready', { deadlineMs: 10_000 }));
  assert.equal(await isRunning(first), false);
  const log = await readFile(path.join(folder, 'hangs.supervisor.log'), 'utf8');
  assert.match(log, /"part hangs and is ended","part":"hangs","pid":\d+,"misses":3/);
  answers = [false, false, true, false, false, true];
  assert.ok(await until(() => answers.length === 0, { deadlineMs: 5_000 }));
  assert.equal(hangs.facts.restarts, 1);
  await hangs.stop();
});
