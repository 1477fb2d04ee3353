// What the cluster's objects say about one store: its health, its pods as people see them, and what is missing. Pure.
import type { Health, Phase, Pod as PodRow } from '@souk/contract';
import { storableText } from '../db/storable-text.ts';
import type { Workload } from '../engines/engine.ts';
import { describePartsDrift, findWorkload } from '../engines/workload-drift.ts';
import { contains } from '../kube/contains.ts';
import type { Deployment, Kind, KubeObject, Manifest, NamespaceObject, Pod, StatefulSet } from '../kube/kinds.ts';
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
  readonly services: readonly KubeObject[];
  readonly ingresses: readonly KubeObject[];
  readonly pods: readonly Pod[];
  readonly claims: readonly KubeObject[];
  readonly guardrails: Readonly<Record<GuardrailKind, readonly KubeObject[]>>;
}

/** Guardrails that the watch sees. */
export const GUARDRAIL_KINDS = ['ResourceQuota', 'LimitRange', 'NetworkPolicy'] as const;
export type GuardrailKind = (typeof GUARDRAIL_KINDS)[number];

export interface WantedObject {
  readonly kind: Kind;
  readonly manifest: Manifest;
}

/** What a store should be like. */
export interface WantedStore {
  readonly phase: Phase;
  readonly workloads: readonly Workload[];
  readonly services: readonly string[];
  readonly guardrails: readonly WantedObject[];
  /** What its data is bound to; null and empty for a store that has none yet. */
  readonly anchors: { readonly namespaceUid: string | null; readonly claims: Readonly<Record<string, string>> };
}

export interface ObservedStore {
  readonly health: Health;
  readonly pods: readonly PodRow[];
  /** What keeps a living store from being healthy; null when it is, or when it does not live. */
  readonly reason: string | null;
  /** What was done behind the platform's back, and a reconcile must answer; null when all is as wanted. */
  readonly drift: string | null;
  readonly areWorkloadsReady: boolean;
}

/** Phases in which a shop is expected to work. */
const LIVING: ReadonlySet<Phase> = new Set(['ready', 'upgrading']);

/** `secretDrift`: what was found wrong with the store's Secrets, which the watch does not see. */
export function observeStore(wanted: WantedStore, objects: StoreObjects, secretDrift: string | null): ObservedStore {
  const { phase, workloads } = wanted;
  const pods = objects.pods.map(toPodRow).sort((a, b) => a.name.localeCompare(b.name));
  const unready = workloads.filter((workload) => !isReady(workload, objects)).map(({ name }) => name);
  const areWorkloadsReady = unready.length === 0;
  if (!LIVING.has(phase)) {
    return { health: 'unknown', pods, reason: null, drift: null, areWorkloadsReady };
  }
  const drift = findLoss(wanted, objects) ?? findDrift(wanted, objects) ?? secretDrift;
  const reason = drift ?? (areWorkloadsReady ? null : describeUnready(unready, objects.pods));
  return { health: reason === null ? 'healthy' : 'degraded', pods, reason, drift, areWorkloadsReady };
}

function findLoss({ anchors }: WantedStore, { namespace, claims }: StoreObjects): string | null {
  if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) {
    return 'its namespace was deleted';
  }
  if (anchors.namespaceUid !== null && anchors.namespaceUid !== namespace.metadata.uid) {
    return 'another namespace stands in its place';
  }
  const lost = Object.entries(anchors.claims).filter(([name, uid]) => {
    const found = claims.find(({ metadata }) => metadata.name === name);
    return found?.metadata.uid !== uid || found.metadata.deletionTimestamp !== undefined;
  });
  return lost.length === 0 ? null : `its volume claim ${lost.map(([name]) => name).join(', ')} was deleted`;
}

function findDrift({ guardrails, ...parts }: WantedStore, objects: StoreObjects): string | null {
  const drift = describePartsDrift(parts, objects);
  if (drift !== null) {
    return drift;
  }
  if (objects.ingresses.length === 0) {
    return 'its route is missing';
  }
  for (const { kind, manifest } of guardrails) {
    if (!isGuardrailKind(kind)) {
      continue;
    }
    const { name } = manifest.metadata;
    const found = objects.guardrails[kind].find(({ metadata }) => metadata.name === name);
    if (found === undefined) {
      return `${kind} ${name} was removed`;
    }
    if (!contains(found, manifest)) {
      return `${kind} ${name} was changed`;
    }
  }
  return null;
}

function isGuardrailKind(kind: Kind): kind is GuardrailKind {
  return (GUARDRAIL_KINDS as readonly Kind[]).includes(kind);
}

function isReady(workload: Workload, objects: StoreObjects): boolean {
  const found = findWorkload(workload, objects);
  return (
    found !== undefined &&
    (workload.kind === 'Deployment' ? isDeploymentReady(found as Deployment) : isStatefulSetReady(found as StatefulSet))
  );
}

function describeUnready(unready: readonly string[], pods: readonly Pod[]): string {
  const problem = pods.map((pod) => describePodProblem(pod)).find((sentence) => sentence !== null);
  return `not ready: ${unready.join(', ')}${problem === undefined ? '' : ` (${problem})`}`;
}

/** As the row will have it: what could not be kept would look changed each time. */
function storable(text: string | null): string | null {
  return text === null ? null : storableText(text);
}

function toPodRow(pod: Pod): PodRow {
  const { metadata, spec, status } = pod;
  return {
    name: metadata.name,
    component: metadata.labels?.['app.kubernetes.io/component'] ?? null,
    podPhase: metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Terminating',
    ready: isPodReady(pod),
    restarts: countRestarts(pod),
    message: storable(describePodProblem(pod)),
    containers: (spec?.containers ?? []).map(({ name }) => name),
    startedAt: status?.startTime === undefined ? null : new Date(status.startTime).toISOString(),
  };
}
