// `Helm` by the Helm program. Hooks, waiting and atomic installs are never used: each of them hides a state or removes volumes.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Helm, ReleaseRef } from './helm.ts';
import { FINGERPRINT_LABEL, type ReleaseRecord, readNewestRelease } from './release-records.ts';
import { type HelmProgram, runHelm } from './run-helm.ts';

// A record holds the whole chart and its objects; five keep a release far below what etcd takes, and upgrades reversible.
const HISTORY_MAX = '5';

export interface HelmOptions {
  readonly helmPath: string;
  /** Null inside a pod, where Helm finds its service account by itself. */
  readonly kubeconfig: string | null;
  readonly context: string | null;
  /** Helm's caches live here and nowhere else. */
  readonly homeFolder: string;
  /** Labels of the Secrets in which Helm keeps one release. */
  readonly listRecords: (ref: ReleaseRef, signal?: AbortSignal) => Promise<readonly ReleaseRecord[]>;
}

export async function createHelm(options: HelmOptions): Promise<Helm> {
  await mkdir(options.homeFolder, { recursive: true });
  const program: HelmProgram = { path: options.helmPath, env: helmEnvironment(options) };
  const flags = (ref: ReleaseRef): readonly string[] => [
    '--namespace',
    ref.namespace,
    ...(options.context === null ? [] : ['--kube-context', options.context]),
  ];

  return {
    async readRelease(ref, signal) {
      return readNewestRelease(await options.listRecords(ref, signal));
    },

    async upgrade(upgrade, lease) {
      const { name, chartPath, values, fingerprint } = upgrade;
      const args = ['upgrade', name, chartPath, ...flags(upgrade), '--install', '--reset-values', '--no-hooks'];
      const label = `${FINGERPRINT_LABEL}=${fingerprint}`;
      // Charts are checked against the schemas before they are shipped; here it would cost a third of Helm's time.
      const unchecked = '--disable-openapi-validation';
      const rest = ['--history-max', HISTORY_MAX, '--labels', label, unchecked, '--values', '-'];
      await runHelm(program, [...args, ...rest], JSON.stringify(values), lease);
    },

    async uninstall(ref, lease) {
      const args = ['uninstall', ref.name, ...flags(ref), '--no-hooks', '--ignore-not-found'];
      await runHelm(program, args, '', lease);
    },

    async rollback(ref, revision, lease) {
      const args = ['rollback', ref.name, String(revision), ...flags(ref), '--no-hooks', '--history-max', HISTORY_MAX];
      await runHelm(program, args, '', lease);
    },
  };
}

function helmEnvironment({ homeFolder, kubeconfig }: HelmOptions): Record<string, string> {
  const { PATH = '', KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT } = process.env;
  return {
    PATH,
    HOME: homeFolder,
    HELM_CACHE_HOME: join(homeFolder, 'cache'),
    HELM_CONFIG_HOME: join(homeFolder, 'config'),
    HELM_DATA_HOME: join(homeFolder, 'data'),
    HELM_DRIVER: 'secret',
    KUBECACHEDIR: join(homeFolder, 'kube-cache'),
    ...(kubeconfig === null ? {} : { KUBECONFIG: kubeconfig }),
    ...(KUBERNETES_SERVICE_HOST === undefined ? {} : { KUBERNETES_SERVICE_HOST }),
    ...(KUBERNETES_SERVICE_PORT === undefined ? {} : { KUBERNETES_SERVICE_PORT }),
  };
}
