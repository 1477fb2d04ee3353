// Follows everything of stores in the cluster, and says which store something happened to. Objects are found by the label that every
// object of a store carries.
import { storeIdOfNamespace } from '../ids.ts';
import { type Followed, followObjects } from '../kube/follow-objects.ts';
import type { Kind, KindMap, KubeObject } from '../kube/kinds.ts';
import type { Kube } from '../kube/kube.ts';
import type { Metrics } from '../metrics.ts';
import type { StoreObjects } from './store-health.ts';

export const STORE_LABEL = 'souk.dev/store';

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
  nodes(): readonly KindMap['Node'][];
  /** Namespaces that carry a store's label. */
  namespaces(): readonly KindMap['Namespace'][];
  /** Lists everything again and takes that for the truth; answers the stores that the watch had failed to tell of. */
  resync(): Promise<ReadonlySet<string>>;
}

const NAMESPACED = ['Pod', 'Deployment', 'StatefulSet', 'Ingress'] as const;
type NamespacedKind = (typeof NAMESPACED)[number];

export function followCluster({ kube, signal, onChange, onError, metrics }: FollowClusterOptions): FollowedCluster {
  const seen = new Map<string, string>();
  const follow = <K extends Kind>(kind: K, labels?: string): Followed<KindMap[K]> =>
    followObjects(kube, kind, labels === undefined ? {} : { labels }, {
      signal,
      onChange,
      onError: (error) => {
        metrics.watchFailures.inc({ kind });
        onError(kind, error);
      },
    });
  const namespaces = follow('Namespace', STORE_LABEL);
  const nodes = follow('Node');
  const pods = follow('Pod', STORE_LABEL);
  const deployments = follow('Deployment', STORE_LABEL);
  const statefulSets = follow('StatefulSet', STORE_LABEL);
  const ingresses = follow('Ingress', STORE_LABEL);
  const byKind: Readonly<Record<NamespacedKind, Followed<KubeObject>>> = {
    Pod: pods,
    Deployment: deployments,
    StatefulSet: statefulSets,
    Ingress: ingresses,
  };
  const all: readonly (readonly [Kind, Followed<KubeObject>])[] = [
    ['Namespace', namespaces],
    ['Node', nodes],
    ...NAMESPACED.map((kind) => [kind, byKind[kind]] as const),
  ];

  /** One line for each store that changes whenever one of its objects does. */
  function fingerprints(): Map<string, string> {
    const versions = new Map<string, string[]>();
    const note = (namespace: string | undefined, { metadata }: KubeObject): void => {
      const storeId = namespace === undefined ? null : storeIdOfNamespace(namespace);
      if (storeId !== null) {
        const list = versions.get(storeId) ?? [];
        list.push(`${metadata.uid}@${metadata.resourceVersion}`);
        versions.set(storeId, list);
      }
    };
    for (const object of namespaces.items()) {
      note(object.metadata.name, object);
    }
    for (const kind of NAMESPACED) {
      for (const object of byKind[kind].items()) {
        note(object.metadata.namespace, object);
      }
    }
    return new Map([...versions].map(([storeId, list]) => [storeId, list.sort().join()]));
  }

  const inNamespace = <T extends KubeObject>(followed: Followed<T>, namespace: string): readonly T[] =>
    followed.items().filter(({ metadata }) => metadata.namespace === namespace);

  return {
    isListed: () => all.every(([, followed]) => followed.isListed()),
    takeChanged() {
      const now = fingerprints();
      const changed = new Set([...now.keys(), ...seen.keys()].filter((id) => now.get(id) !== seen.get(id)));
      seen.clear();
      for (const [id, fingerprint] of now) {
        seen.set(id, fingerprint);
      }
      return changed;
    },
    objectsOf: (namespace) => ({
      namespace: namespaces.items().find(({ metadata }) => metadata.name === namespace),
      deployments: inNamespace(deployments, namespace),
      statefulSets: inNamespace(statefulSets, namespace),
      ingresses: inNamespace(ingresses, namespace),
      pods: inNamespace(pods, namespace),
    }),
    nodes: () => nodes.items(),
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
