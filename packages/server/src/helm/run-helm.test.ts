// The guard round a Helm process, with a shell script in Helm's place: it must not outlive the right to act, however that ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LeaseLostError } from '../errors.ts';
import { HelmError } from './helm-error.ts';
import { runHelm } from './run-helm.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'souk-guard-'));
});
after(() => rm(folder, { recursive: true }));

async function writeProgram(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/bash\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}
const env = { PATH: process.env.PATH ?? '' };
const held = { signal: new AbortController().signal, msLeft: () => 9_000 };

/** A zombie is dead: it only waits for whoever inherited it to take note. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
  return !/^State:\s+[XZ]/m.test(status);
}

async function untilWritten(path: string): Promise<string> {
  for (let tries = 0; tries < 500; tries += 1) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.endsWith('\n')) {
      return text.trim();
    }
    await delay(20);
  }
  throw new Error(`${path} was not written`);
}

async function untilDead(pid: number, withinMs: number): Promise<number> {
  const startedAt = performance.now();
  while (await isAlive(pid)) {
    assert.ok(performance.now() - startedAt < withinMs, `process ${pid} is alive after ${withinMs} ms`);
    await delay(20);
  }
  return performance.now() - startedAt;
}

describe('running Helm', () => {
  it('passes its arguments as they are and its input on standard input', async () => {
    const path = await writeProgram('echo', `printf '%s\\n' "$@" > "${folder}/args"; cat > "${folder}/input"`);
    await runHelm({ path, env }, ['upgrade', 'a b; $(c)', '*'], '{"value":1}', held);
    assert.deepEqual(await readFile(join(folder, 'args'), 'utf8'), 'upgrade\na b; $(c)\n*\n');
    assert.equal(await readFile(join(folder, 'input'), 'utf8'), '{"value":1}');
  });

  it('fails with what Helm said last', async () => {
    const path = await writeProgram(
      'fail',
      'echo "WARNING: something" >&2; echo "Error: UPGRADE FAILED: the reason" >&2; exit 1',
    );
    await assert.rejects(runHelm({ path, env }, ['upgrade'], '', held), (error) => {
      assert.ok(error instanceof HelmError);
      // Nothing of the guard's own is among it.
      assert.equal(error.message, 'helm upgrade: UPGRADE FAILED: the reason');
      return true;
    });
  });

  it('ends it at once when the lease is lost', async () => {
    const path = await writeProgram('sleep-1', `echo $$ > "${folder}/pid-1"; exec sleep 60`);
    const lease = new AbortController();
    const running = runHelm({ path, env }, ['upgrade'], '', { signal: lease.signal, msLeft: () => 9_000 });
    const pid = Number(await untilWritten(join(folder, 'pid-1')));
    lease.abort(new Error('the lease is lost'));
    await assert.rejects(running, /the lease is lost/);
    await untilDead(pid, 1_000);
  });

  it('ends it before the lease does when that is not renewed, though nobody aborts anything', async () => {
    const path = await writeProgram('sleep-2', `echo $$ > "${folder}/pid-2"; exec sleep 60`);
    const leaseEndsAt = performance.now() + 9_000;
    const lease = { signal: new AbortController().signal, msLeft: () => leaseEndsAt - performance.now() };
    await assert.rejects(runHelm({ path, env }, ['upgrade'], '', lease), HelmError);
    const pid = Number(await untilWritten(join(folder, 'pid-2')));
    assert.equal(await isAlive(pid), false);
    assert.ok(lease.msLeft() > 0, 'it was alive when the lease ended');
  });

  it('does not begin when the lease is about to end', async () => {
    const path = await writeProgram('late', `touch "${folder}/has-begun"`);
    const lease = { signal: new AbortController().signal, msLeft: () => 1_800 };
    await assert.rejects(runHelm({ path, env }, ['upgrade'], '', lease), LeaseLostError);
    await assert.rejects(access(join(folder, 'has-begun')), { code: 'ENOENT' });
  });

  it('ends it when it hangs, though the lease goes on', async () => {
    const path = await writeProgram('sleep-3', `echo $$ > "${folder}/pid-3"; exec sleep 60`);
    await assert.rejects(runHelm({ path, env, timeoutMs: 1_000 }, ['upgrade'], '', held), (error) => {
      assert.ok(error instanceof HelmError);
      assert.equal(error.message, 'helm upgrade: it did not end within 1 s');
      assert.equal(error.isPermanent, false);
      return true;
    });
    await untilDead(Number(await untilWritten(join(folder, 'pid-3'))), 1_000);
  });

  for (const [signal, msLeft, withinMs] of [
    ['SIGKILL', 9_000, 1_000],
    ['SIGSTOP', 9_000, 6_000],
    ['SIGSTOP', 2_500, 2_500],
  ] as const) {
    it(`ends it when the worker gets ${signal} with ${msLeft} ms of its lease left`, async () => {
      const pidFile = join(folder, `pid-${signal}-${msLeft}`);
      const path = await writeProgram(`sleep-${signal}-${msLeft}`, `echo $$ > "${pidFile}"; exec sleep 60`);
      const script = `
        import { runHelm } from ${JSON.stringify(new URL('run-helm.ts', import.meta.url).href)};
        const lease = { signal: new AbortController().signal, msLeft: () => ${msLeft} };
        await runHelm({ path: ${JSON.stringify(path)}, env: process.env }, ['upgrade'], '', lease);`;
      const worker = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: 'ignore' });
      try {
        const pid = Number(await untilWritten(pidFile));
        worker.kill(signal);
        await untilDead(pid, withinMs);
      } finally {
        worker.kill('SIGKILL');
      }
    });
  }
});
