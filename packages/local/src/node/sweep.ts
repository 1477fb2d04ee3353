// Takes away whatever one platform may have left on the machine, whichever way it ended: processes, mounts, the network,
// cgroups, files under /run. `down` ends with it and `up` begins with it, so both start from what is there, not from memory.

import { lstat, readdir, readFile, readlink, rm, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../host/files.ts';
import { tryRun } from '../host/run.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { readRegister } from '../processes/child-register.ts';
import { endProcesses } from '../processes/end-processes.ts';
import {
  isRunning,
  listPids,
  type ProcessIdentity,
  readCommandLine,
  readIdentity,
} from '../processes/process-identity.ts';
import type { SupervisorLog } from '../supervisor/supervisor-log.ts';
import { deleteCgroups, listCgroupPids, ownCgroups } from './cgroups.ts';
import { deleteNetwork } from './node-network.ts';

// Databases in pods write a last checkpoint when they are asked to end.
export const POD_GRACE_MS = 10_000;
export type Leftovers = {
  processes: string[];
  mounts: string[];
  networks: string[];
  cgroups: string[];
  files: string[];
};

export async function sweep(paths: PlatformPaths): Promise<void> {
  const registered = await readRegister(paths.children);
  // The kubelet goes first, or it would start again what is being ended.
  await endProcesses(
    registered.filter(({ name }) => name === 'kubelet'),
    { graceMs: 2_000 },
  );
  await stopPods(paths);
  await endProcesses(registered, { graceMs: 10_000 });
  await endProcesses(await identify(await pidsInNetwork(paths)), {
    graceMs: 2_000,
  });
  await unmountAll(paths);
  await deleteNetwork(paths);
  await deleteCgroups(paths);
  await removeRuntimeFiles(paths);
}

/** Ends every container: its own program is asked first, the pod's pause process and the shim go last. */
export async function stopPods(paths: PlatformPaths): Promise<void> {
  const shims = await listShims(paths);
  const inPods = await identify(await listCgroupPids(paths));
  const shimPids = new Set(shims.map(({ pid }) => pid));
  const programs: ProcessIdentity[] = [];
  const pauses: ProcessIdentity[] = [];
  for (const one of inPods) {
    if (shimPids.has(one.pid)) continue;
    const [name = ''] = await readCommandLine(one.pid);
    (path.basename(name) === 'pause' ? pauses : programs).push(one);
  }
  const firsts = new Set(
    (
      await Promise.all(programs.map(async (one) => ((await isContainerInit(one.pid, shimPids)) ? one.pid : -1)))
    ).filter((pid) => pid > 0),
  );
  await endProcesses(
    programs.filter(({ pid }) => firsts.has(pid)),
    { graceMs: POD_GRACE_MS },
  );
  await endProcesses([...programs, ...pauses], { signal: 'SIGKILL', graceMs: 0 });
  await endProcesses(shims, { signal: 'SIGKILL', graceMs: 0 });
  await endProcesses(await identify(await listCgroupPids(paths)), { signal: 'SIGKILL', graceMs: 0 });
}

/** What is still there of the platform; all empty after a sweep. */
export async function findLeftovers(paths: PlatformPaths): Promise<Leftovers> {
  const registered = await readRegister(paths.children);
  const running = await Promise.all(registered.map(isRunning));
  const processes = registered.filter((_, index) => running[index] === true).map(({ name, pid }) => `${name} (${pid})`);
  for (const { pid } of await listShims(paths)) processes.push(`shim (${pid})`);
  const networks: string[] = [];
  if (await exists(paths.netnsFile)) networks.push(paths.netnsFile);
  // Read from the kernel and not asked of `ip`: a bare machine has no such program before the platform installs it.
  if (await exists(`/sys/class/net/${paths.hostInterface}`)) networks.push(paths.hostInterface);
  return {
    processes,
    mounts: await listMounts(paths),
    networks,
    cgroups: await ownCgroups(paths),
    files: (await exists(paths.runtime)) ? [paths.runtime] : [],
  };
}

export function hasLeftovers(left: Leftovers): boolean {
  return Object.values(left).some((items) => items.length > 0);
}

/** Writes down what is about to be taken away, for whoever wonders why the platform is new. */
export function logLeftovers(left: Leftovers, log: SupervisorLog): void {
  const found = Object.entries(left).filter(([, items]) => items.length > 0);
  log.warn('an earlier run left something behind; it is taken away', Object.fromEntries(found));
}

async function identify(pids: readonly number[]): Promise<ProcessIdentity[]> {
  return (await Promise.all(pids.map(readIdentity))).filter((one) => one !== null);
}

// A shim names the containerd it belongs to in its arguments.
async function listShims(paths: PlatformPaths): Promise<ProcessIdentity[]> {
  const found: number[] = [];
  for (const pid of await listPids()) {
    const [name = '', ...args] = await readCommandLine(pid);
    if (path.basename(name) === 'containerd-shim-runc-v2' && args.includes(paths.containerdSocket)) found.push(pid);
  }
  return await identify(found);
}

async function isContainerInit(pid: number, shims: ReadonlySet<number>): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1];
  return parent !== undefined && shims.has(Number(parent));
}

async function pidsInNetwork(paths: PlatformPaths): Promise<number[]> {
  // A platform without a node of its own runs on machines that have no `ip`.
  if (!(await exists(paths.netnsFile))) return [];
  const result = await tryRun(['ip', 'netns', 'pids', paths.netns]);
  return result.code === 0
    ? result.stdout
        .split('\n')
        .filter((line) => line !== '')
        .map(Number)
    : [];
}

/** What the node has mounted, deepest first. A disk that somebody mounted elsewhere in the home is not the node's. */
export async function listMounts(paths: PlatformPaths): Promise<string[]> {
  const folders = [paths.kubelet, paths.containerd, paths.runtime];
  const points = await listMountsBelow([paths.home, paths.runtime]);
  // The kubelet's folder is mounted onto itself, so that what is mounted in pods can be shared.
  return points.filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)));
}

export async function listMountsBelow(folders: readonly string[]): Promise<string[]> {
  return ownMountPoints(await readFile('/proc/self/mountinfo', 'utf8'), folders);
}

export function ownMountPoints(mountinfo: string, folders: readonly string[]): string[] {
  const points = mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    // The kernel writes blanks and the like as octal numbers.
    .map((point) => point.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))))
    .filter((point) => folders.some((folder) => point.startsWith(`${folder}/`)));
  return points.reverse();
}

async function unmountAll(paths: PlatformPaths): Promise<void> {
  for (const point of await listMounts(paths)) {
    if ((await tryRun(['umount', point])).code !== 0) await tryRun(['umount', '--lazy', point]);
  }
}

async function removeRuntimeFiles(paths: PlatformPaths): Promise<void> {
  await rm(paths.runtime, { recursive: true, force: true });
  const link = await lstat(paths.run).catch(() => null);
  if (link?.isSymbolicLink()) await unlink(paths.run);
  await removeLogLinks(paths);
  // `ip netns` mounts its folder onto itself. With another platform's entries inside, the folders stay.
  const namespaces = await readdir('/run/netns').catch(() => null);
  if (namespaces?.length === 0) await tryRun(['umount', '/run/netns']);
  for (const shared of ['/var/log/containers', '/run/containerd', '/run/netns'])
    await rmdir(shared).catch(() => undefined);
}

// The kubelet lays a link per container into a folder that it shares with every other kubelet of the machine.
async function removeLogLinks(paths: PlatformPaths): Promise<void> {
  const folder = '/var/log/containers';
  for (const name of await readdir(folder).catch(() => [])) {
    const target = await readlink(path.join(folder, name)).catch(() => '');
    if (target.startsWith(`${paths.podLogs}/`)) await unlink(path.join(folder, name));
  }
}
