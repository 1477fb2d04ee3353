// "Why it failed", collected before the clean-up removes the evidence: the pods that are not ready with their last log lines, and the
// cluster's warnings. Values of the store's own Secrets are cut out of what pods print.
import { ADMIN_SECRET, INTERNAL_SECRET } from '../engines/engine.ts';
import type { ClusterEvent, Pod } from '../kube/kinds.ts';
import { containerStatuses, countRestarts, describePodProblem, isPodDone, isPodReady } from '../kube/readiness.ts';
import type { StoreScope } from './store-scope.ts';

const LOG_LINES = 25;
const LOG_CHARACTERS = 4_000;
const MOST_PODS = 5;
const MOST_WARNINGS = 10;
// Shorter values (ports, flags) occur in any log by chance.
const SHORTEST_SECRET = 8;

type DiagnosedScope = Pick<StoreScope, 'kube' | 'namespace' | 'lease'>;

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
    // Shortened only now: half of a secret at the edge would be one that nobody recognises.
    log: cutSecrets(await readLastLines(scope, pod), secrets).slice(-LOG_CHARACTERS),
  };
}

async function readLastLines({ kube, namespace, lease }: DiagnosedScope, pod: Pod): Promise<string> {
  const failing = containerStatuses(pod).find(({ ready, state }) => !ready && state?.terminated?.exitCode !== 0);
  // A container that waits to be started again has said why in its former run.
  const isBetweenRuns = failing?.state?.running === undefined && (failing?.restartCount ?? 0) > 0;
  const options = {
    tailLines: LOG_LINES,
    ...(failing === undefined ? {} : { container: failing.name }),
    ...(isBetweenRuns ? { previous: true } : {}),
  };
  try {
    const chunks = await kube.readLogs({ namespace, name: pod.metadata.name }, options, lease.signal);
    let text = '';
    for await (const chunk of chunks ?? []) {
      text += chunk;
    }
    return text;
  } catch {
    // A container that never ran has no log; the rest of the diagnosis is worth having all the same.
    return '';
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
