// Limits of CPU for processes that are no pods, by the kernel's own means in either version, as the kubelet sets them for pods.
import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const CGROUPS = '/sys/fs/cgroup';
const PERIOD_US = 100_000;
const EMPTY_WITHIN_MS = 10_000;

export interface CpuGroup {
  /** Makes a part that gets so many thousandths of a CPU; answers the file that takes the pids of who is in it. */
  readonly limit: (part: string, milli: number) => Promise<string>;
  /** Throws when a process in it did not end. */
  readonly remove: () => Promise<void>;
}

export async function makeCpuGroup(name: string): Promise<CpuGroup> {
  const isUnified = existsSync(path.join(CGROUPS, 'cgroup.controllers'));
  // In version 1 a folder beside the hierarchies would be a plain one, that takes every limit and enforces none.
  const group = isUnified ? path.join(CGROUPS, name) : path.join(CGROUPS, 'cpu', name);
  const parts: string[] = [];
  await mkdir(group);
  if (isUnified) await writeFile(path.join(group, 'cgroup.subtree_control'), '+cpu');
  return {
    async limit(part, milli) {
      const folder = path.join(group, part);
      await mkdir(folder);
      parts.push(folder);
      const quotaUs = (milli * PERIOD_US) / 1000;
      // The kernel makes these files; a write that would make one is refused.
      const set = (file: string, value: string): Promise<void> =>
        writeFile(path.join(folder, file), value, { flag: 'r+' });
      if (isUnified) {
        await set('cpu.max', `${quotaUs} ${PERIOD_US}`);
      } else {
        await set('cpu.cfs_period_us', String(PERIOD_US));
        await set('cpu.cfs_quota_us', String(quotaUs));
      }
      return path.join(folder, 'cgroup.procs');
    },
    async remove() {
      for (const folder of [...parts, group]) await removeOnceEmpty(folder);
    },
  };
}

// The workers of a program that ended are gone a moment later.
async function removeOnceEmpty(folder: string): Promise<void> {
  const giveUpAt = performance.now() + EMPTY_WITHIN_MS;
  for (;;) {
    try {
      return await rmdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || performance.now() > giveUpAt) throw error;
    }
    await delay(100);
  }
}
