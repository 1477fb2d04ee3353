// A cluster of Docker containers, made by kind, for a Linux machine where Souk may not boot a node of its own. From the moment it
// stands it is used like any cluster that is there already; only its making, stopping and removing are ours.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from './applications/ports.ts';
import type { ExistingCluster } from './existing-cluster.ts';
import { exists, readIfPresent, writeFileAtomically } from './host/files.ts';
import { run, runLogged, tryRun } from './host/run.ts';
import { archiveOf } from './images/build-images.ts';
import { applyIngress, ingressNodePort } from './manifests/apply-manifests.ts';
import { messageOf, PlatformError } from './platform-error.ts';
import { logFile, type PlatformPaths } from './platform-paths.ts';
import { until } from './processes/until.ts';

const KIND_VERSION = 'v0.33.0';
const DOCKER_REMEDY = 'see that Docker runs ("docker info"), then run this again';
const READY_WITHIN_S = 180;
const ANSWERS_AGAIN_WITHIN_MS = 120_000;
/** Beyond those of stores: the controller that takes their routes. kind brings the rest. */
export const KIND_IMAGES = ['ingress'];

export type KindOptions = {
  programs: string;
  images: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
};

/** Whether a cluster of containers is what this machine can have: Linux, no root, and Docker at hand. */
export async function needsKind(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() === 0) return false;
  return (await tryRun(['docker', 'info']).catch(() => null))?.code === 0;
}

/** Makes the cluster at the first call; starts its container and brings in what is new at every later one. */
export async function ensureKindCluster(paths: PlatformPaths, options: KindOptions): Promise<ExistingCluster> {
  const log = logFile(paths, 'kind');
  const kind = await findKind(paths, options.signal);
  const node = nodeOf(paths);
  const state = await stateOf(paths);
  if (state === 'none') await create(paths, kind, options.signal);
  else if (state === 'stopped') await run(['docker', 'start', node], { remedy: DOCKER_REMEDY });
  const kubeconfig = kubeconfigOf(paths);
  const kubectl = [path.join(options.programs, 'kubectl'), `--kubeconfig=${kubeconfig}`, '--request-timeout=5s'];
  const answers = await until(async () => (await tryRun([...kubectl, 'get', '--raw=/readyz'])).code === 0, {
    deadlineMs: ANSWERS_AGAIN_WITHIN_MS,
    everyMs: 500,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (!answers) {
    throw new PlatformError(`the cluster of the container ${node} does not answer`, {
      remedy: `docker logs ${node}; if it stays dead, "souk down --purge" removes it with all stores`,
    });
  }
  const present = await run(['docker', 'exec', node, 'ctr', '--namespace', 'k8s.io', 'images', 'ls', '-q']);
  for (const reference of Object.values(options.images)) {
    if (present.split('\n').includes(reference)) continue;
    const archive = archiveOf(paths.cache, reference);
    await runLogged([kind, 'load', 'image-archive', archive, '--name', paths.netns], log, {
      signal: options.signal,
      remedy: `see the log, and that the disk of Docker has room ("docker system df"), then run this again`,
    });
  }
  await applyIngress({ programs: options.programs, kubeconfig, images: options.images, logsFolder: paths.logs });
  return { kubeconfig, ingressUrl: `http://127.0.0.1:${await hostPortOf(paths)}` };
}

/** Whether the stores of this home live in a cluster that we made of containers. */
export async function hasKindCluster(paths: PlatformPaths): Promise<boolean> {
  return await exists(configOf(paths));
}

/** Its data stays. Calling it where nothing runs is harmless. */
export async function stopKindCluster(paths: PlatformPaths): Promise<void> {
  // A start that failed early has made no container.
  if ((await stateOf(paths)) === 'running') await orExplain(run(['docker', 'stop', nodeOf(paths)]));
}

export async function deleteKindCluster(paths: PlatformPaths): Promise<void> {
  const kind = await findKind(paths);
  await orExplain(run([kind, 'delete', 'cluster', '--name', paths.netns, '--kubeconfig', kubeconfigOf(paths)]));
}

async function stateOf(paths: PlatformPaths): Promise<'none' | 'stopped' | 'running'> {
  const asked = await tryRun(['docker', 'container', 'inspect', '--format', '{{.State.Running}}', nodeOf(paths)]);
  if (asked.code !== 0) return 'none';
  return asked.stdout.trim() === 'true' ? 'running' : 'stopped';
}

async function orExplain(done: Promise<unknown>): Promise<void> {
  await done.catch((error: unknown) => {
    throw new PlatformError(`the cluster of containers could not be ended: ${messageOf(error)}`, {
      remedy: DOCKER_REMEDY,
    });
  });
}

async function create(paths: PlatformPaths, kind: string, signal: AbortSignal | undefined): Promise<void> {
  const mapping = { containerPort: await ingressNodePort(), hostPort: await freePort(), listenAddress: '127.0.0.1' };
  const config = {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{ role: 'control-plane', extraPortMappings: [mapping] }],
  };
  // JSON is YAML. The file also says from then on that this home has such a cluster.
  await writeFileAtomically(configOf(paths), `${JSON.stringify(config)}\n`);
  const files = ['--config', configOf(paths), '--kubeconfig', kubeconfigOf(paths)];
  await runLogged(
    [kind, 'create', 'cluster', '--name', paths.netns, ...files, '--wait', `${READY_WITHIN_S}s`],
    logFile(paths, 'kind'),
    { signal, remedy: 'see the log; kind fetches its node image from Docker Hub at the first start' },
  );
}

async function hostPortOf(paths: PlatformPaths): Promise<number> {
  const config = JSON.parse((await readIfPresent(configOf(paths))) ?? '{}') as {
    nodes?: { extraPortMappings?: { hostPort: number }[] }[];
  };
  const port = config.nodes?.[0]?.extraPortMappings?.[0]?.hostPort;
  if (port === undefined) throw new PlatformError(`${configOf(paths)} names no port`, { remedy: 'souk down --purge' });
  return port;
}

/** The one on the path, else one built from its Go module into the cache. */
async function findKind(paths: PlatformPaths, signal?: AbortSignal): Promise<string> {
  if ((await tryRun(['kind', 'version']).catch(() => null))?.code === 0) return 'kind';
  const folder = path.join(paths.cache, 'kind', KIND_VERSION);
  const file = path.join(folder, 'kind');
  if (await exists(file)) return file;
  await mkdir(folder, { recursive: true });
  await runLogged(['go', 'install', `sigs.k8s.io/kind@${KIND_VERSION}`], logFile(paths, 'kind'), {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '', CGO_ENABLED: '0' },
    cwd: '/',
    signal,
    remedy: 'see the log; or install kind yourself (https://kind.sigs.k8s.io)',
  });
  return file;
}

function nodeOf(paths: PlatformPaths): string {
  return `${paths.netns}-control-plane`;
}

function configOf(paths: PlatformPaths): string {
  return path.join(paths.config, 'kind.json');
}

function kubeconfigOf(paths: PlatformPaths): string {
  return path.join(paths.config, 'kind.kubeconfig');
}
