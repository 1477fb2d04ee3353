import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { PlatformPaths } from '../platform-paths.ts';
import { followReports, readReport } from './control-client.ts';
import { ControlServer } from './control-server.ts';
import type { PlatformReport } from './platform-report.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-control-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

const at = (name: string): PlatformPaths => ({ controlSocket: path.join(folder, name) }) as PlatformPaths;

function report(state: PlatformReport['state']): PlatformReport {
  return { state, supervisorPid: 1, startedAt: '', steps: [], parts: [], facts: null, durations: null, failure: null };
}

test('where no supervisor is, there is no report', async () => {
  assert.equal(await readReport(at('none.sock')), null);
});

test('who watches is told of every state until the supervisor ends', async () => {
  let state: PlatformReport['state'] = 'starting';
  const server = new ControlServer(
    () => report(state),
    () => undefined,
  );
  await server.listen(at('watch.sock').controlSocket);
  const seen: string[] = [];
  for await (const { state: told } of followReports(at('watch.sock'), 'watch')) {
    seen.push(told);
    if (told === 'starting') {
      state = 'ready';
      server.changed();
    } else {
      server.close();
    }
  }
  assert.deepEqual([...new Set(seen)], ['starting', 'ready']);
});

test('stop reaches the supervisor and its progress the one who asked', async () => {
  let state: PlatformReport['state'] = 'ready';
  const server = new ControlServer(
    () => report(state),
    () => {
      state = 'stopping';
      server.close();
    },
  );
  await server.listen(at('stop.sock').controlSocket);
  const seen: string[] = [];
  for await (const { state: told } of followReports(at('stop.sock'), 'stop')) seen.push(told);
  assert.deepEqual(seen, ['ready', 'stopping']);
});

test('only the owner may connect', async () => {
  const server = new ControlServer(
    () => report('ready'),
    () => undefined,
  );
  await server.listen(at('mode.sock').controlSocket);
  assert.equal((await stat(at('mode.sock').controlSocket)).mode & 0o777, 0o600);
  server.close();
});
