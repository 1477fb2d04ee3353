// What a machine must have before anything is built or started on it. All problems are told at once.

import { readFile, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { PlatformError } from '../platform-error.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { GO_FOLDER } from '../programs/ensure-programs.ts';
import { exists } from './files.ts';
import { tryRun } from './run.ts';

const GIB = 1024 ** 3;
// Images of the node and some stores; then what building takes where the cache lacks it: layers and archives of the images
// (measured: 4.4 GB), and Go's build cache with its modules and the programs (6 GB).
const HOME_GIB = 4;
const IMAGES_GIB = 8;
const PROGRAMS_GIB = 8;
// A toolchain may have to be fetched first.
const GO_ANSWERS_WITHIN_MS = 120_000;
const MEMORY_GIB = 3.5;
// Unix sockets under SOUK_HOME/run and paths inside pods stay below their limits with this.
const HOME_LONGEST = 80;

export type CacheState = { hasPrograms: boolean; hasImages: boolean };

export async function checkMachine(paths: PlatformPaths, needsNode: boolean, cached: CacheState): Promise<void> {
  const problems = [...checkSystem(needsNode), ...checkHome(paths), ...(await checkMemory())];
  if (problems.length === 0) problems.push(...(await checkBuild(paths, cached)));
  if (problems.length === 0) return;
  throw new PlatformError(`this machine can't run the platform:\n${problems.map((line) => `  - ${line}`).join('\n')}`, {
    remedy: 'put this right and run the same command again',
  });
}

async function checkBuild({ home, cache }: PlatformPaths, { hasPrograms, hasImages }: CacheState): Promise<string[]> {
  const needs: Need[] = [{ folder: home, gib: HOME_GIB }];
  if (!hasImages) needs.push({ folder: cache, gib: IMAGES_GIB });
  // A machine that only starts what was built before needs no compiler.
  if (hasPrograms) return await checkDisk(needs);
  const go = await askGo();
  if (typeof go === 'string') return [go, ...(await checkDisk(needs))];
  const old = tooOld(go.version, await readFile(path.join(GO_FOLDER, 'go.mod'), 'utf8'), process.env.GOTOOLCHAIN ?? '');
  return [...(old === null ? [] : [old]), ...(await checkDisk([...needs, { folder: go.cache, gib: PROGRAMS_GIB }]))];
}

function checkSystem(needsNode: boolean): string[] {
  if (process.platform !== 'linux')
    return [`Souk runs on Linux, and this is ${process.platform}; use a virtual machine`];
  if (!needsNode) return [];
  // Where Docker runs without root, a cluster of containers is made and nobody comes here.
  if (process.getuid?.() !== 0) {
    return [
      'a node of our own needs root: run it with sudo; or have Docker running, for a cluster of containers; or give a cluster with --kubeconfig or --context',
    ];
  }
  if (process.arch !== 'x64' && process.arch !== 'arm64') return [`its processor (${process.arch}) is not supported`];
  return [];
}

function checkHome({ home, cache }: PlatformPaths): string[] {
  const problems: string[] = [];
  for (const [name, folder] of Object.entries({ SOUK_HOME: home, SOUK_CACHE: cache })) {
    if (!/^[A-Za-z0-9._/-]+$/.test(folder))
      problems.push(`${name} (${folder}) may hold only letters, digits, ".", "_", "-" and "/"`);
    if (folder.length > HOME_LONGEST) problems.push(`${name} (${folder}) is longer than ${HOME_LONGEST} characters`);
  }
  if (home.startsWith('/root/'))
    problems.push(
      'SOUK_HOME lies under /root, which PostgreSQL and pods may not enter; choose a folder under /var/lib',
    );
  return problems;
}

async function checkMemory(): Promise<string[]> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY) * 1024;
  if (available >= MEMORY_GIB * GIB) return [];
  return [
    `only ${(available / GIB).toFixed(1)} GiB of memory are free; ${MEMORY_GIB} GiB are needed for the node and one store`,
  ];
}

type Need = { folder: string; gib: number };

/** Folders on one file system need their space together. */
async function checkDisk(needs: readonly Need[]): Promise<string[]> {
  const onDisks = await Promise.all(
    needs.map(async ({ folder, gib }) => {
      const present = await nearestExisting(folder);
      return { folder, gib, present, disk: (await stat(present)).dev };
    }),
  );
  const problems: string[] = [];
  for (const together of Map.groupBy(onDisks, ({ disk }) => disk).values()) {
    const { bavail, bsize } = await statfs(together[0]?.present ?? '/');
    const free = (bavail * bsize) / GIB;
    const needed = together.reduce((sum, { gib }) => sum + gib, 0);
    const folders = together.map(({ folder }) => folder).join(', ');
    if (free < needed) problems.push(`only ${free.toFixed(1)} GiB are free for ${folders}; ${needed} GiB are needed`);
  }
  return problems;
}

type Go = { version: string; cache: string };

async function askGo(): Promise<Go | string> {
  // In the module's folder, where Go fetches the version that the module asks for, if GOTOOLCHAIN lets it.
  const asked = await tryRun(['go', 'env', 'GOVERSION', 'GOCACHE'], {
    cwd: GO_FOLDER,
    timeoutMs: GO_ANSWERS_WITHIN_MS,
  }).catch(() => null);
  if (asked === null) {
    return 'Go is missing; install it (https://go.dev/dl, or your distribution’s package) so that `go version` answers';
  }
  const [version = '', cache = ''] = asked.stdout.trim().split('\n');
  if (asked.code === 0) return { version, cache };
  return `Go does not answer: ${asked.stderr.trim().split('\n').at(-1)}`;
}

/** The complaint about a Go that cannot build a module, or null. `version` as in "go1.26.8". */
export function tooOld(version: string, goMod: string, toolchain: string): string | null {
  const needed = /^go (\d+\.\d+(?:\.\d+)?)/m.exec(goMod)?.[1] ?? '1.0';
  const numbers = (text: string): number[] => (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number);
  const [has, needs] = [numbers(version), numbers(needed)];
  const position = [0, 1, 2].find((index) => (has[index] ?? 0) !== (needs[index] ?? 0));
  if (position === undefined || (has[position] ?? 0) > (needs[position] ?? 0)) return null;
  const why = toolchain === 'local' ? ' and GOTOOLCHAIN=local keeps it from fetching a newer one' : '';
  return `Go ${needed} or newer is needed; this is ${version}${why}`;
}

async function nearestExisting(folder: string): Promise<string> {
  return (await exists(folder)) ? folder : await nearestExisting(path.dirname(folder));
}
