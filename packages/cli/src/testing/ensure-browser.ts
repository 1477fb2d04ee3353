// The browser that acceptance tests drive, from Debian. Where it cannot be had the tests that want it say so and are skipped.
import { existsSync } from 'node:fs';
import { REPOSITORY } from './repository.ts';
import { runProgram } from './run-program.ts';
import type { SuiteRun } from './suite.ts';

const CHROMIUM = '/usr/bin/chromium';
const DEADLINE_MS = 10 * 60_000;

let ensured: Promise<void> | undefined;

/** Suites side by side ask for it at once, and apt lets only one install at a time. */
export async function ensureBrowser(run: Pick<SuiteRun, 'signal' | 'env'>): Promise<void> {
  ensured ??= installBrowser(run);
  await ensured;
}

async function installBrowser({ signal, env }: Pick<SuiteRun, 'signal' | 'env'>): Promise<void> {
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
