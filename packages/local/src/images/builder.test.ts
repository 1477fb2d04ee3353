import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { runLogged } from '../host/run.ts';
import { SEALED_OFF } from './builder.ts';

const isRoot = process.getuid?.() === 0;
// A length of sleep that nobody else asks for.
const sleep = (name: number): string => `sleep ${900_000 + (process.pid % 1_000) * 10 + name}`;

async function isRunning(command: string): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  return stdout.split('\n').includes(command);
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('it did not come within 10 s');
    await delay(50);
  }
}

describe('a build', { skip: isRoot ? false : 'namespaces need root' }, () => {
  it('takes the servers with it that it has started in the background', async () => {
    const command = sleep(1);
    await promisify(execFile)(SEALED_OFF[0], [...SEALED_OFF.slice(1), 'sh', '-c', `setsid ${command} & echo $$ is 1`]);
    await until(async () => !(await isRunning(command)));
  });

  it('that is ended takes everything with it that it has started', async () => {
    const command = sleep(2);
    const folder = await mkdtemp(path.join(tmpdir(), 'souk-build-'));
    const log = path.join(folder, 'build.log');
    const lock = path.join(folder, 'lock');
    const end = new AbortController();
    try {
      const flock = ['flock', '--no-fork', '--shared', lock];
      const build = runLogged([...flock, ...SEALED_OFF, 'sh', '-c', `setsid ${command} & wait`], log, {
        remedy: 'none is needed: it is ended on purpose',
        signal: end.signal,
        killSignal: 'SIGKILL',
      });
      await until(() => isRunning(command));
      end.abort();
      await assert.rejects(build);
      await until(async () => !(await isRunning(command)));
      assert.ok(existsSync(lock) && (await readFile(log, 'utf8')).includes('unshare'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
