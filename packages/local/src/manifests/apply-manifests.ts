// Brings the platform's own objects into the cluster and waits until what they describe serves.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIfPresent, writeFileAtomically } from '../host/files.ts';
import { run, tryRun } from '../host/run.ts';
import { messageOf, PlatformError } from '../platform-error.ts';
import { renderAccess } from './access.ts';
import { corednsManifests } from './coredns.ts';
import { policiesAccessManifests } from './network-policies.ts';
import { storageClassManifest, volumesManifests } from './volumes.ts';

export type ApplyOptions = {
  programs: string;
  kubeconfig: string;
  images: Readonly<Record<string, string>>;
  volumesFolder: string;
  /** Where it is written down what kept a pod from starting. */
  logsFolder: string;
};

const INGRESS_FILE = fileURLToPath(new URL('./ingress.yaml', import.meta.url));
const SERVES_WITHIN_S = 120;

/** What the enforcer of network policies needs before any pod can start. */
export async function applyPoliciesAccess(options: Pick<ApplyOptions, 'programs' | 'kubeconfig'>): Promise<void> {
  await apply(options, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: policiesAccessManifests() }));
}

/** Applying the same objects again changes nothing. */
export async function applyManifests(options: ApplyOptions): Promise<void> {
  const objects = [
    ...corednsManifests(imageOf(options, 'coredns')),
    ...volumesManifests(imageOf(options, 'volumes'), options.volumesFolder),
  ];
  await apply(options, await renderAccess(options.programs));
  await apply(options, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await applyStorageClass(options);
  await apply(options, await ingressManifests(options));
}

type Cluster = Omit<ApplyOptions, 'volumesFolder'>;

/** Brings the ingress controller alone into a cluster that has all else, and waits until it serves. */
export async function applyIngress(options: Cluster): Promise<void> {
  await apply(options, await ingressManifests(options));
  await awaitDeployment(options, 'souk-ingress', 'souk-ingress');
}

async function ingressManifests(options: Cluster): Promise<string> {
  return (await readFile(INGRESS_FILE, 'utf8')).replaceAll('{{image}}', imageOf(options, 'ingress'));
}

/** Returns when every Deployment of the platform has all its pods ready. */
export async function awaitManifests(options: ApplyOptions): Promise<void> {
  const deployments = [
    ['kube-system', 'coredns'],
    ['kube-system', 'volumes'],
    ['souk-ingress', 'souk-ingress'],
  ];
  await Promise.all(deployments.map(([namespace = '', name = '']) => awaitDeployment(options, namespace, name)));
}

async function awaitDeployment(options: Cluster, namespace: string, name: string): Promise<void> {
  const rollout = ['rollout', 'status', `deployment/${name}`, `--timeout=${SERVES_WITHIN_S}s`];
  await run([...kubectl(options), '-n', namespace, ...rollout]).catch(async (error: unknown) => {
    throw new PlatformError(`${namespace}/${name} did not become ready within ${SERVES_WITHIN_S} s`, {
      cause: error,
      logFile: await describePods(options, namespace),
      remedy: 'the log holds the pods and their events as they were; the node itself is stopped again',
    });
  });
}

// Whoever reads of the failure finds the node stopped and can ask it nothing any more.
async function describePods(options: Cluster, namespace: string): Promise<string> {
  const file = path.join(options.logsFolder, `${namespace}-pods.log`);
  const { stdout, stderr } = await tryRun([...kubectl(options), '-n', namespace, 'describe', 'pods'], {
    timeoutMs: 10_000,
  });
  await writeFileAtomically(file, `${stdout}${stderr}`);
  return file;
}

// The fields of a StorageClass can't be changed. Volumes do not hang on it, so a changed one replaces the old.
async function applyStorageClass(options: ApplyOptions): Promise<void> {
  const manifest = storageClassManifest();
  const objects = JSON.stringify(manifest);
  await apply(options, objects).catch(async (error: unknown) => {
    if (!/immutable|forbidden/i.test(messageOf(error))) throw error;
    await run([...kubectl(options), 'delete', 'storageclass', manifest.metadata.name]);
    await apply(options, objects);
  });
}

function kubectl({ programs, kubeconfig }: Pick<ApplyOptions, 'programs' | 'kubeconfig'>): string[] {
  return [path.join(programs, 'kubectl'), `--kubeconfig=${kubeconfig}`];
}

async function apply(options: Pick<ApplyOptions, 'programs' | 'kubeconfig'>, objects: string): Promise<void> {
  await run([...kubectl(options), 'apply', '--server-side', '--force-conflicts', '-f', '-'], { input: objects });
}

function imageOf({ images }: Cluster, name: string): string {
  const reference = images[name];
  if (reference === undefined) throw new Error(`the image ${name} was not built`);
  return reference;
}

/** The NodePort on which the ingress controller is reached, as its manifest fixes it. */
export async function ingressNodePort(): Promise<number> {
  const port = /nodePort:\s*(\d+)/.exec((await readIfPresent(INGRESS_FILE)) ?? '')?.[1];
  if (port === undefined) {
    throw new PlatformError(`${INGRESS_FILE} fixes no nodePort`, { remedy: `git checkout -- ${INGRESS_FILE}` });
  }
  return Number(port);
}
