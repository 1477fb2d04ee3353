// A cluster that is there already, given by `--kubeconfig` or `--context`, instead of a node of our own. The control plane and its database
// still run on this machine; the cluster needs an ingress controller, a StorageClass, and the stores' images.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { findIngressUrl, type IngressController, type Kubectl } from './find-ingress-url.ts';
import { exists, readIfPresent, writeFileAtomically } from './host/files.ts';
import { tryRun } from './host/run.ts';
import { archiveOf } from './images/build-images.ts';
import { PlatformError } from './platform-error.ts';
import { readPlatformFacts } from './platform-facts.ts';
import type { PlatformPaths } from './platform-paths.ts';

export type ExistingCluster = {
  /** Absent for the one that kubectl takes by itself: of KUBECONFIG, else `~/.kube/config`. */
  kubeconfig?: string;
  context?: string;
  /** Where the cluster's ingress controller answers from this machine; found out when absent. */
  ingressUrl?: string;
};
/** An image that the cluster's nodes must be able to start, and the file that holds it. */
export type ImageToBring = { name: string; reference: string; archive: string };

/** Kept in SOUK_HOME, so that its stores are never looked for in another cluster. */
type KnownCluster = { uid: string; server: string };

const ANSWERS_WITHIN_S = 10;
/** Other images are made from these; no pod runs them. */
const BASE_IMAGES = ['debian', 'node', 'node-build'];
/** What the workers are told of the cluster, from the environment of `souk up`. */
export const CLUSTER_SETTINGS = [
  'CLUSTER_ISSUER',
  'INGRESS_CLASS',
  'INGRESS_NAMESPACE',
  'INGRESS_POD_LABELS',
  'STORAGE_CLASS',
] as const;

/** Checks that the cluster answers and has what stores need, and keeps a kubeconfig of that one context in SOUK_HOME. */
export async function adoptCluster(
  paths: PlatformPaths,
  cluster: ExistingCluster,
  programs: string,
): Promise<{ kubeconfig: string; ingressUrl: string }> {
  const base = [path.join(programs, 'kubectl')];
  if (cluster.kubeconfig !== undefined) base.push(`--kubeconfig=${path.resolve(cluster.kubeconfig)}`);
  if (cluster.context !== undefined) base.push(`--context=${cluster.context}`);
  const kubectl: Kubectl = (...args) => tryRun([...base, ...args, `--request-timeout=${ANSWERS_WITHIN_S}s`]);
  const view = await kubectl('config', 'view', '--minify', '--flatten', '--raw', '--output=json');
  if (view.code !== 0) {
    const file = cluster.kubeconfig ?? (process.env.KUBECONFIG || '~/.kube/config');
    throw new PlatformError(`${file} can't be used: ${view.stderr.trim()}`, {
      remedy: 'give a file with --kubeconfig, and one of its contexts with --context',
    });
  }
  await assertSameCluster(paths, kubectl, view.stdout);
  const controller = ingressController(process.env);
  await assertFit(kubectl, controller, process.env.STORAGE_CLASS);
  const ingressUrl = cluster.ingressUrl ?? (await findIngressUrl(kubectl, controller));
  await writeFileAtomically(paths.kubeconfig, view.stdout, 0o600);
  return { kubeconfig: paths.kubeconfig, ingressUrl };
}

function ingressController(env: NodeJS.ProcessEnv): IngressController {
  return {
    ingressClass: env.INGRESS_CLASS || 'souk',
    namespace: env.INGRESS_NAMESPACE || 'souk-ingress',
    podLabels: env.INGRESS_POD_LABELS || 'app.kubernetes.io/name=souk-ingress',
  };
}

/** Refuses to look for stores where they are not: a home goes with the one cluster it was begun with. */
export async function assertHomeFits(paths: PlatformPaths, cluster: ExistingCluster | undefined): Promise<void> {
  const remedy = 'give each cluster a home of its own: SOUK_HOME=/var/lib/souk-other ./souk up …';
  if (cluster === undefined && (await exists(clusterFile(paths)))) {
    throw new PlatformError(`the stores of ${paths.home} live in a cluster given by --kubeconfig or --context`, {
      remedy: `start it with the same again; or ${remedy}`,
    });
  }
  if (cluster !== undefined && (await exists(paths.etcd))) {
    throw new PlatformError(`the stores of ${paths.home} live in a node of their own`, { remedy });
  }
}

async function assertSameCluster(paths: PlatformPaths, kubectl: Kubectl, kubeconfig: string): Promise<void> {
  const asked = await kubectl('get', 'namespace', 'kube-system', '--output=jsonpath={.metadata.uid}');
  if (asked.code !== 0) {
    throw new PlatformError(`the cluster does not answer: ${asked.stderr.trim()}`, {
      remedy: 'see that kubectl reaches it with the same file; another of its contexts is named with --context',
    });
  }
  const uid = asked.stdout.trim();
  const { clusters } = JSON.parse(kubeconfig) as { clusters?: { cluster?: { server?: string } }[] };
  const known = await readKnown(paths);
  if (known !== null && known.uid !== uid) {
    throw new PlatformError(`the stores of ${paths.home} live in another cluster (${known.server})`, {
      remedy: 'give that one, or set SOUK_HOME to another folder for this one',
    });
  }
  const now: KnownCluster = { uid, server: clusters?.[0]?.cluster?.server ?? 'unknown' };
  await writeFileAtomically(clusterFile(paths), `${JSON.stringify(now)}\n`);
}

// A store that waits for what the cluster does not have fails after minutes; this says it at once.
async function assertFit(
  kubectl: Kubectl,
  { ingressClass, namespace, podLabels }: IngressController,
  storageClass: string | undefined,
): Promise<void> {
  const [classes, pods, storage] = await Promise.all([
    kubectl('get', 'ingressclasses', '--output=jsonpath={.items[*].metadata.name}'),
    kubectl('get', 'pods', `--namespace=${namespace}`, `--selector=${podLabels}`, '--output=name'),
    kubectl('get', 'storageclasses', '--output=json'),
  ]);
  const problems: string[] = [];
  // An identity that may not look is no proof of anything; stores tell of what is missing then.
  if (classes.code === 0 && !classes.stdout.split(' ').includes(ingressClass)) {
    problems.push(`it has no IngressClass "${ingressClass}" but: ${classes.stdout || 'none'}; set INGRESS_CLASS`);
  }
  if (pods.code === 0 && pods.stdout.trim() === '') {
    problems.push(
      `namespace ${namespace} has no pods labelled ${podLabels}, and only those may reach stores; set INGRESS_NAMESPACE and INGRESS_POD_LABELS to the ingress controller's`,
    );
  }
  if (storage.code === 0) problems.push(...storageProblems(storage.stdout, storageClass));
  if (problems.length === 0) return;
  throw new PlatformError(`the cluster can't run stores yet:\n${problems.map((line) => `  - ${line}`).join('\n')}`, {
    remedy: 'put this right, or set the variables for "souk up", and run the same command again',
  });
}

const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class';

function storageProblems(list: string, wanted: string | undefined): string[] {
  const { items } = JSON.parse(list) as {
    items: { metadata: { name: string; annotations?: Record<string, string> } }[];
  };
  const names = items.map(({ metadata }) => metadata.name).join(', ') || 'none';
  if (wanted) {
    const isThere = items.some(({ metadata }) => metadata.name === wanted);
    return isThere ? [] : [`it has no StorageClass "${wanted}" but: ${names}`];
  }
  const hasDefault = items.some(({ metadata }) => metadata.annotations?.[IS_DEFAULT] === 'true');
  return hasDefault ? [] : [`it has no default StorageClass; set STORAGE_CLASS to one of: ${names}`];
}

/** The images that IMAGES_FILE names, for a cluster whose nodes pull them from somewhere; null when it is not set. */
export async function readGivenImages(env: NodeJS.ProcessEnv = process.env): Promise<Record<string, string> | null> {
  const file = env.IMAGES_FILE;
  if (file === undefined) return null;
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    throw new PlatformError(`IMAGES_FILE (${file}) cannot be read: ${String(error)}`, {
      remedy: 'name a JSON file: image name → reference that the nodes can pull',
    });
  }
}

/** What somebody must bring to the cluster's nodes, because it was built here and no registry was named. */
export function imagesToBring(
  paths: PlatformPaths,
  images: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): ImageToBring[] {
  if (env.IMAGES_FILE !== undefined) return [];
  return Object.entries(images)
    .filter(([name]) => !BASE_IMAGES.includes(name))
    .map(([name, reference]) => ({ name, reference, archive: archiveOf(paths.cache, reference) }));
}

/**
 * Refuses while the cluster holds stores of this platform: once its database is gone, nobody knows of them. Passes where
 * the stores live in a node of our own, which goes as a whole.
 */
export async function assertNoStoresLeft(paths: PlatformPaths, isRunning: boolean): Promise<void> {
  const [known, facts] = await Promise.all([readKnown(paths), readPlatformFacts(paths)]);
  // Without facts it never was up, and nobody can have made a store.
  if (known === null || facts === null) return;
  if (isRunning) {
    const left = await countStores(paths);
    if (left === 0) return;
    throw new PlatformError(`${left} stores of this platform live in the cluster at ${known.server}`, {
      remedy: 'delete them first ("souk store list", "souk store delete STORE --wait"), then run this again',
    });
  }
  const asked = await tryRun([
    path.join(facts.programsDir, 'kubectl'),
    `--kubeconfig=${paths.kubeconfig}`,
    'get',
    'namespaces',
    '--selector=souk.dev/store',
    '--output=jsonpath={.items[*].metadata.name}',
    `--request-timeout=${ANSWERS_WITHIN_S}s`,
  ]);
  if (asked.code === 0 && asked.stdout.trim() === '') return;
  const what =
    asked.code === 0
      ? `the cluster at ${known.server} holds namespaces of stores: ${asked.stdout.trim()}`
      : `the cluster at ${known.server} does not answer, so nobody knows whether it holds stores`;
  throw new PlatformError(`${what}; nothing was removed`, {
    remedy: `"souk up --kubeconfig …", delete the stores, then "souk down --purge"; if none of them is of this platform, remove ${paths.home} by hand`,
  });
}

async function countStores(paths: PlatformPaths): Promise<number> {
  const url = ((await readIfPresent(paths.databaseUrl)) ?? '').trim();
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect().catch((cause: unknown) => {
    throw new PlatformError('the database does not answer, so nobody knows whether there are stores', {
      cause,
      remedy: 'nothing was removed; "souk status" shows when postgres is ready again, then run this again',
    });
  });
  try {
    const { rows } = await client.query<{ left: string }>(
      "select count(*) as left from stores where phase <> 'deleted'",
    );
    return Number(rows[0]?.left ?? 0);
  } finally {
    await client.end();
  }
}

async function readKnown(paths: PlatformPaths): Promise<KnownCluster | null> {
  const text = await readIfPresent(clusterFile(paths));
  return text === null ? null : (JSON.parse(text) as KnownCluster);
}

function clusterFile(paths: PlatformPaths): string {
  return path.join(paths.config, 'cluster.json');
}
