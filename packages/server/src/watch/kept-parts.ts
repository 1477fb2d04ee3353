// What the watch keeps of an object. With thousands of stores the rest, above all pod templates and what every store says alike, would be
// most of the worker's memory. Whoever reads more of a followed object must keep it here.
import type { Kind, KindMap, KubeObject, ObjectMeta } from '../kube/kinds.ts';

/** Beside metadata, which is kept of all: fields of the object, and of those which fields. Kinds that are not named are kept whole. */
const KEPT: { readonly [K in Kind]?: Readonly<Record<string, readonly string[]>> } = {
  Namespace: {},
  Service: {},
  Ingress: {},
  PersistentVolumeClaim: {},
  Deployment: {
    spec: ['replicas'],
    status: ['observedGeneration', 'replicas', 'updatedReplicas', 'availableReplicas', 'readyReplicas'],
  },
  StatefulSet: {
    spec: ['replicas', 'updateStrategy'],
    status: ['observedGeneration', 'replicas', 'readyReplicas', 'updatedReplicas'],
  },
};
const METADATA = ['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'deletionTimestamp', 'labels'] as const;
const CONTAINER_STATUS = ['name', 'ready', 'restartCount', 'state', 'lastState'];
// Of more than a few plans and node addresses at a time nothing is shared any longer; then it begins anew.
const MOST_SHARED = 1_000;

export type KeepParts = <K extends Kind>(kind: K, object: KindMap[K]) => KindMap[K];

export function createKeeper(): KeepParts {
  const shared = new Map<string, unknown>();

  /** One copy of what is said alike in the namespaces of all stores. */
  function share(value: unknown): unknown {
    const text = JSON.stringify(value);
    if (shared.size >= MOST_SHARED) {
      shared.clear();
    }
    const known = shared.get(text);
    if (known === undefined && value !== undefined) {
      shared.set(text, value);
    }
    return known ?? value;
  }

  return (kind, object) => {
    const metadata = pick(object.metadata, METADATA) as unknown as ObjectMeta;
    return { ...keepRest(kind, object as KubeObject & Fields), metadata } as typeof object;
  };

  function keepRest(kind: Kind, object: KubeObject & Fields): Fields {
    switch (kind) {
      case 'Pod':
        return keepOfPod(object as KindMap['Pod']);
      case 'LimitRange':
      case 'NetworkPolicy':
        return { spec: share(object.spec) };
      case 'ResourceQuota':
        return { spec: share(object.spec), status: object.status };
      default: {
        const kept = KEPT[kind];
        return kept === undefined
          ? object
          : Object.fromEntries(Object.entries(kept).map(([field, names]) => [field, pick(object[field] ?? {}, names)]));
      }
    }
  }
}

type Fields = Readonly<Record<string, unknown>>;

function keepOfPod({ spec, status }: KindMap['Pod']): Fields {
  const { initContainerStatuses, containerStatuses, conditions, ...rest } = status ?? {};
  return {
    spec: { containers: spec?.containers.map(({ name }) => ({ name })) ?? [] },
    status: {
      ...pick(rest, ['phase', 'startTime', 'reason', 'message']),
      conditions: conditions?.map((condition) => pick(condition, ['type', 'status', 'reason', 'message'])) ?? [],
      initContainerStatuses: initContainerStatuses?.map((container) => pick(container, CONTAINER_STATUS)) ?? [],
      containerStatuses: containerStatuses?.map((container) => pick(container, CONTAINER_STATUS)) ?? [],
    },
  };
}

function pick(from: object, names: readonly string[]): Fields {
  const fields = from as Fields;
  return Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
}
