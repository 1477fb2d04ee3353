import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { inTransaction } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { waitUntil } from '../db/wait-until.ts';
import { LeaseLostError, TerminalError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { type JobAttempt, type JobHandler, ShutdownError } from './job-attempt.ts';
import { enqueueJob, type Job, listJobsOfSubject, type NewJob } from './job-queries.ts';
import { createJobRunner, type JobRunner, type JobRunnerOptions } from './run-jobs.ts';

const KIND = 'reconcile-store';
const completed: JobHandler = async () => ({ outcome: 'completed' });

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
}

describe('the job runner', () => {
  let database: TestDatabase;
  let runners: JobRunner[] = [];
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.close());
  beforeEach(() => sql`truncate jobs`.execute(database.db));
  afterEach(async () => {
    await Promise.all(runners.map((runner) => runner.stop(0)));
    runners = [];
  });

  function createRunner(handler: JobHandler, options: Partial<JobRunnerOptions> = {}): JobRunner {
    const runner = createJobRunner({
      databaseUrl: database.url,
      worker: `w${runners.length}`,
      concurrency: 4,
      totalLimit: 100,
      handlers: { [KIND]: handler },
      log: silentLog(),
      metrics: createMetrics('test'),
      firstRetryMs: 10,
      mostRetryMs: 20,
      ...options,
    });
    runners.push(runner);
    return runner;
  }
  const enqueue = (subject: string, more: Partial<NewJob> = {}): Promise<Job> =>
    inTransaction(database.db, (tx) => enqueueJob(tx, { kind: KIND, subject, fairGroup: 'a', ...more }));
  const read = async (subject: string): Promise<Job | undefined> =>
    (await listJobsOfSubject(database.db, subject, 1))[0];
  const hasState = (subject: string, state: Job['state']) => async (): Promise<boolean> =>
    (await read(subject))?.state === state;

  test('an idle runner starts a job within milliseconds of its request', async () => {
    const startedAt = new Map<string, number>();
    createRunner(async ({ job }) => {
      startedAt.set(job.subject, performance.now());
      return { outcome: 'completed' };
    }).start();
    await enqueue('warm-up');
    await waitUntil('it is warm', hasState('warm-up', 'completed'));
    const latencies: number[] = [];
    for (let index = 0; index < 40; index += 1) {
      const askedAt = performance.now();
      await enqueue(`s${index}`);
      const began = await waitUntil('it started', () => startedAt.get(`s${index}`));
      latencies.push(began - askedAt);
    }
    latencies.sort((a, b) => a - b);
    const [p50 = 0, p95 = 0] = [latencies[20], latencies[38]];
    console.log(`enqueue → start: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`);
    assert.ok(p50 < 200, `${p50} ms`);
  });

  test('a job leaves its place before its outcome is written, but no more jobs than places wait for that', async () => {
    const begun: string[] = [];
    for (const subject of ['a', 'b', 'c']) await enqueue(subject);
    await inTransaction(database.db, async (tx) => {
      const runner = createRunner(
        async ({ job }) => {
          // The outcomes of the first two wait for this lock.
          if (job.subject !== 'c') await sql`select from jobs where id = ${job.id} for update`.execute(tx);
          begun.push(job.subject);
          return { outcome: 'completed' };
        },
        { concurrency: 1 },
      );
      runner.start();
      await waitUntil('the second has begun', () => begun.length === 2);
      await delay(200);
      assert.deepEqual(begun, ['a', 'b']);
    });
    await waitUntil('the third is completed', hasState('c', 'completed'));
    assert.deepEqual(begun, ['a', 'b', 'c']);
  });

  test('a job whose notification is lost is found by polling', async () => {
    createRunner(completed).start();
    await enqueue('first');
    await waitUntil('the runner is idle', hasState('first', 'completed'));
    await sql`insert into jobs (id, kind, subject, fair_group) values ('job_aaaaaaaaaa', ${KIND}, 'unannounced', 'a')`.execute(
      database.db,
    );
    await waitUntil('it was found', hasState('unannounced', 'completed'), 3_000);
  });

  test('a waiting job is looked at again when it asked to be, not at the next poll', async () => {
    const at: number[] = [];
    createRunner(
      async () => {
        at.push(performance.now());
        return at.length < 4
          ? { outcome: 'waiting', recheckAfterMs: 50, reason: 'not there yet' }
          : { outcome: 'completed' };
      },
      { pollMs: 60_000 },
    ).start();
    await enqueue('s');
    await waitUntil('it is completed', hasState('s', 'completed'), 5_000);
    assert.ok((at[3] ?? 0) - (at[0] ?? 0) >= 150);
  });

  test('an ordinary error is tried again until it passes; a terminal one ends the job with its message', async () => {
    const attempts: number[] = [];
    createRunner(async ({ job }) => {
      if (job.subject === 'hopeless') {
        throw new TerminalError('image_missing', 'there is no image');
      }
      attempts.push(job.attempt);
      if (attempts.length < 3) {
        throw new Error('no luck');
      }
      return { outcome: 'completed' };
    }).start();
    await enqueue('s');
    await enqueue('hopeless');
    await waitUntil('the first passed', hasState('s', 'completed'));
    assert.deepEqual(attempts, [0, 1, 2]);
    await waitUntil('the other is discarded', hasState('hopeless', 'discarded'));
    assert.equal((await read('hopeless'))?.error, 'there is no image');
  });

  test('it never runs more attempts at once than it may', async () => {
    let running = 0;
    let most = 0;
    createRunner(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running -= 1;
        return { outcome: 'completed' };
      },
      { concurrency: 3 },
    ).start();
    await Promise.all(Array.from({ length: 20 }, (_, index) => enqueue(`s${index}`)));
    await waitUntil('all are done', async () => {
      const { rows } = await sql<{
        left: number;
      }>`select count(*) as left from jobs where state <> 'completed'`.execute(database.db);
      return rows[0]?.left === 0;
    });
    assert.equal(most, 3);
  });

  test('two runners share the work and no job runs in both', async () => {
    const ran: string[] = [];
    const handler: JobHandler = async ({ job, leaseOwner }) => {
      ran.push(`${job.subject} ${leaseOwner}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { outcome: 'completed' };
    };
    createRunner(handler).start();
    createRunner(handler).start();
    await Promise.all(Array.from({ length: 40 }, (_, index) => enqueue(`s${index}`)));
    await waitUntil('all ran', () => ran.length >= 40);
    assert.equal(ran.length, 40);
    assert.equal(new Set(ran.map((line) => line.split(' ')[1])).size, 2);
  });

  test('a wish that comes while the attempt runs is served by another one right after', async () => {
    let runs = 0;
    createRunner(async () => {
      runs += 1;
      if (runs === 1) {
        await enqueue('s');
      }
      return { outcome: 'completed' };
    }).start();
    await enqueue('s');
    await waitUntil('it ran twice', () => runs === 2);
    await waitUntil('it is completed', hasState('s', 'completed'));
  });

  test('an attempt outlives its first lease as long as the heartbeat goes on', async () => {
    createRunner(
      async ({ signal }) => {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        signal.throwIfAborted();
        return { outcome: 'completed' };
      },
      { heartbeatMs: 100, leaseMs: 300 },
    ).start();
    await enqueue('s');
    await waitUntil('it is completed', hasState('s', 'completed'), 5_000);
  });

  test('a lost lease aborts the attempt, and what it answers afterwards is not written', async () => {
    let reason: unknown;
    createRunner(
      async ({ signal }) => {
        await untilAborted(signal).catch((error: unknown) => {
          reason = error;
        });
        return { outcome: 'completed' };
      },
      { heartbeatMs: 50, leaseMs: 60_000 },
    ).start();
    await enqueue('s');
    await waitUntil('it runs', hasState('s', 'running'));
    await sql`update jobs set lease_owner = 'someone-else', fence = nextval('fences')`.execute(database.db);
    await waitUntil('it was aborted', () => reason);
    assert.ok(reason instanceof LeaseLostError);
    const { rows } = await sql<{
      owner: string;
    }>`select lease_owner as owner from jobs where state = 'running'`.execute(database.db);
    assert.equal(rows[0]?.owner, 'someone-else');
  });

  test('with the database out of reach the attempt is aborted before its lease can run out', async () => {
    let attempt: JobAttempt | undefined;
    let leftMs = -1;
    createRunner(
      async (given) => {
        attempt = given;
        await untilAborted(given.signal).catch(() => {
          leftMs = given.leaseMsLeft();
        });
        return { outcome: 'completed' };
      },
      { heartbeatMs: 100, leaseMs: 1_200 },
    ).start();
    await enqueue('s');
    await waitUntil('it runs', () => attempt);
    // A table lock keeps every heartbeat waiting, as a database that hangs would.
    const blocker = new pg.Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query('begin; lock table jobs in access exclusive mode');
    await waitUntil('it was aborted', () => leftMs >= 0, 5_000);
    assert.ok(leftMs > 0, `${leftMs} ms were left`);
    await blocker.query('rollback');
    await blocker.end();
  });

  test('killed backends cost no job and no outcome', async () => {
    let runs = 0;
    createRunner(async () => {
      runs += 1;
      const killer = new pg.Client({ connectionString: database.url });
      await killer.connect();
      await killer.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      await killer.end();
      return { outcome: 'completed' };
    }).start();
    await enqueue('s');
    await waitUntil('it is completed', () => hasState('s', 'completed')().catch(() => false), 8_000);
    assert.equal(runs, 1);
  });

  test('told to stop, it lets attempts end; what does not end is aborted and given back for another to continue at once', async () => {
    const seen: string[] = [];
    let reason: unknown;
    const first = createRunner(async ({ job, signal }) => {
      seen.push(job.subject);
      if (job.subject === 'quick') {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { outcome: 'completed' };
      }
      return untilAborted(signal).catch((error: unknown) => {
        reason = error;
        throw error;
      });
    });
    first.start();
    await enqueue('quick');
    await enqueue('long');
    await waitUntil('both run', () => seen.length === 2);
    await first.stop(300);
    assert.ok(reason instanceof ShutdownError);
    assert.equal((await read('quick'))?.state, 'completed');
    assert.equal((await read('long'))?.state, 'waiting');
    const second = createRunner(completed);
    assert.equal(await second.runOnce(), 1);
    assert.equal((await read('long'))?.state, 'completed');
  });
});
