// What the cluster's objects say about one store: its health, its pods as people see them, and what is missing. Pure.
import type { Health, Phase, Pod as PodRow } from '@souk/contract';
import type { Workload } from '../engines/engine.ts';
import type { Deployment, KubeObject, NamespaceObject, Pod, StatefulSet } from '../kube/kinds.ts';
import {
  countRestarts,
  describePodProblem,
  isDeploymentReady,
  isPodReady,
  isStatefulSetReady,
} from '../kube/readiness.ts';

export interface StoreObjects {
  readonly namespace: NamespaceObject | undefined;
  readonly deployments: readonly Deployment[];
  readonly statefulSets: readonly StatefulSet[];
  readonly ingresses: readonly KubeObject[];
  readonly pods: readonly Pod[];
}

export interface ObservedStore {
  readonly health: Health;
  readonly pods: readonly PodRow[];
  /** What keeps a living store from being healthy; null when it is, or when it does not live. */
  readonly reason: string | null;
  /** What was removed behind the platform's back, and a reconcile would put back; null when nothing is missing. */
  readonly drift: string | null;
  readonly areWorkloadsReady: boolean;
}

/** Phases in which a shop is expected to work. */
const LIVING: ReadonlySet<Phase> = new Set(['ready', 'upgrading']);

export function observeStore(phase: Phase, workloads: readonly Workload[], objects: StoreObjects): ObservedStore {
  const pods = objects.pods.map(toPodRow).sort((a, b) => a.name.localeCompare(b.name));
  const unready = workloads.filter((workload) => !isReady(workload, objects)).map(({ name }) => name);
  const areWorkloadsReady = unready.length === 0;
  if (!LIVING.has(phase)) {
    return { health: 'unknown', pods, reason: null, drift: null, areWorkloadsReady };
  }
  const drift = findDrift(workloads, objects);
  const reason = drift ?? (areWorkloadsReady ? null : describeUnready(unready, objects.pods));
  return { health: reason === null ? 'healthy' : 'degraded', pods, reason, drift, areWorkloadsReady };
}

function findDrift(workloads: readonly Workload[], objects: StoreObjects): string | null {
  const { namespace } = objects;
  if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) {
    return 'its namespace was deleted';
  }
  const missing = workloads.filter((workload) => find(workload, objects) === undefined);
  if (missing.length > 0) {
    return `missing: ${missing.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`;
  }
  return objects.ingresses.length === 0 ? 'its route is missing' : null;
}

function find(
  { kind, name }: Workload,
  { deployments, statefulSets }: StoreObjects,
): Deployment | StatefulSet | undefined {
  const candidates: readonly (Deployment | StatefulSet)[] = kind === 'Deployment' ? deployments : statefulSets;
  return candidates.find(({ metadata }) => metadata.name === name);
}

function isReady(workload: Workload, objects: StoreObjects): boolean {
  const found = find(workload, objects);
  return (
    found !== undefined &&
    (workload.kind === 'Deployment' ? isDeploymentReady(found as Deployment) : isStatefulSetReady(found as StatefulSet))
  );
}

function describeUnready(unready: readonly string[], pods: readonly Pod[]): string {
  const problem = pods.map((pod) => describePodProblem(pod)).find((sentence) => sentence !== null);
  return `not ready: ${unready.join(', ')}${problem === undefined ? '' : ` (${problem})`}`;
}

function toPodRow(pod: Pod): PodRow {
  const { metadata, spec, status } = pod;
  return {
    name: metadata.name,
    component: metadata.labels?.['app.kubernetes.io/component'] ?? null,
    podPhase: metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Terminating',
    ready: isPodReady(pod),
    restarts: countRestarts(pod),
    message: describePodProblem(pod),
    containers: (spec?.containers ?? []).map(({ name }) => name),
    startedAt: status?.startTime === undefined ? null : new Date(status.startTime).toISOString(),
  };
}
