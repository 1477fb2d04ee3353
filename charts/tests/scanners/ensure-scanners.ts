// Gets the two scanners into the cache, by version. They are tools of the tests alone: kube-score has a Go module of its own, so that
// its dependencies decide nothing about the programs of the node; checkov gets a Python environment of its own.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../find-program.ts';

const run = promisify(execFile);
const CHECKOV_VERSION = '3.3.30';
const KUBE_SCORE_PACKAGE = 'github.com/zegl/kube-score/cmd/kube-score';
const FOLDER = path.join(cacheFolder(), 'scanners');
const GET_WITHIN_MS = 15 * 60_000;

export interface Got {
  /** The command's first words; null when it cannot be had. */
  readonly command: readonly string[] | null;
  /** Why not. */
  readonly reason: string;
}

export async function ensureCheckov(): Promise<Got> {
  const folder = path.join(FOLDER, `checkov-${CHECKOV_VERSION}`);
  // An environment cannot be moved, so a mark tells a whole one from a half one.
  const mark = path.join(folder, 'complete');
  const python = path.join(folder, 'bin', 'python');
  return await get('checkov', [python, '-m', 'checkov.main'], existsSync(mark), async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(FOLDER, { recursive: true });
    await run('python3', ['-m', 'venv', folder], { timeout: GET_WITHIN_MS });
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `checkov==${CHECKOV_VERSION}`];
    await run(python, install, { timeout: GET_WITHIN_MS });
    await writeFile(mark, '');
  });
}

export async function ensureKubeScore(): Promise<Got> {
  const modules = ['go.mod', 'go.sum'].map((name) => readFileSync(path.join(import.meta.dirname, name)));
  const hash = createHash('sha256').update(Buffer.concat(modules)).digest('hex').slice(0, 16);
  const program = path.join(FOLDER, `kube-score-${hash}`);
  return await get('kube-score', [program], existsSync(program), async () => {
    await mkdir(FOLDER, { recursive: true });
    const half = `${program}.${process.pid}.half`;
    const env = { ...process.env, GOFLAGS: '', CGO_ENABLED: '0' };
    const build = ['build', '-trimpath', '-buildvcs=false', '-mod=readonly', '-o', half, KUBE_SCORE_PACKAGE];
    await run('go', build, { cwd: import.meta.dirname, env, timeout: GET_WITHIN_MS });
    await rename(half, program);
  });
}

async function get(
  name: string,
  command: readonly string[],
  isThere: boolean,
  make: () => Promise<void>,
): Promise<Got> {
  try {
    if (!isThere) await make();
    return { command, reason: '' };
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const said = stderr.trim().split('\n').at(-1) || String(error).split('\n')[0];
    return { command: null, reason: `${name} cannot be had here: ${said}` };
  }
}
