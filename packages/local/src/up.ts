// `souk up`: gets everything ready, starts the supervisor and follows it until the platform answers.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isFree } from './applications/ports.ts';
import { down } from './down.ts';
import {
  adoptCluster,
  assertHomeFits,
  type ExistingCluster,
  type ImageToBring,
  imagesToBring,
} from './existing-cluster.ts';
import { assertOwnHome } from './host/own-home.ts';
import { tailOf } from './host/run.ts';
import { ensureKindCluster, KIND_IMAGES, needsKind, stopKindCluster } from './kind-cluster.ts';
import { prepareNode } from './node/prepare-node.ts';
import { findLeftovers, hasLeftovers, logLeftovers, sweep } from './node/sweep.ts';
import { PlatformError } from './platform-error.ts';
import type { PlatformFacts } from './platform-facts.ts';
import { logFile, type PlatformPaths, platformPaths } from './platform-paths.ts';
import { foldersWithImages, prepare } from './prepare.ts';
import { until } from './processes/until.ts';
import { Progress } from './progress.ts';
import { followReports, readReport } from './supervisor/control-client.ts';
import type { PlatformReport } from './supervisor/platform-report.ts';
import { openSupervisorLog } from './supervisor/supervisor-log.ts';
import type { SupervisorOptions } from './supervisor/supervisor-options.ts';

export type UpOptions = {
  paths?: PlatformPaths;
  /** The edge's port, 8080 unless given. */
  port?: number;
  baseDomain?: string;
  /** Folders of engines beyond the built-in ones; their `images/` are built and brought in as well. */
  engineFolders?: readonly string[];
  /** The images to build and bring in beyond the node's own; all unless given. Engines without theirs are not available. */
  images?: readonly string[];
  /** Settings of the control plane beyond those of this process' environment. */
  env?: NodeJS.ProcessEnv;
  /** Uses this cluster instead of booting a node. */
  cluster?: ExistingCluster;
  /** Only the node and the database, without API, workers and edge. */
  nodeOnly?: boolean;
  /** Ends the start: what is under way is ended, and a platform that was already starting is stopped before `up` rejects. */
  signal?: AbortSignal;
};
/** Zero for what was up already. */
export type Durations = {
  programsMs: number;
  imagesMs: number;
  clusterMs: number;
  databaseMs: number;
  platformMs: number;
};
export type RunningPlatform = {
  facts: PlatformFacts;
  durations: Durations;
  wasRunning: boolean;
  /** What the nodes of a cluster of somebody else's must be given before a store can start. */
  imagesToBring: readonly ImageToBring[];
  /** Stays until the platform stops: an aborted signal stops it in order and keeps the data. */
  attach: (signal: AbortSignal) => Promise<void>;
};

const SUPERVISOR = fileURLToPath(new URL('./supervisor/main.ts', import.meta.url));
// It only waits and starts others; the memory belongs to the stores.
const SMALL = ['--max-old-space-size=96', '--max-semi-space-size=1', '--v8-pool-size=1'];
const DEFAULT_PORT = 8080;
const TIDIES_WITHIN_MS = 5_000;
const NOTHING: Durations = { programsMs: 0, imagesMs: 0, clusterMs: 0, databaseMs: 0, platformMs: 0 };

export async function up(options: UpOptions = {}): Promise<RunningPlatform> {
  const paths = options.paths ?? platformPaths();
  await assertOwnHome(paths);
  const isKind = options.cluster === undefined && (await needsKind());
  if (!isKind) await assertHomeFits(paths, options.cluster);
  const progress = new Progress();
  try {
    const present = await readReport(paths);
    if (present !== null && present.state !== 'ready' && present.state !== 'starting') await awaitEnd(paths);
    else if (present !== null) {
      // Somebody else starts it, and whoever only waits for it does not stop it.
      const report = await orAborted(followUntilReady(paths, progress), options.signal);
      return {
        facts: report.facts,
        durations: NOTHING,
        wasRunning: true,
        imagesToBring: [],
        attach: (signal) => attach(paths, signal),
      };
    }
    // What a killed supervisor left holds ports and memory, so it goes before anything is looked at.
    const left = await findLeftovers(paths);
    if (hasLeftovers(left)) {
      logLeftovers(left, openSupervisorLog(logFile(paths, 'supervisor')));
      await progress.step('taking away what an earlier run left', logFile(paths, 'supervisor'), () => sweep(paths));
    }
    const port = options.port ?? DEFAULT_PORT;
    if (options.nodeOnly !== true) await checkPort(port);
    const engineFolders = (options.engineFolders ?? []).map((folder) => path.resolve(folder));
    const preparing = prepare(paths, progress, {
      moreImagesDirs: await foldersWithImages(engineFolders),
      needsNode: options.cluster === undefined && !isKind,
      needsDashboard: options.nodeOnly !== true,
      moreNodeImages: isKind ? KIND_IMAGES : [],
      wanted: options.nodeOnly === true ? [] : (options.images ?? null),
      signal: options.signal,
    });
    const prepared = await orAborted(preparing, options.signal).catch(async (error: unknown) => {
      // Programs that were ended leave locks and half-made folders, which their steps take away now.
      await Promise.race([preparing.catch(() => undefined), delay(TIDIES_WITHIN_MS, undefined, { ref: false })]);
      throw error;
    });
    const making = { ...prepared, signal: options.signal };
    const given = isKind
      ? await progress
          .step('Kubernetes in Docker', logFile(paths, 'kind'), () => ensureKindCluster(paths, making))
          .catch(async (error: unknown) => {
            if (options.signal?.aborted === true) await stopKindCluster(paths);
            throw error;
          })
      : options.cluster;
    const cluster =
      given === undefined ? { pki: await prepareNode(paths) } : await adoptCluster(paths, given, prepared.programs);
    options.signal?.throwIfAborted();
    await startSupervisor(paths, options.env ?? {}, {
      home: paths.home,
      cache: paths.cache,
      port,
      baseDomain: options.baseDomain ?? 'souk.localhost',
      programs: prepared.programs,
      dashboardFolder: prepared.dashboardFolder,
      images: prepared.images,
      missingImages: prepared.missingImages,
      nodeOnly: options.nodeOnly ?? false,
      engineFolders,
      cluster,
    });
    const { facts, durations } = await stoppable(paths, options.signal, () => followUntilReady(paths, progress));
    return {
      facts,
      durations: {
        programsMs: prepared.programsMs,
        imagesMs: prepared.imagesMs + durations.importMs,
        clusterMs: durations.clusterMs,
        databaseMs: durations.databaseMs,
        platformMs: durations.platformMs,
      },
      wasRunning: false,
      imagesToBring: options.cluster === undefined ? [] : imagesToBring(paths, prepared.images),
      attach: (signal) => attach(paths, signal),
    };
  } finally {
    progress.end();
  }
}

async function checkPort(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new PlatformError(`port ${port} of 127.0.0.1 is taken by another program`, {
    remedy: 'choose another one: ./souk up --port 8090',
  });
}

async function startSupervisor(
  paths: PlatformPaths,
  settings: NodeJS.ProcessEnv,
  options: SupervisorOptions,
): Promise<void> {
  await mkdir(paths.logs, { recursive: true });
  const output = logFile(paths, 'supervisor-output');
  const log = await open(output, 'a', 0o644);
  let hasEnded = false;
  try {
    const child = spawn(process.execPath, [...SMALL, SUPERVISOR, JSON.stringify(options)], {
      env: {
        ...process.env,
        ...settings,
        NODE_COMPILE_CACHE: path.join(paths.cache, 'compile-cache'),
        MALLOC_ARENA_MAX: '1',
      },
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      cwd: '/',
    });
    child.once('exit', () => {
      hasEnded = true;
    });
    child.unref();
  } finally {
    await log.close();
  }
  const answered = await until(async () => hasEnded || (await readReport(paths)) !== null, {
    deadlineMs: 60_000,
    everyMs: 50,
  });
  if (!answered || hasEnded) {
    throw new PlatformError(`the supervisor did not start; it last said:\n${await tailOf(output)}`, {
      logFile: output,
      remedy: 'put right what it says, then "souk up" again; "souk status" shows whether another one runs',
    });
  }
}

type ReadyReport = PlatformReport & { facts: PlatformFacts; durations: NonNullable<PlatformReport['durations']> };

async function followUntilReady(paths: PlatformPaths, progress: Progress): Promise<ReadyReport> {
  let last: PlatformReport | null = null;
  for await (const report of followReports(paths, 'watch')) {
    last = report;
    // Who stops it shows how it stops.
    progress.show(report.steps.filter(({ name }) => !name.startsWith('stop-')));
    if (report.state === 'ready') return report as ReadyReport;
    // A failed boot is told once everything it had started is stopped again, so that the next try finds a clean machine.
  }
  if (last?.failure != null) {
    const { message, logFile: file, remedy } = last.failure;
    throw new PlatformError(message, { logFile: file, remedy });
  }
  throw new PlatformError('the supervisor ended before the platform was ready', {
    logFile: logFile(paths, 'supervisor'),
    remedy: 'the end of the log says who ended it; "souk up" begins again',
  });
}

/** Whoever interrupts a start wants it stopped, not going on unseen. */
async function stoppable<T>(paths: PlatformPaths, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await orAborted(act(), signal);
  } catch (error) {
    if (signal?.aborted === true) await down({ paths });
    throw error;
  }
}

/** Rejects as soon as the signal is aborted, whatever the work still does. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const done = new AbortController();
  // What the work itself comes to after an abort is nobody's concern any more.
  work.catch(() => undefined);
  const aborted = once(signal, 'abort', { signal: done.signal }).then(() => signal.throwIfAborted());
  aborted.catch(() => undefined);
  try {
    signal.throwIfAborted();
    return (await Promise.race([work, aborted])) as T;
  } finally {
    done.abort();
  }
}

async function awaitEnd(paths: PlatformPaths): Promise<void> {
  for await (const _ of followReports(paths, 'watch'));
}

async function attach(paths: PlatformPaths, signal: AbortSignal): Promise<void> {
  try {
    await orAborted(awaitEnd(paths), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    await down({ paths });
  }
}
