// Reads from what is in a namespace whether the workloads are ready, what is still missing, and what will not heal by itself. Pure.
import type { Workload } from '../engines/engine.ts';
import type { ClusterEvent, Deployment, Pod, StatefulSet } from '../kube/kinds.ts';
import { containerStatuses, describePodProblem, isDeploymentReady, isStatefulSetReady } from '../kube/readiness.ts';

export interface NamespaceView {
  readonly deployments: readonly Deployment[];
  readonly statefulSets: readonly StatefulSet[];
  readonly pods: readonly Pod[];
  readonly warnings: readonly ClusterEvent[];
}

export interface Problem {
  /** The same for as long as it is the same problem, while its message may change. */
  readonly key: string;
  readonly code: string;
  readonly message: string;
  /** Some problems pass: it counts only when it has been there for this long. */
  readonly patienceMs: number;
}

export interface Verdict {
  /** Names of the workloads that are not ready yet, in the engine's order. */
  readonly missing: readonly string[];
  readonly problems: readonly Problem[];
}

export function judgeWorkloads(workloads: readonly Workload[], view: NamespaceView): Verdict {
  const missing = workloads.filter((workload) => !isReady(workload, view)).map(({ name }) => name);
  const problems = missing.length === 0 ? [] : [...podProblems(view.pods), ...refusals(view)];
  return { missing, problems };
}

function isReady({ kind, name }: Workload, view: NamespaceView): boolean {
  if (kind === 'Deployment') {
    const found = view.deployments.find(({ metadata }) => metadata.name === name);
    return found !== undefined && isDeploymentReady(found);
  }
  const found = view.statefulSets.find(({ metadata }) => metadata.name === name);
  return found !== undefined && isStatefulSetReady(found);
}

// A missing image or a bad name stays wrong; a registry that is away for a moment may come back.
const IMAGE_IS_MISSING = /not found|denied|unauthorized|forbidden|invalid|never|no such host|manifest unknown/i;
const IMAGE_REASONS: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ErrImageNeverPull',
]);
const BROKEN_SPEC_REASONS: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);
// The kubelet waits 10, 20, then 40 s between starts: the third crash means a minute of trying.
const CRASHES_TO_GIVE_UP = 3;

function podProblems(pods: readonly Pod[]): Problem[] {
  return pods.flatMap((pod) => {
    const sentence = describePodProblem(pod);
    if (sentence === null || pod.metadata.deletionTimestamp !== undefined) {
      return [];
    }
    const message = `pod ${pod.metadata.name}: ${sentence}`;
    return containerStatuses(pod).flatMap(({ name, state, restartCount }): Problem[] => {
      const reason = state?.waiting?.reason ?? '';
      const problem = (code: string, patienceMs: number): Problem[] => [
        { key: `${code} ${pod.metadata.name} ${name}`, code, message, patienceMs },
      ];
      if (IMAGE_REASONS.has(reason)) {
        const isHopeless = IMAGE_IS_MISSING.test(`${reason} ${state?.waiting?.message ?? ''}`);
        return problem('image_unavailable', isHopeless ? 5_000 : 50_000);
      }
      if (BROKEN_SPEC_REASONS.has(reason)) {
        return problem('container_refused', 20_000);
      }
      const isCrashing = reason === 'CrashLoopBackOff' && restartCount >= CRASHES_TO_GIVE_UP;
      return isCrashing ? problem('crash_loop', 0) : [];
    });
  });
}

// What admission refuses: the plan's quota, the container limits, Pod Security. Pods of a former release that are still ending
// count against the quota too, hence the patience.
const REFUSALS: readonly { readonly pattern: RegExp; readonly code: string; readonly patienceMs: number }[] = [
  { pattern: /exceeded quota/, code: 'plan_exceeded', patienceMs: 20_000 },
  { pattern: /violates PodSecurity/, code: 'pod_refused', patienceMs: 5_000 },
  { pattern: /(maximum|minimum) .* usage per/, code: 'plan_exceeded', patienceMs: 5_000 },
];

function refusals({ warnings, pods }: NamespaceView): Problem[] {
  // Events outlive what they tell of: once the object has a pod, its earlier refusals are history.
  const owners = new Set(pods.flatMap(({ metadata }) => (metadata.ownerReferences ?? []).map(({ name }) => name)));
  return warnings.flatMap(({ reason, message = '', involvedObject }) => {
    const isOver = owners.has(involvedObject.name ?? '') || reason !== 'FailedCreate';
    const refusal = isOver ? undefined : REFUSALS.find(({ pattern }) => pattern.test(message));
    const about = `${involvedObject.kind} ${involvedObject.name}`;
    return refusal === undefined
      ? []
      : [
          {
            key: `${refusal.code} ${about}`,
            code: refusal.code,
            message: `${about} may not start its pods: ${message}`,
            patienceMs: refusal.patienceMs,
          },
        ];
  });
}
