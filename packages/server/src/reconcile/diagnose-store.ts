// "Why it failed", collected before the clean-up removes the evidence: the pods that are not ready with their last log lines, and the
// cluster's warnings. Values of the store's own Secrets are cut out of what pods print.
import { ADMIN_SECRET, INTERNAL_SECRET } from '../engines/engine.ts';
import { messageOf } from '../errors.ts';
import type { ClusterEvent, Pod } from '../kube/kinds.ts';
import { isKubeError } from '../kube/kube-error.ts';
import { containerStatuses, countRestarts, describePodProblem, isPodDone, isPodReady } from '../kube/readiness.ts';
import type { StoreScope } from './store-scope.ts';

const LOG_LINES = 25;
const LOG_CHARACTERS = 4_000;
// Twenty-five lines may be as long as a container likes.
const READ_CHARACTERS = 64 * 1024;
const MOST_PODS = 5;
const MOST_WARNINGS = 10;
// Shorter values (ports, flags) occur in any log by chance.
const SHORTEST_SECRET = 8;

type DiagnosedScope = Pick<StoreScope, 'kube' | 'namespace' | 'lease' | 'windows'>;

export interface Diagnosis {
  readonly pods: readonly PodDiagnosis[];
  readonly warnings: readonly string[];
}

interface PodDiagnosis {
  readonly name: string;
  readonly problem: string;
  readonly restarts: number;
  readonly log: string;
}

export async function diagnoseStore(scope: DiagnosedScope): Promise<Diagnosis> {
  const { kube, namespace, lease } = scope;
  const [pods, events, secrets] = await Promise.all([
    kube.list('Pod', { namespace }, lease.signal),
    kube.list('Event', { namespace, fields: 'type=Warning' }, lease.signal),
    readSecretValues(scope),
  ]);
  const sick = pods.items.filter((pod) => !isPodReady(pod) && !isPodDone(pod)).slice(0, MOST_PODS);
  const diagnosed = await Promise.all(sick.map((pod) => diagnosePod(scope, pod, secrets)));
  return { pods: diagnosed, warnings: newestWarnings(events.items) };
}

async function diagnosePod(scope: DiagnosedScope, pod: Pod, secrets: readonly string[]): Promise<PodDiagnosis> {
  return {
    name: pod.metadata.name,
    problem: describePodProblem(pod) ?? 'not ready yet',
    restarts: countRestarts(pod),
    log: await readLastLines(scope, pod, secrets),
  };
}

async function readLastLines(
  { kube, namespace, lease, windows }: DiagnosedScope,
  pod: Pod,
  secrets: readonly string[],
): Promise<string> {
  const failing = containerStatuses(pod).find(({ ready, state }) => !ready && state?.terminated?.exitCode !== 0);
  // A container that waits to be started again has said why in its former run.
  const isBetweenRuns = failing?.state?.running === undefined && (failing?.restartCount ?? 0) > 0;
  const options = {
    tailLines: LOG_LINES,
    ...(failing === undefined ? {} : { container: failing.name }),
    ...(isBetweenRuns ? { previous: true } : {}),
  };
  const signal = AbortSignal.any([lease.signal, AbortSignal.timeout(windows.logMs)]);
  try {
    const chunks = await kube.readLogs({ namespace, name: pod.metadata.name }, options, signal);
    let text = '';
    let isShortened = false;
    for await (const chunk of chunks ?? []) {
      text += chunk;
      isShortened ||= text.length > READ_CHARACTERS;
      text = text.slice(-READ_CHARACTERS);
    }
    // Half of a secret at an edge is one that nobody recognises: so what may be half of one goes, and the rest is shortened last.
    const edge = isShortened ? Math.max(0, ...secrets.map((secret) => secret.length)) : 0;
    return cutSecrets(text, secrets).slice(edge).slice(-LOG_CHARACTERS);
  } catch (error) {
    lease.signal.throwIfAborted();
    // A container that never ran has no log. The rest of the diagnosis is worth having all the same.
    return isKubeError(error, 400) ? '' : `[the log could not be read: ${messageOf(error)}]`;
  }
}

async function readSecretValues({ kube, namespace, lease }: DiagnosedScope): Promise<readonly string[]> {
  const secrets = await Promise.all(
    [ADMIN_SECRET, INTERNAL_SECRET].map((name) => kube.readSecret({ name, namespace }, lease.signal)),
  );
  return secrets.flatMap((secret) => Object.values(secret ?? {})).filter((value) => value.length >= SHORTEST_SECRET);
}

function cutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((cut, secret) => cut.replaceAll(secret, '[cut]'), text);
}

function newestWarnings(events: readonly ClusterEvent[]): readonly string[] {
  const at = ({ lastTimestamp, eventTime, metadata }: ClusterEvent) =>
    lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return [...events]
    .sort((a, b) => at(b).localeCompare(at(a)))
    .slice(0, MOST_WARNINGS)
    .map(
      ({ involvedObject, reason, message }) => `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`,
    );
}
