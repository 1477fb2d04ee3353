// What a step is, and the three ways out of it. `done` goes on to the next step. `waiting` ends the attempt without cost: the world
// needs time. Throwing ends it too: a TerminalError for good, any other error until it is tried again.
import type { StoreScope } from './store-scope.ts';

export interface Waiting {
  readonly outcome: 'waiting';
  readonly recheckAfterMs: number;
  /** In human words, without a full stop. */
  readonly reason: string;
}

export type StepOutcome = { readonly outcome: 'done' } | Waiting;

/** A step looks before it acts, and may be run at any time, any number of times. Its function's name is its name. */
export type Step = (scope: StoreScope) => Promise<StepOutcome>;

export const DONE: StepOutcome = { outcome: 'done' };

export function waiting(recheckAfterMs: number, reason: string): Waiting {
  return { outcome: 'waiting', recheckAfterMs, reason };
}
