// Gets every program: from the cache, else as an official download with a known digest, else built from its Go module. A set
// of programs lies in `$SOUK_CACHE/programs/<hash of all that goes in>/` and appears there only when it is whole.

import { createHash } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { exists, readIfPresent, writeFileAtomically } from '../host/files.ts';
import { runLogged } from '../host/run.ts';
import { CHECKOUT } from '../platform-paths.ts';
import { downloadPrograms } from './download-programs.ts';
import { type Download, downloadOf } from './downloads.ts';
import { PROGRAMS, type Program, versionSettings } from './program-list.ts';

export const GO_FOLDER = path.join(CHECKOUT, 'packages/local/go');

export type EnsureProgramsOptions = {
  cacheDir: string;
  /** Called with one line for what begins. */
  log: (line: string) => void;
  programs?: readonly Program[];
  /** Ends the build. */
  signal?: AbortSignal | undefined;
};
export type ProgramSet = { folder: string; wasBuilt: boolean };

type Manifest = Record<string, string>;

const MANIFEST = 'programs.json';

/** Gives the folder that holds all programs. Safe to run beside itself: the later set gives way to its equal. */
export async function ensurePrograms({
  cacheDir,
  log,
  programs = PROGRAMS,
  signal,
}: EnsureProgramsOptions): Promise<ProgramSet> {
  const root = path.join(cacheDir, 'programs');
  const wanted = await programHashes(programs);
  const folder = path.join(root, hashOf(JSON.stringify(wanted)));
  if (await exists(path.join(folder, MANIFEST))) {
    const now = new Date();
    // The time of last use lets a clean-up tell current sets from forgotten ones.
    await utimes(folder, now, now);
    return { folder, wasBuilt: false };
  }
  const half = path.join(root, `.half-${process.pid}`);
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true });
  try {
    await obtain(programs, wanted, { root, half, log, logFile: programsLog(cacheDir), signal });
    await linkNames(programs, half);
    await writeFileAtomically(path.join(half, MANIFEST), `${JSON.stringify(wanted, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(half, folder);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return { folder, wasBuilt: true };
}

/** True when nothing has to be built for this checkout. */
export async function isSetComplete(cacheDir: string, programs: readonly Program[]): Promise<boolean> {
  const wanted = await programHashes(programs);
  return await exists(path.join(cacheDir, 'programs', hashOf(JSON.stringify(wanted)), MANIFEST));
}

export function programsLog(cacheDir: string): string {
  return path.join(cacheDir, 'programs', 'build.log');
}

type Obtaining = {
  root: string;
  half: string;
  log: (line: string) => void;
  logFile: string;
  signal: AbortSignal | undefined;
};

async function obtain(
  programs: readonly Program[],
  wanted: Manifest,
  { root, half, log, logFile, signal }: Obtaining,
): Promise<void> {
  let missing: Program[] = [];
  for (const program of programs) {
    const same = await findInOtherSets(root, program.name, wanted[program.name]);
    if (same === null) missing.push(program);
    else await link(same, path.join(half, program.name));
  }
  const releases = new Map<string, Download>();
  for (const program of missing) {
    const release = downloadOf(program);
    if (release !== null) releases.set(program.name, release);
  }
  if (releases.size > 0) {
    log(`looking for official releases of ${[...releases.keys()].join(', ')}`);
    const fetched = await downloadPrograms(releases, { folder: half, log, logFile, signal });
    missing = missing.filter(({ name }) => !fetched.has(name));
  }
  // All static programs go through one run of the compiler, which then compiles what they share only once.
  const groups = [
    missing.filter(({ needsCgo }) => needsCgo !== true),
    ...missing.filter(({ needsCgo }) => needsCgo === true).map((one) => [one]),
  ];
  for (const group of groups) {
    if (group.length === 0) continue;
    log(`building ${group.map(({ name }) => name).join(', ')}`);
    await build(group, half, logFile, signal);
  }
}

async function build(
  group: readonly Program[],
  target: string,
  logFile: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const goMod = await readFile(path.join(GO_FOLDER, 'go.mod'), 'utf8');
  const out = path.join(target, '.out');
  await mkdir(out, { recursive: true });
  const tags = group[0]?.tags;
  const flags = [
    '-trimpath',
    '-buildvcs=false',
    '-mod=readonly',
    '-ldflags',
    ['-s', '-w', ...versionSettings(goMod)].join(' '),
  ];
  await runLogged(
    [
      'go',
      'build',
      ...flags,
      ...(tags === undefined ? [] : ['-tags', tags]),
      '-o',
      `${out}/`,
      ...group.map((one) => one.package),
    ],
    logFile,
    {
      cwd: GO_FOLDER,
      env: { ...process.env, GOFLAGS: '', CGO_ENABLED: group[0]?.needsCgo === true ? '1' : '0' },
      signal,
      remedy: 'look at the log; when modules could not be fetched, run it again as soon as the Go module proxy answers',
    },
  );
  for (const program of group)
    await rename(path.join(out, builtName(program.package)), path.join(target, program.name));
  await rm(out, { recursive: true });
}

/** What the compiler calls a package's program: its last element, or the one before when that is a major version. */
export function builtName(importPath: string): string {
  const parts = importPath.split('/');
  const last = parts.at(-1) ?? '';
  return /^v\d+$/.test(last) ? (parts.at(-2) ?? last) : last;
}

async function linkNames(programs: readonly Program[], folder: string): Promise<void> {
  for (const program of programs) {
    for (const name of program.links ?? []) await symlink(program.name, path.join(folder, name));
  }
}

// A change to one program leaves the others as they were, so their files are taken over from a set built before.
async function findInOtherSets(root: string, name: string, hash: string | undefined): Promise<string | null> {
  for (const entry of await readdir(root).catch(() => [])) {
    const manifest = await readIfPresent(path.join(root, entry, MANIFEST));
    if (manifest === null || entry.startsWith('.')) continue;
    if ((JSON.parse(manifest) as Manifest)[name] === hash) return path.join(root, entry, name);
  }
  return null;
}

async function programHashes(programs: readonly Program[]): Promise<Manifest> {
  const shared = await Promise.all(['go.mod', 'go.sum'].map((name) => readFile(path.join(GO_FOLDER, name), 'utf8')));
  const hashes: Manifest = {};
  for (const program of programs) {
    const own = program.package.startsWith('./') ? await readSources(path.join(GO_FOLDER, program.package)) : [];
    hashes[program.name] = hashOf([JSON.stringify(program), process.arch, ...shared, ...own].join('\0'));
  }
  return hashes;
}

async function readSources(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => !name.endsWith('_test.go')).sort();
  const sources: string[] = [];
  for (const name of names) {
    const text = await readFile(path.join(folder, name), 'utf8').catch(() => null);
    if (text !== null) sources.push(name, text);
  }
  return sources;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
