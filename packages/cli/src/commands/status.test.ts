import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type PlatformReport, platformPaths } from '@souk/local';
import { COMMANDS } from '../command-list.ts';
import { EXIT } from '../exit-code.ts';
import { runCommands } from '../test-terminal.ts';

const FAILED: PlatformReport = {
  state: 'failed',
  supervisorPid: 7,
  startedAt: '2026-01-01T00:00:00.000Z',
  steps: [],
  parts: [],
  facts: null,
  durations: null,
  failure: { message: 'etcd ended while it started', logFile: '/logs/etcd.log', remedy: 'make room on the disk' },
};

test('status tells of a start that failed why it did, where the log is and what to do', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'souk-status-'));
  const { controlSocket, runtime } = platformPaths({ SOUK_HOME: home });
  await mkdir(runtime, { recursive: true });
  const supervisor = createServer((socket) => socket.end(`${JSON.stringify(FAILED)}\n`));
  try {
    await new Promise<void>((resolve) => supervisor.listen(controlSocket, resolve));
    const { exitCode, out } = await runCommands(COMMANDS, 'status', { env: { SOUK_HOME: home } });
    assert.equal(exitCode, EXIT.failure);
    assert.match(out, /etcd ended while it started\nlog: \/logs\/etcd\.log\nwhat to do: make room on the disk\n$/);
  } finally {
    supervisor.close();
    await rm(runtime, { recursive: true, force: true });
    await rm(home, { recursive: true, force: true });
  }
});
