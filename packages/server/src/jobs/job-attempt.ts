// What a handler is given and what it answers. The queue knows no store: a handler makes of the subject what it will.

export interface JobAttempt {
  /** `attempt` counts the failed attempts before this one. */
  readonly job: { readonly id: string; readonly kind: string; readonly subject: string; readonly attempt: number };
  /** Higher than that of every earlier attempt at anything; compare it in every write of this attempt. */
  readonly fence: number;
  readonly leaseOwner: string;
  /** The worker that fell silent in the middle of it; null where the attempt before came to its end, or there was none. */
  readonly takenOverFrom: string | null;
  /** Aborted when the lease is lost (reason: LeaseLostError), or about to be, and on shutdown (reason: ShutdownError). */
  readonly signal: AbortSignal;
  /** Milliseconds of lease that are certainly left, by this machine's monotonic clock. */
  leaseMsLeft(): number;
}

export type JobOutcome =
  | { readonly outcome: 'completed' }
  /** Nothing went wrong, something is not there yet. Costs no attempt. */
  | { readonly outcome: 'waiting'; readonly recheckAfterMs: number; readonly reason: string };

/** Throwing a TerminalError discards the job; throwing anything else has it tried again with back-off. */
export type JobHandler = (attempt: JobAttempt) => Promise<JobOutcome>;

export class ShutdownError extends Error {
  override readonly name = 'ShutdownError';
}
