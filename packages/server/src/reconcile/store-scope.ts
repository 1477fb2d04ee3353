// What a step is given: the store as it was read when the attempt began, its engine, the cluster, and the right to act.
// A step changes the world through `act` alone, so that nothing happens without a lease, a failpoint or a trace.

import type { Db } from '../db/database.ts';
import type { Engine } from '../engines/engine.ts';
import type { ActionLease, Helm } from '../helm/helm.ts';
import { STORE_LABEL } from '../ids.ts';
import type { Kube } from '../kube/kube.ts';
import type { Log } from '../log.ts';
import type { ReconciledStore } from './observed-store.ts';

/** An identity as RBAC knows it. */
export type Subject =
  | { readonly kind: 'User'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string };

/** How stores of this installation are built; the same for all of them. */
export interface StoreSettings {
  readonly baseDomain: string;
  readonly publicScheme: 'http' | 'https';
  /** Part of a store's address unless it is the scheme's own. */
  readonly publicPort: number;
  /** Where the ingress controller is reached, with the store's host in the Host header; null: by the store's own address. */
  readonly ingressUrl: string | null;
  readonly ingressClass: string;
  /** Who may reach a store's web pods. */
  readonly ingressNamespace: string;
  readonly ingressPodLabels: Readonly<Record<string, string>>;
  /** Who the worker is to the cluster; null where it may do everything already. */
  readonly workerSubject: Subject | null;
  /** Who the API is to the cluster; null where it needs no rights of its own, because it comes as the same as the worker. */
  readonly apiSubject: Subject | null;
  /** Networks beyond the private ones and the nodes that stores must not reach: the cluster's API server. */
  readonly closedNetworks: readonly string[];
  readonly clusterIssuer: string | null;
  readonly storageClass: string | null;
  readonly hasUserNamespaces: boolean;
  readonly images: Readonly<Record<string, string>>;
  /** Opens admin passwords that were given at create time. */
  readonly platformKey: Buffer;
}

/** For how long a step watches before it gives the job back, so that it does not hold a worker's place. */
export interface WatchWindows {
  readonly workloadsMs: number;
  /** A limit that passed while the cluster was away must not fail a store that nobody has looked at since. */
  readonly shortestMs: number;
  readonly goneMs: number;
  /** For how long a diagnosis reads the last lines of a pod. */
  readonly logMs: number;
}

export const WATCH_WINDOWS: WatchWindows = {
  // Longer than any problem's patience, so that one is recognised within one attempt.
  workloadsMs: 60_000,
  shortestMs: 5_000,
  // Three times what a deletion usually takes; after that somebody is told why.
  goneMs: 20_000,
  // A node answers in milliseconds; one that hangs must not hold up what comes after the diagnosis.
  logMs: 10_000,
};

export interface StoreScope {
  readonly store: ReconciledStore;
  readonly engine: Engine;
  /** Name of the store's namespace, and equally of its release. */
  readonly namespace: string;
  readonly settings: StoreSettings;
  readonly windows: WatchWindows;
  readonly db: Db;
  readonly kube: Kube;
  readonly helm: Helm;
  readonly lease: ActionLease;
  readonly fence: number;
  /** Aborted when the store is wanted otherwise than this attempt knows; what only waits gives up then. */
  readonly superseded: AbortSignal;
  readonly log: Log;
  /** One effect on the outside world, between the failpoints `before-<effect>` and `after-<effect>`. */
  readonly act: <T>(effect: string, run: () => Promise<T>) => Promise<T>;
  /** The step has work or waiting to do: from here on it appears in the timeline. `act` says so by itself. */
  readonly announce: () => void;
  /** Whether any step of this attempt has changed anything so far. */
  readonly hasActed: () => boolean;
  /** Milliseconds that are left for the store to become ready; at most the engine's own limit. */
  readonly provisionMsLeft: () => number;
}

/** Every object of a store carries these, so that a sweeper can tell whose it is. */
export function storeLabels(store: Pick<ReconciledStore, 'id' | 'tenantId' | 'engine'>): Record<string, string> {
  return {
    'app.kubernetes.io/managed-by': 'souk',
    [STORE_LABEL]: store.id,
    'souk.dev/tenant': store.tenantId,
    'souk.dev/engine': store.engine,
  };
}

/** Host names of a store: its own, and the one that never changes. */
export function storeHosts(scope: Pick<StoreScope, 'store' | 'namespace' | 'settings'>): readonly [string, string] {
  const { baseDomain } = scope.settings;
  return [`${scope.store.name}.${baseDomain}`, `${scope.namespace}.${baseDomain}`];
}

export function storeUrl(scope: Pick<StoreScope, 'store' | 'namespace' | 'settings'>): string {
  const { publicScheme, publicPort } = scope.settings;
  const url = new URL(`${publicScheme}://${storeHosts(scope)[0]}`);
  url.port = String(publicPort);
  return url.origin;
}
