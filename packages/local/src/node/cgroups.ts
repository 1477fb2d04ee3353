// The cgroup under which all pods of one platform live, in every hierarchy of the machine (v1) or in the one there is (v2).

import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../host/files.ts';
import type { PlatformPaths } from '../platform-paths.ts';

const ROOT = '/sys/fs/cgroup';

export async function isUnified(): Promise<boolean> {
  return await exists(path.join(ROOT, 'cgroup.controllers'));
}

export async function createCgroups(paths: PlatformPaths): Promise<void> {
  if (await isUnified()) {
    const folder = path.join(ROOT, paths.cgroup);
    await mkdir(folder, { recursive: true });
    const controllers = (await readFile(path.join(folder, 'cgroup.controllers'), 'utf8')).trim();
    const enable = controllers
      .split(/\s+/)
      .map((name) => `+${name}`)
      .join(' ');
    await writeFile(path.join(folder, 'cgroup.subtree_control'), enable);
    return;
  }
  for (const folder of await hierarchies()) {
    const own = path.join(folder, paths.cgroup);
    await mkdir(own, { recursive: true });
    if (path.basename(folder) === 'cpuset') await inheritCpuset(folder, own);
  }
}

/** The pids of all processes in the platform's cgroup, in any hierarchy. */
export async function listCgroupPids(paths: PlatformPaths): Promise<number[]> {
  const pids = new Set<number>();
  for (const folder of await ownCgroups(paths)) {
    for (const inner of await descendants(folder)) {
      const text = await readFile(path.join(inner, 'cgroup.procs'), 'utf8').catch(() => '');
      for (const line of text.split('\n')) if (line !== '') pids.add(Number(line));
    }
  }
  return [...pids];
}

/** Removes the cgroup with all below it. Its processes must have ended. */
export async function deleteCgroups(paths: PlatformPaths): Promise<void> {
  for (const folder of await ownCgroups(paths)) {
    // Deepest first: a cgroup goes only when nothing is below it.
    for (const inner of (await descendants(folder)).reverse()) await rmdir(inner);
  }
}

/** The platform's cgroup folders that exist now. */
export async function ownCgroups(paths: PlatformPaths): Promise<string[]> {
  const candidates = (await isUnified()) ? [ROOT] : await hierarchies();
  const found: string[] = [];
  for (const folder of candidates) {
    const own = path.join(folder, paths.cgroup);
    if (await exists(own)) found.push(own);
  }
  return found;
}

// The folders of one hierarchy that is mounted under several names are links and would be counted twice.
async function hierarchies(): Promise<string[]> {
  const entries = await readdir(ROOT, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(ROOT, entry.name));
}

async function descendants(folder: string): Promise<string[]> {
  const all = [folder];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) all.push(...(await descendants(path.join(folder, entry.name))));
  }
  return all;
}

// A new cpuset is empty, and nothing may run in an empty one.
async function inheritCpuset(parent: string, own: string): Promise<void> {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(path.join(own, name), (await readFile(path.join(parent, name), 'utf8')).trim());
  }
}
