// The platform's cgroup in the one hierarchy of cgroup v2. A controller reaches a group only when every group above passes it on
// (`cgroup.subtree_control`), and a group that passes one on may hold no processes itself, except the root of the machine: so
// the processes of a container's or a delegated unit's own group go into a leaf beside the platform's group first.

import { appendFile, mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../host/files.ts';
import { PlatformError } from '../platform-error.ts';

const PASSED_ON = ['cpu', 'cpuset', 'io', 'memory', 'hugetlb', 'pids'];
// The kubelet refuses a group that lacks one of these while the root has it.
const KUBELET_NEEDS = ['cpu', 'cpuset', 'memory', 'hugetlb', 'pids'];
const LEAF = 'souk-others';
// Processes may fork while they are moved.
const ROUNDS = 20;

export type UnifiedCgroup = {
  /** Where the hierarchy is mounted. */
  root: string;
  /** The group below which ours is made: `/`, or one that systemd has delegated. Nothing above it is touched. */
  parent: string;
  name: string;
};

/** Makes the group with all controllers that pods need. Calling it again is harmless. */
export async function createUnifiedCgroup({ root, parent, name }: UnifiedCgroup): Promise<void> {
  const above = path.join(root, parent);
  if (!(await exists(above))) {
    throw new PlatformError(`SOUK_CGROUP_PARENT (${parent}) is no cgroup of this machine`, {
      remedy: 'start the slice or service that makes it, or unset the variable',
    });
  }
  const own = path.join(above, name);
  const problems = await passOn(above);
  await mkdir(own, { recursive: true });
  problems.push(...(await passOn(own)));
  const [atRoot, here] = await Promise.all([
    readNames(root, 'cgroup.controllers'),
    readNames(own, 'cgroup.controllers'),
  ]);
  const missing = KUBELET_NEEDS.filter((controller) => atRoot.includes(controller) && !here.includes(controller));
  if (missing.length === 0) return;
  throw new PlatformError(
    [`the cgroup ${own} lacks controllers that the kubelet needs: ${missing.join(', ')}`, ...problems].join('\n  '),
    {
      remedy:
        parent === '/'
          ? `see what holds them back in ${root}/cgroup.subtree_control; in a container, give it a cgroup that it may write`
          : `have systemd delegate all of them to ${parent}: Delegate=yes`,
    },
  );
}

/** Every group of this name, wherever it was made: the one who takes it away need not know the parent it was given. */
export async function findUnifiedCgroups(root: string, name: string): Promise<string[]> {
  // Deeper than a delegated group in a user's slice nobody makes one.
  const visit = async (folder: string, depth: number): Promise<string[]> => {
    const own = path.join(folder, name);
    const found = (await exists(own)) ? [own] : [];
    if (depth === 0) return found;
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory() && entry.name !== name)
        found.push(...(await visit(path.join(folder, entry.name), depth - 1)));
    }
    return found;
  };
  return await visit(root, 5);
}

/** Puts the processes of the leaf back and takes the leaf away, once the last platform below this group is gone. */
export async function removeLeaf(above: string): Promise<void> {
  const leaf = path.join(above, LEAF);
  if (!(await exists(leaf))) return;
  const groups = (await readdir(above, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  if (groups.some(({ name }) => name !== LEAF)) return;
  for (const controller of await readNames(above, 'cgroup.subtree_control')) await write(above, `-${controller}`);
  await moveProcesses(leaf, above);
  await rmdir(leaf);
}

async function passOn(folder: string): Promise<string[]> {
  const problems: string[] = [];
  const [available, already] = await Promise.all([
    readNames(folder, 'cgroup.controllers'),
    readNames(folder, 'cgroup.subtree_control'),
  ]);
  // One by one: the kernel takes a list as a whole or not at all, and one that it refuses must not cost the others.
  for (const controller of PASSED_ON.filter((name) => available.includes(name) && !already.includes(name))) {
    try {
      await write(folder, `+${controller}`).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EBUSY') throw error;
        const leaf = path.join(folder, LEAF);
        await mkdir(leaf, { recursive: true });
        await moveProcesses(folder, leaf);
        await write(folder, `+${controller}`);
      });
    } catch (error) {
      problems.push(`${controller}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return problems;
}

async function moveProcesses(from: string, to: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = await readNames(from, 'cgroup.procs');
    if (pids.length === 0) return;
    for (const pid of pids) {
      await appendFile(path.join(to, 'cgroup.procs'), `${pid}\n`).catch((error: NodeJS.ErrnoException) => {
        // It ended in between.
        if (error.code !== 'ESRCH') throw error;
      });
    }
  }
}

async function readNames(folder: string, file: string): Promise<string[]> {
  return (await readFile(path.join(folder, file), 'utf8')).split(/\s+/).filter((name) => name !== '');
}

async function write(folder: string, change: string): Promise<void> {
  await appendFile(path.join(folder, 'cgroup.subtree_control'), `${change}\n`);
}
