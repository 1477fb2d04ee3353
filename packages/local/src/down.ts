// `souk down`: asks the supervisor to stop, takes away whatever is still there, and proves that nothing is left.

import { rm } from 'node:fs/promises';
import { assertNoStoresLeft } from './existing-cluster.ts';
import { exists } from './host/files.ts';
import { assertOwnHome } from './host/own-home.ts';
import { deleteKindCluster, hasKindCluster, stopKindCluster } from './kind-cluster.ts';
import { findLeftovers, hasLeftovers, listMountsBelow, sweep } from './node/sweep.ts';
import { PlatformError } from './platform-error.ts';
import { logFile, type PlatformPaths, platformPaths } from './platform-paths.ts';
import { isRunning, readIdentity } from './processes/process-identity.ts';
import { until } from './processes/until.ts';
import { Progress } from './progress.ts';
import { followReports, readReport } from './supervisor/control-client.ts';

export type DownOptions = {
  paths?: PlatformPaths;
  /** Removes SOUK_HOME with all stores' data as well; refused while stores of it live in a cluster that is not its own. */
  purge?: boolean;
};

/** Calling it where nothing runs is harmless. */
export async function down({ paths = platformPaths(), purge = false }: DownOptions = {}): Promise<void> {
  await assertOwnHome(paths);
  const progress = new Progress();
  try {
    const isKind = await hasKindCluster(paths);
    // A cluster that we made goes as a whole, and its stores with it.
    if (purge && !isKind) await assertNoStoresLeft(paths, (await readReport(paths))?.state === 'ready');
    await stopSupervisor(paths, progress);
    // A supervisor that was killed has left everything running; one that stopped has left nothing, and this is quick.
    if (hasLeftovers(await findLeftovers(paths))) {
      await progress.step('taking away what is left', logFile(paths, 'supervisor'), () => sweep(paths));
    }
    const left = await findLeftovers(paths);
    if (hasLeftovers(left)) {
      throw new PlatformError(`something could not be taken away: ${Object.values(left).flat().join(', ')}`, {
        remedy: 'run it again; what still stays hangs in the kernel and goes with a reboot',
      });
    }
    if (isKind) {
      const [title, act] = purge
        ? ['removing the cluster of containers', deleteKindCluster]
        : ['stopping the cluster of containers', stopKindCluster];
      await progress.step(title, null, () => act(paths));
    }
    if (purge) await progress.step(`removing ${paths.home}`, null, () => removeHome(paths));
  } finally {
    progress.end();
  }
}

async function stopSupervisor(paths: PlatformPaths, progress: Progress): Promise<void> {
  let pid: number | null = null;
  for await (const report of followReports(paths, 'stop')) {
    pid = report.supervisorPid;
    progress.show(report.steps.filter(({ name }) => name.startsWith('stop-')));
  }
  if (pid === null) return;
  const identity = await readIdentity(pid);
  if (identity !== null) await until(async () => !(await isRunning(identity)), { deadlineMs: 10_000, everyMs: 20 });
}

async function removeHome(paths: PlatformPaths): Promise<void> {
  if (!(await exists(paths.home))) return;
  // Nothing of another file system may hang below what is about to be removed.
  const mounts = await listMountsBelow([paths.home]);
  if (mounts.length > 0) {
    throw new PlatformError(`something is still mounted under ${paths.home}: ${mounts.join(', ')}`, {
      remedy: 'unmount it, then run this again',
    });
  }
  await rm(paths.home, { recursive: true, force: true, maxRetries: 3 });
}
