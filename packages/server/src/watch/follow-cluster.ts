// Follows everything of stores in the cluster, and says which store something happened to. Objects are found by the label that every
// object of a store carries. Secrets are not among them: no right to read those reaches beyond a store's own namespace (watch-secrets.ts).
import { STORE_LABEL, storeIdOfNamespace } from '../ids.ts';
import { type Followed, followObjects } from '../kube/follow-objects.ts';
import type { Kind, KindMap, KubeObject } from '../kube/kinds.ts';
import type { Kube } from '../kube/kube.ts';
import type { Metrics } from '../metrics.ts';
import { createKeeper } from './kept-parts.ts';
import type { StoreObjects } from './store-health.ts';

export interface FollowClusterOptions {
  readonly kube: Kube;
  readonly signal: AbortSignal;
  /** Something in the cluster moved; it is not said what. */
  readonly onChange: () => void;
  readonly onError: (kind: Kind, error: unknown) => void;
  readonly metrics: Metrics;
}

export interface FollowedCluster {
  /** False until every kind has been listed once: before that, absent means nothing. */
  isListed(): boolean;
  /** Ids of the stores whose objects changed since the last call. */
  takeChanged(): ReadonlySet<string>;
  objectsOf(namespace: string): StoreObjects;
  /** How many Secrets the cluster counts in the namespace; null where it does not count. */
  countSecrets(namespace: string): string | null;
  nodes(): readonly KindMap['Node'][];
  quotas(): readonly KindMap['ResourceQuota'][];
  /** Namespaces that carry a store's label. */
  namespaces(): readonly KindMap['Namespace'][];
  /** Lists everything again and takes that for the truth; answers the stores that the watch had failed to tell of. */
  resync(): Promise<ReadonlySet<string>>;
}

export function followCluster({ kube, signal, onChange, onError, metrics }: FollowClusterOptions): FollowedCluster {
  const changed = new Set<string>();
  const keepParts = createKeeper();
  const all: (readonly [Kind, Followed<KubeObject>])[] = [];
  const noteStore = ({ metadata: { namespace, name } }: KubeObject): void => {
    const storeId = storeIdOfNamespace(namespace ?? name);
    if (storeId !== null) {
      changed.add(storeId);
    }
  };
  function follow<K extends Kind>(kind: K, labels?: string): Followed<KindMap[K]> {
    const followed = followObjects(kube, kind, labels === undefined ? {} : { labels }, {
      signal,
      onChange,
      ...(labels === undefined ? {} : { onObject: noteStore, keep: (object) => keepParts(kind, object) }),
      onError: (error) => {
        metrics.watchFailures.inc({ kind });
        onError(kind, error);
      },
    });
    all.push([kind, followed]);
    return followed;
  }
  const namespaces = follow('Namespace', STORE_LABEL);
  const nodes = follow('Node');
  const pods = follow('Pod', STORE_LABEL);
  const deployments = follow('Deployment', STORE_LABEL);
  const statefulSets = follow('StatefulSet', STORE_LABEL);
  const services = follow('Service', STORE_LABEL);
  const ingresses = follow('Ingress', STORE_LABEL);
  const claims = follow('PersistentVolumeClaim', STORE_LABEL);
  const quotas = follow('ResourceQuota', STORE_LABEL);
  const limits = follow('LimitRange', STORE_LABEL);
  const policies = follow('NetworkPolicy', STORE_LABEL);

  return {
    isListed: () => all.every(([, followed]) => followed.isListed()),
    takeChanged() {
      const taken = new Set(changed);
      changed.clear();
      return taken;
    },
    objectsOf: (namespace) => ({
      namespace: namespaces.get({ name: namespace }),
      deployments: deployments.itemsIn(namespace),
      statefulSets: statefulSets.itemsIn(namespace),
      services: services.itemsIn(namespace),
      ingresses: ingresses.itemsIn(namespace),
      pods: pods.itemsIn(namespace),
      claims: claims.itemsIn(namespace),
      guardrails: {
        ResourceQuota: quotas.itemsIn(namespace),
        LimitRange: limits.itemsIn(namespace),
        NetworkPolicy: policies.itemsIn(namespace),
      },
    }),
    countSecrets: (namespace) => quotas.itemsIn(namespace)[0]?.status?.used?.['count/secrets'] ?? null,
    nodes: () => nodes.items(),
    quotas: () => quotas.items(),
    namespaces: () => namespaces.items(),
    async resync() {
      const corrected = new Set<string>();
      for (const [kind, followed] of all) {
        for (const key of await followed.resync()) {
          metrics.watchCorrections.inc({ kind });
          const [namespace = '', name = ''] = key.split('/');
          const storeId = storeIdOfNamespace(namespace === '' ? name : namespace);
          if (storeId !== null) {
            corrected.add(storeId);
          }
        }
      }
      return corrected;
    },
  };
}
