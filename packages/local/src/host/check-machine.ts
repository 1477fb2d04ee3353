// What a machine must have before anything is built or started on it. All problems are told at once.

import { readFile, statfs } from 'node:fs/promises';
import path from 'node:path';
import { PlatformError } from '../platform-error.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { exists } from './files.ts';
import { tryRun } from './run.ts';

const GIB = 1024 ** 3;
// Go's build cache and its modules, the images' layers and archives, and some stores on top.
const DISK_EMPTY_CACHE_GIB = 20;
const DISK_FULL_CACHE_GIB = 4;
const MEMORY_GIB = 3.5;
// Unix sockets under SOUK_HOME/run and paths inside pods stay below their limits with this.
const HOME_LONGEST = 80;

export async function checkMachine(paths: PlatformPaths, needsNode: boolean): Promise<void> {
  const problems = [...(needsNode ? await checkSystem() : []), ...checkHome(paths), ...(await checkMemory())];
  if (problems.length === 0) problems.push(...(await checkDisk(paths)), ...(await checkGo(paths)));
  if (problems.length === 0) return;
  throw new PlatformError(`this machine can't run the platform:\n${problems.map((line) => `  - ${line}`).join('\n')}`, {
    remedy: 'put this right and run the same command again',
  });
}

async function checkSystem(): Promise<string[]> {
  if (process.platform !== 'linux') return [`a node of our own needs Linux; ${await findOtherCluster()}`];
  if (process.getuid?.() !== 0) {
    return [`a node of our own needs root: run it with sudo; or ${await findOtherCluster()}`];
  }
  if (process.arch !== 'x64' && process.arch !== 'arm64') return [`its processor (${process.arch}) is not supported`];
  return [];
}

// kind builds its nodes with Docker; `up` uses such a cluster like any other.
async function findOtherCluster(): Promise<string> {
  const hasDocker = (await tryRun(['docker', 'info']).catch(() => null))?.code === 0;
  return hasDocker
    ? 'make a cluster with Docker (kind create cluster) and give it with --kubeconfig and --ingress-url'
    : 'give a cluster with --kubeconfig and --ingress-url';
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

async function checkDisk({ home, cache }: PlatformPaths): Promise<string[]> {
  const problems: string[] = [];
  const needed = (await exists(path.join(cache, 'programs'))) ? DISK_FULL_CACHE_GIB : DISK_EMPTY_CACHE_GIB;
  for (const [folder, gib] of [
    [home, DISK_FULL_CACHE_GIB],
    [cache, needed],
  ] as const) {
    const { bavail, bsize } = await statfs(await nearestExisting(folder));
    const free = (bavail * bsize) / GIB;
    if (free < gib) problems.push(`only ${free.toFixed(1)} GiB are free at ${folder}; ${gib} GiB are needed`);
  }
  return problems;
}

async function checkGo({ cache }: PlatformPaths): Promise<string[]> {
  const result = await tryRun(['go', 'version']).catch(() => null);
  if (result?.code === 0) return [];
  // A machine that only starts what was built before needs no compiler.
  if (await exists(path.join(cache, 'programs'))) return [];
  return ['Go is missing; install it (https://go.dev/dl, or your distribution’s package) so that `go version` answers'];
}

async function nearestExisting(folder: string): Promise<string> {
  return (await exists(folder)) ? folder : await nearestExisting(path.dirname(folder));
}
