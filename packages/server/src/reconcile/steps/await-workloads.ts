// Waits, by watching, until every workload of the engine is ready. What cannot heal by itself ends it early with the reason; the
// engine's own limit ends it late. A slow start gives the job back after a while, so that it does not hold a worker's place.
import { TerminalError } from '../../errors.ts';
import { followObjects } from '../../kube/follow-objects.ts';
import type { Kind } from '../../kube/kinds.ts';
import { DONE, type StepOutcome, waiting } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';
import { judgeWorkloads, type Problem, type Verdict } from '../workload-verdict.ts';

// The watch leader queues the job as soon as something moves; this is only for when nobody leads.
const RECHECK_MS = 5_000;

export async function awaitWorkloads(scope: StoreScope): Promise<StepOutcome> {
  if (scope.store.phase !== 'ready') {
    scope.announce();
  }
  const ended = new AbortController();
  const signal = AbortSignal.any([scope.lease.signal, scope.superseded, ended.signal]);
  try {
    const { shortestMs, workloadsMs } = scope.windows;
    const windowMs = Math.max(shortestMs, Math.min(workloadsMs, scope.provisionMsLeft()));
    const verdict = await watchUntilSettled(scope, signal, windowMs);
    if (verdict.missing.length === 0) {
      return DONE;
    }
    const reason = describeMissing(verdict);
    if (scope.provisionMsLeft() <= 0) {
      throw new TerminalError('provision_timeout', `not ready within its time: ${reason}`);
    }
    return waiting(RECHECK_MS, reason);
  } finally {
    ended.abort();
  }
}

/** Resolves when all is ready or the window closes; throws when a problem outlasts its patience. */
async function watchUntilSettled(scope: StoreScope, signal: AbortSignal, windowMs: number): Promise<Verdict> {
  // A signal that is aborted already tells no listener.
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
  const firstSeen = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let lastError: unknown;
  const closesAt = performance.now() + windowMs;
  const follow = <K extends Kind>(kind: K, fields?: string) =>
    followObjects(
      scope.kube,
      kind,
      { namespace: scope.namespace, ...(fields === undefined ? {} : { fields }) },
      {
        signal,
        onChange: look,
        onError: (error) => {
          lastError = error;
        },
      },
    );
  const deployments = follow('Deployment');
  const statefulSets = follow('StatefulSet');
  const pods = follow('Pod');
  const warnings = follow('Event', 'type=Warning');
  const isListed = () => [deployments, statefulSets, pods, warnings].every((followed) => followed.isListed());

  function look(): void {
    clearTimeout(timer);
    const now = performance.now();
    if (!isListed()) {
      // A cluster that cannot be read says nothing about the store.
      if (now >= closesAt) {
        reject(lastError ?? new Error('the cluster could not be watched'));
      } else {
        timer = setTimeout(look, closesAt - now);
      }
      return;
    }
    const verdict = judgeWorkloads(scope.engine.workloads(scope.store.plan), {
      deployments: deployments.items(),
      statefulSets: statefulSets.items(),
      pods: pods.items(),
      warnings: warnings.items(),
    });
    if (verdict.missing.length === 0 || now >= closesAt) {
      resolve(verdict);
      return;
    }
    scope.announce();
    // A shop that lives is not given up: its quota may refuse a new pod until an old one is gone, and its owner can mend the rest.
    const counted = scope.store.phase === 'ready' ? [] : verdict.problems;
    const dueAt = patienceEnds(counted, firstSeen, now);
    const over = dueAt.find(({ at }) => at <= now);
    if (over !== undefined) {
      reject(new TerminalError(over.problem.code, over.problem.message));
      return;
    }
    timer = setTimeout(look, Math.min(closesAt, ...dueAt.map(({ at }) => at)) - now);
  }

  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  look();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function patienceEnds(problems: readonly Problem[], firstSeen: Map<string, number>, now: number) {
  const present = new Set(problems.map(({ key }) => key));
  for (const key of firstSeen.keys()) {
    if (!present.has(key)) {
      firstSeen.delete(key);
    }
  }
  return problems.map((problem) => {
    const since = firstSeen.get(problem.key) ?? now;
    firstSeen.set(problem.key, since);
    return { problem, at: since + problem.patienceMs };
  });
}

function describeMissing({ missing, problems }: Verdict): string {
  const waitsFor = `waiting for ${missing.join(', ')}`;
  const problem = problems[0];
  return problem === undefined ? waitsFor : `${waitsFor}; ${problem.message}`;
}
