// The cgroup under which all pods of one platform live, in every hierarchy of the machine (v1) or in the one there is (v2).

import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../host/files.ts';
import { PlatformError } from '../platform-error.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { createUnifiedCgroup, findUnifiedCgroups, removeLeaf } from './unified-cgroup.ts';

const ROOT = '/sys/fs/cgroup';

export async function isUnified(root = ROOT): Promise<boolean> {
  return await exists(path.join(root, 'cgroup.controllers'));
}

/** Gives the path that the kubelet knows the cgroup by. */
export async function createCgroups(paths: PlatformPaths, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const parent = path.join('/', env.SOUK_CGROUP_PARENT || '/');
  if (await isUnified()) {
    await createUnifiedCgroup({ root: ROOT, parent, name: paths.cgroup });
    return path.join(parent, paths.cgroup);
  }
  if (parent !== '/') {
    throw new PlatformError('SOUK_CGROUP_PARENT is for machines with cgroup v2; this one has v1', {
      remedy: 'unset it',
    });
  }
  for (const folder of await hierarchies()) {
    const own = path.join(folder, paths.cgroup);
    await mkdir(own, { recursive: true });
    if (path.basename(folder) === 'cpuset') await inheritCpuset(folder, own);
  }
  return `/${paths.cgroup}`;
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
    await removeLeaf(path.dirname(folder));
  }
}

/** The platform's cgroup folders that exist now. */
export async function ownCgroups(paths: PlatformPaths): Promise<string[]> {
  if (await isUnified()) return await findUnifiedCgroups(ROOT, paths.cgroup);
  const found: string[] = [];
  for (const folder of await hierarchies()) {
    const own = path.join(folder, paths.cgroup);
    if (await exists(own)) found.push(own);
  }
  return found;
}

// The folders of one hierarchy that is mounted under several names are links and would be counted twice.
async function hierarchies(): Promise<string[]> {
  const entries = await readdir(ROOT, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(ROOT, entry.name));
  // What lies beside the hierarchies is a plain folder, whoever made it.
  const areHierarchies = await Promise.all(folders.map((folder) => exists(path.join(folder, 'cgroup.procs'))));
  return folders.filter((_, index) => areHierarchies[index]);
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
