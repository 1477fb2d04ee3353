// Limits and weights of CPU for processes that are no pods, by the kernel's own means in either version, as the kubelet sets them for
// pods, and among the pods: on a full machine the weight decides who runs, and a group beside the pods would weigh as much as all of them.
import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const CGROUPS = '/sys/fs/cgroup';
const PERIOD_US = 100_000;
const EMPTY_WITHIN_MS = 10_000;

export interface CpuGroup {
  /** Makes a part that is asked for and limited in thousandths of a CPU; answers the file that takes the pids of who is in it. */
  readonly limit: (part: string, cpu: { readonly request: number; readonly limit: number }) => Promise<string>;
  /** Throws when a process in it did not end. */
  readonly remove: () => Promise<void>;
}

/** `parent` is the path of the pods' group below the hierarchy's root. */
export async function makeCpuGroup(parent: string, name: string): Promise<CpuGroup> {
  const isUnified = existsSync(path.join(CGROUPS, 'cgroup.controllers'));
  // In version 1 a folder beside the hierarchies would be a plain one, that takes every limit and enforces none.
  const group = isUnified ? path.join(CGROUPS, parent) : path.join(CGROUPS, 'cpu', parent);
  const parts: string[] = [];
  return {
    async limit(part, { request, limit }) {
      const folder = path.join(group, `${name}-${part}`);
      await mkdir(folder);
      parts.push(folder);
      const quotaUs = (limit * PERIOD_US) / 1000;
      // As the kubelet and runc reckon: 1024 shares a CPU, and the weights of version 2 from them.
      const shares = Math.max(2, Math.floor((request * 1024) / 1000));
      // The kernel makes these files; a write that would make one is refused.
      const set = (file: string, value: string): Promise<void> =>
        writeFile(path.join(folder, file), value, { flag: 'r+' });
      if (isUnified) {
        await set('cpu.max', `${quotaUs} ${PERIOD_US}`);
        await set('cpu.weight', String(1 + Math.floor(((shares - 2) * 9999) / 262_142)));
      } else {
        await set('cpu.cfs_period_us', String(PERIOD_US));
        await set('cpu.cfs_quota_us', String(quotaUs));
        await set('cpu.shares', String(shares));
      }
      return path.join(folder, 'cgroup.procs');
    },
    async remove() {
      for (const folder of parts) await removeOnceEmpty(folder);
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
