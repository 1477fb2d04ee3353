// Programs of Debian that tests want beside the repository's own. Where one cannot be had its tests say so and are skipped.
import { existsSync } from 'node:fs';
import { REPOSITORY } from './repository.ts';
import { runProgram } from './run-program.ts';
import type { SuiteRun } from './suite.ts';

type Start = Pick<SuiteRun, 'signal' | 'env'>;

const CHROMIUM = '/usr/bin/chromium';
const DEADLINE_MS = 10 * 60_000;
// Somebody else on the machine may be installing something.
const LOCK_SECONDS = 300;
// Suites run beside each other, and apt refuses to.
let installing: Promise<void> = Promise.resolve();

/** What acceptance tests drive. */
export async function ensureBrowser(start: Start): Promise<void> {
  if (!existsSync(CHROMIUM)) {
    await install('chromium', start);
  }
}

/** What lets the wall clock of one process jump. */
export async function ensureFaketime(start: Start): Promise<void> {
  const { exitCode } = await run(['dpkg', '-L', 'libfaketime'], start).catch(() => ({ exitCode: 1 }));
  if (exitCode !== 0) {
    await install('libfaketime', start);
  }
}

async function install(name: string, start: Start): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  installing = installing.then(async () => {
    const apt = ['apt-get', '-q', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`] as const;
    await run([...apt, 'update'], start);
    await run([...apt, 'install', '-y', '--no-install-recommends', name], start);
  });
  await installing;
}

function run(command: readonly [string, ...string[]], { signal, env }: Start) {
  return runProgram({
    command,
    cwd: REPOSITORY,
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    signal,
    deadlineMs: DEADLINE_MS,
  });
}
