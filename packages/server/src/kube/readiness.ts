// What the status of an object says: whether it is ready, and in human words what keeps it from being so. Pure.
import type { ContainerStatus, Deployment, Pod, StatefulSet } from './kinds.ts';

export function isDeploymentReady({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec?.replicas ?? 1;
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.availableReplicas ?? 0) >= wanted &&
    // Pods of an older revision still answer requests until they are gone.
    (status?.replicas ?? 0) <= (status?.updatedReplicas ?? 0)
  );
}

export function isStatefulSetReady({ metadata, spec, status }: StatefulSet): boolean {
  const wanted = spec?.replicas ?? 1;
  const isRolling = spec?.updateStrategy?.type !== 'OnDelete';
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.readyReplicas ?? 0) >= wanted &&
    (!isRolling || (status?.updatedReplicas ?? 0) >= wanted)
  );
}

export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** A pod that ended well (of a Job) is done and not broken. */
export function isPodDone(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded';
}

export function containerStatuses(pod: Pod): readonly ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

export function countRestarts(pod: Pod): number {
  return containerStatuses(pod).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** Why a pod is not ready, in one sentence without a full stop; null when it is ready, done, or simply starting. */
export function describePodProblem(pod: Pod): string | null {
  if (isPodReady(pod) || isPodDone(pod)) {
    return null;
  }
  for (const { name, state, lastState, restartCount } of containerStatuses(pod)) {
    const { waiting, terminated } = state ?? {};
    if (waiting?.reason === 'CrashLoopBackOff') {
      const ended = lastState?.terminated;
      const how = ended?.reason === 'OOMKilled' ? 'it ran out of memory' : `exit code ${ended?.exitCode ?? 'unknown'}`;
      return `container ${name} ended ${restartCount + 1} times (${how})`;
    }
    if (waiting?.reason === 'ErrImagePull' || waiting?.reason === 'ImagePullBackOff') {
      return `the image of container ${name} cannot be had: ${waiting.message ?? waiting.reason}`;
    }
    if (waiting?.reason !== undefined && !STARTING_REASONS.has(waiting.reason)) {
      return `container ${name} cannot start: ${waiting.message ?? waiting.reason}`;
    }
    if (terminated !== undefined && terminated.exitCode !== 0) {
      return `container ${name} ended with exit code ${terminated.exitCode ?? 'unknown'}`;
    }
  }
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unscheduled !== undefined) {
    return `no node takes it: ${unscheduled.message ?? unscheduled.reason ?? 'unknown reason'}`;
  }
  return pod.status?.phase === 'Failed' ? (pod.status.message ?? pod.status.reason ?? 'it failed') : null;
}

const STARTING_REASONS: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);
