// The loop that claims due jobs and runs their handlers. Promises: an attempt runs only under a live lease; its outcome is written
// once or not at all; nothing the database does (restart, exhaustion, a killed backend) ends the loop or loses a job.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { backOffMs } from '../db/connection-loss.ts';
import { openDatabase } from '../db/database.ts';
import { type Listener, listen } from '../db/listen.ts';
import { createWake } from '../db/wake.ts';
import { messageOf } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createCompleter } from './complete-together.ts';
import { type JobHandler, ShutdownError } from './job-attempt.ts';
import { type ClaimedJob, claimJobs, JOBS_CHANNEL, readNextDueMs } from './job-queries.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { type AttemptContext, runAttempt } from './run-attempt.ts';
import { forgetWorker } from './worker-queries.ts';

export interface JobRunnerOptions {
  /** The queue has connections of its own, so that handlers cannot starve heartbeats and outcomes. */
  readonly databaseUrl: string;
  /** Unique among live workers, e.g. host name, process id and something random. */
  readonly worker: string;
  readonly concurrency: number;
  /** How many limited jobs may be under way at once over all groups and workers. */
  readonly totalLimit: number;
  readonly handlers: Readonly<Record<string, JobHandler>>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
  readonly leaseMs?: number;
  readonly firstRetryMs?: number;
  readonly mostRetryMs?: number;
}

export interface JobRunner {
  start(): void;
  /** One claim and all that it claimed, to the end; answers how many attempts that were. */
  runOnce(): Promise<number>;
  /** Claims no more, lets attempts end for `deadlineMs`, then aborts them and gives their jobs back at once. */
  stop(deadlineMs: number): Promise<void>;
}

interface Claim {
  readonly attempts: readonly Promise<void>[];
  /** The database's time of the claim; null where there was no room for one. */
  readonly at: string | null;
}

const POLL_MS = 1_000;
// A due job whose row is locked for a moment must not make the loop spin.
const LEAST_PAUSE_MS = 5;
const ABORTED_GRACE_MS = 2_000;

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { worker, concurrency, log, metrics } = options;
  const kinds = Object.keys(options.handlers);
  const pollMs = options.pollMs ?? POLL_MS;
  const common = { url: options.databaseUrl, log };
  const queue = openDatabase({
    ...common,
    maxConnections: 4,
    keepsPlans: true,
    applicationName: `souk jobs ${worker}`,
  });
  const beats = openDatabase({
    ...common,
    maxConnections: 1,
    applicationName: `souk beat ${worker}`,
    connectPatienceMs: 1_000,
  });
  const keeper = createLeaseKeeper({
    db: beats.db,
    worker,
    log,
    ...(options.heartbeatMs !== undefined && { heartbeatMs: options.heartbeatMs }),
    ...(options.leaseMs !== undefined && { leaseMs: options.leaseMs }),
  });
  const completer = createCompleter(queue.db);
  const context: AttemptContext = {
    db: queue.db,
    complete: completer.complete,
    worker,
    handlers: options.handlers,
    log,
    metrics,
    retry: { firstMs: options.firstRetryMs ?? 1_000, mostMs: options.mostRetryMs ?? 60_000 },
  };
  const wake = createWake();
  const running = new Map<Promise<void>, AbortController>();
  let handling = 0;
  let listener: Listener | undefined;
  let looping: Promise<void> | undefined;
  let isStopping = false;

  /** A handler that is through has left its place: the next one starts while its outcome is written. As many may wait for that. */
  function freePlaces(): number {
    return Math.min(concurrency - handling, 2 * concurrency - running.size);
  }

  async function claim(): Promise<Claim> {
    // Handlers that end together leave their places, and their endings, together.
    await nextTurn();
    const count = freePlaces();
    if (count <= 0) {
      return { attempts: [], at: null };
    }
    await failpoint('before-claim-jobs');
    const claimedAt = performance.now();
    const wanted = { worker, kinds, count, leaseMs: keeper.leaseMs, totalLimit: options.totalLimit };
    const { at, jobs } = await completer.takeAlong((endings) => claimJobs(queue.inOneTrip, wanted, endings));
    if (jobs.length > 0) {
      await failpoint('after-claim-jobs');
    }
    return { at, attempts: jobs.map((job) => launch(job, claimedAt)) };
  }

  function launch(job: ClaimedJob, claimedAt: number): Promise<void> {
    metrics.jobStartSeconds.observe({ kind: job.kind }, job.waitedMs / 1000);
    if (job.takenOverFrom !== null) {
      metrics.jobsTakenOver.inc({ kind: job.kind });
    }
    const lease = keeper.hold({ jobId: job.id, fence: job.fence }, claimedAt);
    handling += 1;
    const attempt = runAttempt(context, job, lease, () => {
      handling -= 1;
      wake.set();
    }).finally(() => {
      lease.drop();
      running.delete(attempt);
      wake.set();
    });
    running.set(attempt, lease.controller);
    return attempt;
  }

  async function readPauseMs({ attempts, at }: Claim): Promise<number> {
    if (at === null || freePlaces() <= 0) {
      return pollMs;
    }
    if (attempts.length > 0) {
      return 0;
    }
    const dueMs = await readNextDueMs(queue.db, kinds, at);
    // The jitter keeps many idle workers from asking in the same instant.
    const idleMs = pollMs * (0.7 + Math.random() * 0.3);
    return dueMs === null ? idleMs : Math.min(idleMs, Math.max(LEAST_PAUSE_MS, dueMs + 1));
  }

  async function loop(): Promise<void> {
    let failures = 0;
    while (!isStopping) {
      let pauseMs: number;
      wake.clear();
      try {
        pauseMs = await readPauseMs(await claim());
        failures = 0;
      } catch (error) {
        failures += 1;
        pauseMs = backOffMs(failures, 100, 2_000);
        log.warn({ reason: messageOf(error) }, 'jobs could not be claimed; trying again');
      }
      await wake.wait(pauseMs);
    }
  }

  return {
    start() {
      keeper.start();
      listener ??= listen({
        url: options.databaseUrl,
        channels: [JOBS_CHANNEL],
        onNotification: wake.set,
        onConnected: wake.set,
        log,
      });
      looping ??= loop();
    },
    async runOnce() {
      const { attempts } = await claim();
      await Promise.all(attempts);
      return attempts.length;
    },
    async stop(deadlineMs) {
      isStopping = true;
      wake.set();
      await looping;
      await settledWithin([...running.keys()], deadlineMs);
      for (const controller of running.values()) {
        controller.abort(new ShutdownError('the worker is shutting down'));
      }
      // An attempt that does not end now keeps its lease: given back, it would run twice at once.
      await settledWithin([...running.keys()], ABORTED_GRACE_MS);
      await listener?.close();
      await keeper.stop();
      // Only for people's eyes; a worker that cannot say goodbye is forgotten by its silence.
      await forgetWorker(beats.db, worker).catch(() => undefined);
      await Promise.all([queue.close(), beats.close()]);
    },
  };
}

async function settledWithin(attempts: readonly Promise<void>[], withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, withinMs);
  });
  await Promise.race([Promise.allSettled(attempts), timeout]);
  clearTimeout(timer);
}
