// A cluster that is there already, given by `--kubeconfig`, instead of a node of our own. The control plane and its database
// still run on this machine; the cluster needs an ingress controller, a default StorageClass, and the stores' images.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from './host/files.ts';
import { tryRun } from './host/run.ts';
import { PlatformError } from './platform-error.ts';
import type { PlatformPaths } from './platform-paths.ts';

export type ExistingCluster = {
  kubeconfig: string;
  context?: string;
  /** Where the cluster's ingress controller answers from this machine. */
  ingressUrl: string;
};

const ANSWERS_WITHIN_S = 10;

/** Checks that the cluster answers and keeps a kubeconfig of that one context in SOUK_HOME. */
export async function adoptCluster(
  paths: PlatformPaths,
  cluster: ExistingCluster,
  programs: string,
): Promise<{ kubeconfig: string; ingressUrl: string }> {
  const kubectl = [path.join(programs, 'kubectl'), `--kubeconfig=${path.resolve(cluster.kubeconfig)}`];
  if (cluster.context !== undefined) kubectl.push(`--context=${cluster.context}`);
  const view = await tryRun([...kubectl, 'config', 'view', '--minify', '--flatten', '--raw', '--output=json']);
  if (view.code !== 0) {
    throw new PlatformError(`${cluster.kubeconfig} can't be used: ${view.stderr.trim()}`, {
      remedy: 'give a kubeconfig with a current context, or name one with --context',
    });
  }
  const version = await tryRun([...kubectl, 'version', '--output=json', `--request-timeout=${ANSWERS_WITHIN_S}s`]);
  if (version.code !== 0) throw new PlatformError(`the cluster does not answer: ${version.stderr.trim()}`);
  await writeFileAtomically(paths.kubeconfig, view.stdout, 0o600);
  return { kubeconfig: paths.kubeconfig, ingressUrl: cluster.ingressUrl };
}

/** The images that IMAGES_FILE names, for a cluster whose nodes pull them from somewhere; null when it is not set. */
export async function readGivenImages(env: NodeJS.ProcessEnv = process.env): Promise<Record<string, string> | null> {
  const file = env.IMAGES_FILE;
  return file === undefined ? null : (JSON.parse(await readFile(file, 'utf8')) as Record<string, string>);
}
