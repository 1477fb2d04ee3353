// The bracket round each step: it writes the timeline that people read, and measures. A step that finds everything as it should be
// leaves no trace; one that acts or waits is announced when it begins to, and ends as completed or failed with its duration. What
// attempt after attempt finds again is told once.
import type { EventType } from '@souk/contract';
import { LeaseLostError, messageOf } from '../errors.ts';
import { appendEvent, appendUnlessTold } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import { type ActionLease, throwIfLeaseLost } from '../helm/helm.ts';
import { type AttemptScope, eventOf, writeUnderFence } from './attempt-scope.ts';
import { type Step, type StepOutcome, type Waiting, waiting } from './step.ts';
import { STEP_WORDS } from './step-words.ts';

export const SUPERSEDED = 'the store is wanted otherwise by now';

/** An error, with the name of the step that it ended. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly step: string;

  constructor(step: string, cause: unknown) {
    super(messageOf(cause), { cause });
    this.step = step;
  }
}

/** `step`: the one that waits; null where none does, because the store is wanted otherwise. */
export type StepsOutcome = { readonly outcome: 'done' } | (Waiting & { readonly step: string | null });

/** Runs the steps in order, until one waits or throws, or the store is wanted otherwise. What a step throws comes out as the cause of a StepError. */
export async function runSteps(scope: AttemptScope, steps: readonly Step[]): Promise<StepsOutcome> {
  for (const step of steps) {
    if (scope.superseded.aborted) {
      return { ...waiting(0, SUPERSEDED), step: null };
    }
    const outcome = await runStep(scope, step);
    if (outcome.outcome === 'waiting') {
      return { ...outcome, step: step.name };
    }
  }
  return { outcome: 'done' };
}

async function runStep(scope: AttemptScope, step: Step): Promise<StepOutcome> {
  const startedAt = performance.now();
  // Written while the step already works: the timeline must not slow down what it tells of.
  let announcement: Promise<void> | null = null;
  const announce = (): void => {
    announcement ??= recordStep(scope, 'store.step_started', step.name, STEP_WORDS[step.name]?.doing ?? step.name);
    // It is awaited before the step's end is written; until then nobody may take its failure for unhandled.
    announcement.catch(() => undefined);
  };
  const effects: string[] = [];
  const act = async <T>(effect: string, run: () => Promise<T>): Promise<T> => {
    // From the second effect on the timeline has the step's begin, and the fence has been compared.
    await announcement;
    announce();
    effects.push(effect);
    scope.progress.hasActed = true;
    return await performEffect(scope.lease, effect, run);
  };
  try {
    const outcome = await step({ ...scope, act, announce, hasActed: () => scope.progress.hasActed });
    await announcement;
    if (outcome.outcome === 'done' && announcement !== null) {
      const durationMs = performance.now() - startedAt;
      const words = STEP_WORDS[step.name]?.done ?? step.name;
      await recordStep(scope, 'store.step_completed', step.name, words, { durationMs, effects });
    }
    observe(scope, step.name, outcome.outcome, startedAt);
    return outcome;
  } catch (error) {
    scope.lease.signal.throwIfAborted();
    if (!scope.superseded.aborted && !(error instanceof LeaseLostError)) {
      observe(scope, step.name, 'failed', startedAt);
      // Its own failure would only hide the step's.
      await Promise.allSettled([announcement]);
      await recordStep(scope, 'store.step_failed', step.name, messageOf(error), {
        durationMs: performance.now() - startedAt,
        effects,
      });
    }
    throw new StepError(step.name, error);
  }
}

/** Nothing is done to the world without a lease, nor outside its two failpoints. */
async function performEffect<T>(lease: ActionLease, effect: string, run: () => Promise<T>): Promise<T> {
  return await withFailpoints(effect, async () => {
    throwIfLeaseLost(lease);
    return await run();
  });
}

function observe({ metrics, engine }: AttemptScope, step: string, outcome: string, startedAt: number): void {
  metrics.stepSeconds.observe({ engine: engine.name, step, outcome }, (performance.now() - startedAt) / 1000);
}

interface StepEnd {
  readonly durationMs: number;
  /** What was done to the outside world, by the names between whose failpoints it was done. */
  readonly effects: readonly string[];
}

async function recordStep(
  scope: AttemptScope,
  type: EventType,
  step: string,
  message: string,
  end?: StepEnd,
): Promise<void> {
  const event = { ...eventOf(scope, type, message), step };
  const ended = end === undefined ? {} : { durationMs: end.durationMs, details: { effects: end.effects } };
  const append = type === 'store.step_completed' ? appendEvent : appendUnlessTold;
  await writeUnderFence(scope, 'record-step', (tx) => append(tx, { ...event, ...ended }));
}
