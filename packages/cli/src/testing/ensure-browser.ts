// The browser that acceptance tests drive, from Debian. Where it cannot be had the tests that want it say so and are skipped.
import { existsSync } from 'node:fs';
import { REPOSITORY } from './repository.ts';
import { runProgram } from './run-program.ts';
import type { SuiteRun } from './suite.ts';

const CHROMIUM = '/usr/bin/chromium';
const DEADLINE_MS = 10 * 60_000;

export async function ensureBrowser({ signal, env }: Pick<SuiteRun, 'signal' | 'env'>): Promise<void> {
  if (existsSync(CHROMIUM) || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const start = {
    cwd: REPOSITORY,
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    signal,
    deadlineMs: DEADLINE_MS,
  };
  await runProgram({ ...start, command: ['apt-get', 'update', '-q'] });
  await runProgram({ ...start, command: ['apt-get', 'install', '-q', '-y', '--no-install-recommends', 'chromium'] });
}
