// The control plane's processes as this platform runs them: one API and two workers, told everything by their environment.

import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { keepSecret, readIfPresent, writeFileAtomically } from '../host/files.ts';
import { runLogged, tryRun } from '../host/run.ts';
import { answersOk } from '../node/http-probe.ts';
import { CHECKOUT, logFile, type PlatformPaths } from '../platform-paths.ts';
import type { Liveness, PartSpec } from '../processes/supervised-process.ts';
import { ensureServerRole, SERVER_ROLE } from './postgres.ts';

export type ControlPlane = {
  paths: PlatformPaths;
  apiPort: number;
  workerPorts: readonly number[];
  port: number;
  baseDomain: string;
  ingressUrl: string;
  programs: string;
  kubeconfigs: { api: string; worker: string };
  dashboardFolder: string;
  engineFolders: readonly string[];
  /** What is true of the cluster beyond its address. */
  workerSettings: NodeJS.ProcessEnv;
  /** Settings that the caller's environment adds, such as FAILPOINTS_FOLDER. */
  extra: NodeJS.ProcessEnv;
};

const SERVER = path.join(CHECKOUT, 'packages/server/src/main');
// What the processes hold between requests is small; without a ceiling V8 lets its heap grow for minutes before it collects,
// and the memory belongs to the stores.
const NODE_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1'];
const PROGRAMS = {
  api: ['--max-old-space-size=96', ...NODE_FLAGS, path.join(SERVER, 'api.ts')],
  // The worker that leads keeps what it follows of the cluster: 82 MB with 5,000 stores (benchmarks/sweep).
  worker: ['--max-old-space-size=192', ...NODE_FLAGS, path.join(SERVER, 'worker.ts')],
};

export async function makeSecrets(paths: PlatformPaths): Promise<void> {
  await keepSecret(paths.apiToken, () => `souk_${randomBytes(24).toString('base64url')}`);
  await keepSecret(paths.platformKey, () => randomBytes(32).toString('hex'));
  await keepSecret(paths.sessionSecret, () => randomBytes(32).toString('base64url'));
}

export async function migrate(plane: ControlPlane): Promise<void> {
  await ensureServerRole(plane.paths);
  await runLogged([process.execPath, path.join(SERVER, 'migrate.ts')], logFile(plane.paths, 'migrate'), {
    env: { ...environment(plane), DATABASE_URL_FILE: plane.paths.databaseUrl, SERVER_ROLE },
    cwd: CHECKOUT,
    remedy: 'the database is as it was before the failing migration; look at the log',
  });
}

/**
 * Fills Node's cache of compiled code, so that the processes start without the TypeScript stripper (20 MB each). A process
 * that is told nothing has loaded all its modules by the time it complains, and that is all this wants of it.
 */
export async function warmCompileCache(plane: ControlPlane): Promise<void> {
  const stamp = path.join(plane.paths.cache, 'compile-cache', 'warmed-for');
  const state = `${process.version} ${CHECKOUT} ${await newestChange()} ${JSON.stringify(PROGRAMS)}\n`;
  if ((await readIfPresent(stamp)) === state) return;
  const env = { PATH: process.env.PATH, ...memorySettings(plane.paths) };
  const runs = await Promise.all(
    Object.values(PROGRAMS).map((program) =>
      tryRun([process.execPath, ...program], { env, cwd: CHECKOUT, timeoutMs: 20_000 }),
    ),
  );
  // One that was killed for its slowness has written nothing.
  if (runs.every(({ signal }) => signal === null)) {
    await writeFileAtomically(stamp, state);
  }
}

async function newestChange(): Promise<number> {
  const folders = ['server', 'contract'].map((name) => path.join(CHECKOUT, 'packages', name, 'src'));
  const lists = await Promise.all(
    folders.map(async (folder) => (await readdir(folder, { recursive: true })).map((name) => path.join(folder, name))),
  );
  const files = [path.join(CHECKOUT, 'package-lock.json'), ...lists.flat()];
  return Math.max(...(await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs))));
}

export function apiSpec(plane: ControlPlane): PartSpec {
  return {
    name: 'api',
    command: () => [process.execPath, ...PROGRAMS.api],
    environment: {
      ...environment(plane),
      API_HOST: '127.0.0.1',
      API_PORT: String(plane.apiPort),
      KUBECONFIG: plane.kubeconfigs.api,
      DASHBOARD_FOLDER: plane.dashboardFolder,
    },
    folder: CHECKOUT,
    logFile: logFile(plane.paths, 'api'),
    isReady: () => answersOk(`http://127.0.0.1:${plane.apiPort}/readyz`),
    readyWithinMs: 30_000,
    liveness: livenessAt(plane.apiPort),
    stopWithinMs: 10_000,
  };
}

export function workerSpecs(plane: ControlPlane): PartSpec[] {
  return plane.workerPorts.map((metricsPort, index) => {
    const name = `worker-${index + 1}`;
    return {
      name,
      command: () => [process.execPath, ...PROGRAMS.worker],
      environment: {
        ...environment(plane),
        KUBECONFIG: plane.kubeconfigs.worker,
        HELM_PATH: path.join(plane.programs, 'helm'),
        HELM_HOME: path.join(plane.paths.home, 'helm', name),
        INGRESS_URL: plane.ingressUrl,
        METRICS_PORT: String(metricsPort),
        ...plane.workerSettings,
      },
      folder: CHECKOUT,
      logFile: logFile(plane.paths, name),
      isReady: () => answersOk(`http://127.0.0.1:${metricsPort}/readyz`),
      readyWithinMs: 30_000,
      liveness: livenessAt(metricsPort),
      stopWithinMs: 10_000,
    };
  });
}

// Four silences of 2 s, 15 s apart: a machine that is merely busy lets an answer through in between. /healthz asks for nothing
// but the process itself, so a database that is away restarts nobody.
function livenessAt(port: number): Liveness {
  return { isAlive: () => answersOk(`http://127.0.0.1:${port}/healthz`), everyMs: 15_000, misses: 4 };
}

// One arena instead of one per thread: the processes allocate little outside of V8.
function memorySettings(paths: PlatformPaths): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: path.join(paths.cache, 'compile-cache'), MALLOC_ARENA_MAX: '1' };
}

function environment(plane: ControlPlane): NodeJS.ProcessEnv {
  const { paths } = plane;
  return {
    PATH: process.env.PATH,
    HOME: paths.home,
    NODE_ENV: 'production',
    ...memorySettings(paths),
    DATABASE_URL_FILE: paths.serverDatabaseUrl,
    PLATFORM_KEY_FILE: paths.platformKey,
    API_TOKEN_FILE: paths.apiToken,
    SESSION_SECRET_FILE: paths.sessionSecret,
    // Not the base domain: sign-in providers send browsers back to "localhost" over plain http, and to nothing else.
    PLATFORM_URL: `http://localhost${plane.port === 80 ? '' : `:${plane.port}`}`,
    IMAGES_FILE: paths.images,
    MISSING_IMAGES_FILE: paths.missingImages,
    BASE_DOMAIN: plane.baseDomain,
    PUBLIC_SCHEME: 'http',
    PUBLIC_PORT: String(plane.port),
    ENGINE_FOLDERS: plane.engineFolders.join(':'),
    ...plane.extra,
  };
}
