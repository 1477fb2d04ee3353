// One attempt: handler → outcome → one fenced write. The outcome is written as long as the lease lives, through database restarts;
// once the lease is lost nothing is written, and the successor decides.
import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from '../db/connection-loss.ts';
import type { Db } from '../db/database.ts';
import { LeaseLostError, messageOf, TerminalError } from '../errors.ts';
import { withFailpoints } from '../failpoint.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { CompleteJob } from './complete-together.ts';
import { type JobAttempt, type JobHandler, type JobOutcome, ShutdownError } from './job-attempt.ts';
import { type ClaimedJob, discardJob, parkJob, releaseJob, retryJob } from './job-queries.ts';
import type { HeldLease } from './lease-keeper.ts';

export interface AttemptContext {
  readonly db: Db;
  readonly complete: CompleteJob;
  readonly worker: string;
  readonly handlers: Readonly<Record<string, JobHandler>>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly retry: { readonly firstMs: number; readonly mostMs: number };
}

type Ending =
  | JobOutcome
  | { readonly outcome: 'discarded'; readonly error: unknown }
  | { readonly outcome: 'retried'; readonly error: unknown }
  | { readonly outcome: 'released' }
  | { readonly outcome: 'lost' };

/** `onHandled` is called once, when the handler is through and only its outcome is left to write. */
export async function runAttempt(
  context: AttemptContext,
  job: ClaimedJob,
  lease: HeldLease,
  onHandled: () => void,
): Promise<void> {
  const startedAt = performance.now();
  const log = context.log.child({ jobId: job.id, kind: job.kind, subject: job.subject, fence: job.fence });
  const ending = await runHandler(context, job, lease);
  onHandled();
  const isWritten = ending.outcome !== 'lost' && (await writeEnding(context, job, lease, ending, log));
  const outcome = isWritten ? ending.outcome : 'lost';
  const durationMs = performance.now() - startedAt;
  context.metrics.jobAttemptSeconds.observe({ kind: job.kind, outcome }, durationMs / 1000);
  if (outcome === 'lost') {
    context.metrics.leasesLost.inc();
  }
  log.info(
    {
      outcome,
      attempt: job.attempt,
      waitedMs: Math.round(job.waitedMs),
      durationMs: Math.round(durationMs),
      ...(job.takenOverFrom !== null && { takenOverFrom: job.takenOverFrom }),
      ...('reason' in ending && { reason: ending.reason }),
      ...('error' in ending && { err: ending.error }),
    },
    'job attempt',
  );
}

async function runHandler(context: AttemptContext, job: ClaimedJob, lease: HeldLease): Promise<Ending> {
  const { signal } = lease.controller;
  const attempt: JobAttempt = {
    job: { id: job.id, kind: job.kind, subject: job.subject, attempt: job.attempt },
    fence: job.fence,
    leaseOwner: context.worker,
    takenOverFrom: job.takenOverFrom,
    signal,
    leaseMsLeft: () => lease.leftMs(),
  };
  try {
    const handler = context.handlers[job.kind];
    if (handler === undefined) {
      throw new TerminalError('unknown_kind', `no handler for jobs of kind ${job.kind}`);
    }
    return await handler(attempt);
  } catch (error) {
    if (signal.aborted) {
      return { outcome: signal.reason instanceof ShutdownError ? 'released' : 'lost' };
    }
    if (error instanceof LeaseLostError) {
      return { outcome: 'lost' };
    }
    return { outcome: error instanceof TerminalError ? 'discarded' : 'retried', error };
  }
}

async function writeEnding(
  context: AttemptContext,
  job: ClaimedJob,
  lease: HeldLease,
  ending: Exclude<Ending, { outcome: 'lost' }>,
  log: Log,
): Promise<boolean> {
  for (let tries = 1; lease.leftMs() > 0; tries += 1) {
    try {
      return await withFailpoints('record-job-outcome', () => writeOnce(context, job, lease, ending));
    } catch (error) {
      log.warn({ reason: messageOf(error), tries }, 'the outcome of an attempt could not be written; trying again');
      await delay(backOffMs(tries, 50, 1_000));
    }
  }
  return false;
}

function writeOnce(
  { db, complete, retry }: AttemptContext,
  job: ClaimedJob,
  lease: HeldLease,
  ending: Exclude<Ending, { outcome: 'lost' }>,
): Promise<boolean> {
  switch (ending.outcome) {
    case 'completed':
      return complete({ jobId: lease.jobId, fence: lease.fence });
    case 'waiting':
      return parkJob(db, lease, ending.recheckAfterMs);
    case 'discarded':
      return discardJob(db, lease, messageOf(ending.error));
    case 'retried':
      return retryJob(db, lease, {
        afterMs: backOffMs(job.attempt + 1, retry.firstMs, retry.mostMs),
        error: messageOf(ending.error),
      });
    case 'released':
      return releaseJob(db, lease);
  }
}
