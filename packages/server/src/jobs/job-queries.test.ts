import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction, openDatabase, type Tx } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { waitUntil } from '../db/wait-until.ts';
import { silentLog } from '../log.ts';
import { createCompleter } from './complete-together.ts';
import {
  type ClaimedJob,
  type ClaimRequest,
  claimJobs,
  claimStatement,
  completeJob,
  deleteFinishedJobs,
  discardJob,
  enqueueJob,
  type Job,
  listJobsOfSubject,
  type NewJob,
  parkJob,
  readNextDueMs,
  releaseJob,
  renewLeases,
  retryJob,
  takeTurn,
} from './job-queries.ts';

const KIND = 'reconcile-store';
const LEASE_MS = 60_000;

describe('the queue', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase({ maxConnections: 40 });
  });
  after(() => database.close());
  beforeEach(() => sql`truncate jobs`.execute(database.db));

  const enqueue = (subject: string, more: Partial<NewJob> = {}): Promise<Job> =>
    inTransaction(database.db, (tx) => enqueueJob(tx, { kind: KIND, subject, fairGroup: 'a', ...more }));
  const request = (count: number, more: Partial<ClaimRequest> = {}): ClaimRequest => ({
    ...{ worker: 'w1', kinds: [KIND], count, leaseMs: LEASE_MS, totalLimit: 100 },
    ...more,
  });
  const claim = async (count: number, more: Partial<ClaimRequest> = {}): Promise<readonly ClaimedJob[]> =>
    (await claimJobs(database.inOneTrip, request(count, more))).jobs;
  const claimWithin = async (tx: Tx, count: number): Promise<readonly ClaimedJob[]> => {
    await takeTurn.execute(tx);
    return (await claimStatement(request(count)).execute(tx)).rows;
  };
  const leaseOf = (job: ClaimedJob | undefined) => ({ jobId: job?.id ?? '', fence: job?.fence ?? 0 });
  const read = async (subject: string): Promise<Job | undefined> =>
    (await listJobsOfSubject(database.db, subject, 1))[0];
  const expireLeases = () => sql`update jobs set lease_expires_at = now() where state = 'running'`.execute(database.db);

  test('a second request for a subject joins its live job', async () => {
    const first = await enqueue('s');
    const second = await enqueue('s');
    assert.equal(second.id, first.id);
  });

  test('a hundred concurrent requests for one subject make one job', async () => {
    const jobs = await Promise.all(Array.from({ length: 100 }, () => enqueue('s')));
    assert.equal(new Set(jobs.map((job) => job.id)).size, 1);
  });

  test('a request that is rolled back leaves no job', async () => {
    const failing = inTransaction(database.db, async (tx) => {
      await enqueueJob(tx, { kind: KIND, subject: 's', fairGroup: 'a' });
      throw new Error('changed my mind');
    });
    await assert.rejects(failing);
    assert.equal(await read('s'), undefined);
  });

  test('a job that is due later is not claimed before, and a request for now makes it due', async () => {
    await enqueue('s', { runAt: new Date(Date.now() + 60_000) });
    assert.equal((await claim(1)).length, 0);
    await enqueue('s');
    assert.equal((await claim(1)).length, 1);
  });

  test('many concurrent claims share the jobs without giving one out twice', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => enqueue(`s${index}`)));
    const claimed = (await Promise.all(Array.from({ length: 20 }, () => claim(4)))).flat();
    assert.equal(claimed.length, 50);
    assert.equal(new Set(claimed.map((job) => job.id)).size, 50);
    assert.equal(new Set(claimed.map((job) => job.fence)).size, 50);
  });

  test('the job of a live lease is not claimed; that of an expired one is, under a higher fence', async () => {
    await enqueue('s');
    const [first] = await claim(1);
    assert.equal((await claim(1)).length, 0);
    await expireLeases();
    const [second] = await claim(1, { worker: 'w2' });
    assert.equal(second?.id, first?.id);
    assert.equal(second?.takenOverFrom, 'w1');
    assert.ok((second?.fence ?? 0) > (first?.fence ?? 0));
  });

  test('after a take-over the former holder can write no outcome of any sort', async () => {
    await enqueue('s');
    const [former] = await claim(1);
    await expireLeases();
    await claim(1, { worker: 'w2' });
    const { db } = database;
    assert.equal(await completeJob(db, leaseOf(former)), false);
    assert.equal(await parkJob(db, leaseOf(former), 0), false);
    assert.equal(await retryJob(db, leaseOf(former), { afterMs: 0, error: 'late' }), false);
    assert.equal(await discardJob(db, leaseOf(former), 'late'), false);
    assert.equal(await releaseJob(db, leaseOf(former)), false);
    assert.deepEqual([...(await renewLeases(db, 'w1', [leaseOf(former)], LEASE_MS))], []);
    assert.equal((await read('s'))?.state, 'running');
  });

  test('of jobs that end in the same moment exactly those end whose lease was not lost', async () => {
    for (const subject of ['a', 'b', 'c']) await enqueue(subject);
    const leases = (await claim(3)).map(leaseOf);
    await sql`update jobs set lease_expires_at = now() where subject = 'b'`.execute(database.db);
    const [heir] = await claim(1, { worker: 'w2' });
    const { complete } = createCompleter(database.db);
    const ended = await Promise.all(leases.map(complete));
    assert.deepEqual(
      leases.filter((_, index) => ended[index] === false).map(({ jobId }) => jobId),
      [heir?.id],
    );
    const states = await Promise.all(['a', 'b', 'c'].map(async (subject) => (await read(subject))?.state));
    assert.deepEqual(states, ['completed', 'running', 'completed']);
  });

  test('a claim ends in its own commit what goes along, and answers which of that it ended', async () => {
    for (const subject of ['a', 'b', 'c']) await enqueue(subject);
    const [first, second] = (await claim(2)).map(leaseOf);
    assert.ok(first && second);
    const lost = { ...second, fence: second.fence - 1 };
    const { jobs, ended } = await claimJobs(database.inOneTrip, request(5), [first, lost]);
    assert.deepEqual([...ended], [first.jobId]);
    assert.deepEqual(
      jobs.map(({ subject }) => subject),
      ['c'],
    );
    const { rows } = await sql<{ commits: number }>`
      select count(distinct xmin::text) as commits from jobs where subject in ('a', 'c')`.execute(database.db);
    assert.equal(rows[0]?.commits, 1);
  });

  test('a claim that ends a job which was asked for meanwhile claims that again', async () => {
    await enqueue('s');
    const [job] = await claim(1);
    await enqueue('s');
    const { jobs, ended } = await claimJobs(database.inOneTrip, request(5), [leaseOf(job)]);
    assert.deepEqual([...ended], [job?.id]);
    assert.deepEqual(
      jobs.map(({ id }) => id),
      [job?.id],
    );
    assert.notEqual(jobs[0]?.fence, job?.fence);
  });

  test('a row that somebody has locked holds up its own ending, and neither a claim nor the endings beside it', async () => {
    for (const subject of ['a', 'b', 'c', 'd']) await enqueue(subject);
    const [a, b, c] = (await claim(3)).map(leaseOf);
    assert.ok(a && b && c);
    const completer = createCompleter(database.db);
    const ending = await inTransaction(database.db, async (tx) => {
      await sql`select from jobs where id = ${a.jobId} for update`.execute(tx);
      const slow = completer.complete(a);
      const { jobs } = await completer.takeAlong((endings) => claimJobs(database.inOneTrip, request(1), endings));
      assert.deepEqual(
        jobs.map(({ subject }) => subject),
        ['d'],
      );
      assert.equal(await completer.complete(b), true);
      assert.equal(await completer.complete(c), true);
      assert.equal((await read('a'))?.state, 'running');
      // Not awaited here: it waits for this transaction.
      return { slow };
    });
    assert.equal(await ending.slow, true);
    assert.equal((await read('a'))?.state, 'completed');
  });

  test('what was to end with a claim that failed is ended without it', async () => {
    await enqueue('s');
    const [job] = await claim(1);
    const completer = createCompleter(database.db);
    const ended = completer.complete(leaseOf(job));
    await assert.rejects(
      completer.takeAlong(async () => Promise.reject(new Error('no connection'))),
      /no connection/,
    );
    assert.equal(await ended, true);
  });

  test('a heartbeat prolongs a live lease and never revives one that ran out', async () => {
    await enqueue('s');
    const [job] = await claim(1, { leaseMs: 5_000 });
    assert.equal((await renewLeases(database.db, 'w1', [leaseOf(job)], LEASE_MS)).size, 1);
    const { rows } = await sql<{ leftMs: number }>`
      select extract(epoch from lease_expires_at - now())::float8 * 1000 as "leftMs" from jobs`.execute(database.db);
    assert.ok((rows[0]?.leftMs ?? 0) > 50_000);
    await expireLeases();
    assert.equal((await renewLeases(database.db, 'w1', [leaseOf(job)], LEASE_MS)).size, 0);
  });

  test('waiting costs no attempt, a failed attempt costs one, completion forgets them', async () => {
    await enqueue('s');
    await parkJob(database.db, leaseOf((await claim(1))[0]), 0);
    assert.equal((await read('s'))?.attempt, 0);
    await retryJob(database.db, leaseOf((await claim(1))[0]), { afterMs: 0, error: 'no luck' });
    assert.deepEqual([(await read('s'))?.attempt, (await read('s'))?.error], [1, 'no luck']);
    await completeJob(database.db, leaseOf((await claim(1))[0]));
    const done = await read('s');
    assert.deepEqual([done?.state, done?.attempt, done?.error], ['completed', 0, null]);
  });

  for (const [name, end] of [
    ['completed', completeJob],
    ['discarded', (db: TestDatabase['db'], lease) => discardJob(db, lease, 'broken')],
    ['waiting', (db: TestDatabase['db'], lease) => parkJob(db, lease, 60_000)],
    ['retried', (db: TestDatabase['db'], lease) => retryJob(db, lease, { afterMs: 60_000, error: 'no luck' })],
  ] satisfies [string, typeof completeJob][]) {
    test(`a request during an attempt makes the job run once more, and at once, after the attempt is ${name}`, async () => {
      await enqueue('s');
      const [first] = await claim(1);
      await enqueue('s');
      assert.equal((await claim(1)).length, 0);
      await end(database.db, leaseOf(first));
      const [again] = await claim(1);
      assert.equal(again?.id, first?.id);
      await completeJob(database.db, leaseOf(again));
      assert.equal((await read('s'))?.state, 'completed');
    });
  }

  test('a job given back at shutdown is claimable at once and cost no attempt', async () => {
    await enqueue('s');
    await releaseJob(database.db, leaseOf((await claim(1))[0]));
    const [again] = await claim(1, { worker: 'w2' });
    assert.equal(again?.attempt, 0);
  });

  test('groups take turns: one with a single job is not behind one with fifty', async () => {
    for (let index = 0; index < 50; index += 1) {
      await enqueue(`busy${index}`, { fairGroup: 'busy' });
    }
    await enqueue('modest', { fairGroup: 'modest' });
    const subjects = (await claim(2)).map((job) => job.subject);
    assert.ok(subjects.includes('modest'), subjects.join());
  });

  test('a group with running jobs comes after one with none', async () => {
    await enqueue('busy1', { fairGroup: 'busy' });
    await claim(1);
    await enqueue('busy2', { fairGroup: 'busy' });
    await enqueue('modest', { fairGroup: 'modest' });
    assert.deepEqual(
      (await claim(1)).map((job) => job.subject),
      ['modest'],
    );
  });

  test('a higher priority comes first', async () => {
    await enqueue('ordinary');
    await enqueue('urgent', { priority: 10 });
    assert.deepEqual(
      (await claim(1)).map((job) => job.subject),
      ['urgent'],
    );
  });

  test('the limit of a group holds under many concurrent claims', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => enqueue(`s${index}`, { groupLimit: 3 })));
    const claimed = (await Promise.all(Array.from({ length: 20 }, () => claim(2)))).flat();
    assert.equal(claimed.length, 3);
  });

  test('a claim that began while another was under way counts what that one took', async () => {
    await Promise.all([1, 2].map((index) => enqueue(`s${index}`, { groupLimit: 2 })));
    let second: Promise<readonly ClaimedJob[]> | undefined;
    await inTransaction(database.db, async (tx) => {
      assert.equal((await claimWithin(tx, 2)).length, 2);
      // Comes before the two by priority, so that it alone is free for a claim that does not see them taken.
      await enqueue('urgent', { groupLimit: 2, priority: 10 });
      second = claim(1);
      await waitUntil('the second claim waits for its turn', async () => {
        const { rows } = await sql`
          select from pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())`.execute(database.db);
        return rows.length === 1;
      });
    });
    assert.deepEqual(await second, []);
  });

  test('the limit over all groups holds under many concurrent claims', async () => {
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => enqueue(`s${index}`, { fairGroup: `g${index % 10}`, groupLimit: 3 })),
    );
    const claimed = (await Promise.all(Array.from({ length: 20 }, () => claim(2, { totalLimit: 7 })))).flat();
    assert.equal(claimed.length, 7);
  });

  test('a waiting job keeps its place in the group, an ended one frees it', async () => {
    await enqueue('first', { groupLimit: 1 });
    await enqueue('second', { groupLimit: 1 });
    const [first] = await claim(5);
    await parkJob(database.db, leaseOf(first), 0);
    const [again] = await claim(5);
    assert.equal(again?.subject, 'first');
    await completeJob(database.db, leaseOf(again));
    assert.deepEqual(
      (await claim(5)).map((job) => job.subject),
      ['second'],
    );
  });

  test('a job taken over from a dead worker needs no new place', async () => {
    await enqueue('first', { groupLimit: 1 });
    await claim(1);
    await expireLeases();
    assert.equal((await claim(1, { worker: 'w2' })).length, 1);
  });

  test('jobs without a limit run beside a full group, and lifting the limit lets a job in', async () => {
    await enqueue('first', { groupLimit: 1 });
    await claim(1);
    await enqueue('second', { groupLimit: 1 });
    await enqueue('free');
    assert.deepEqual(
      (await claim(5)).map((job) => job.subject),
      ['free'],
    );
    for (let index = 0; index < 10; index += 1) await enqueue(`blocked ${index}`, { groupLimit: 1 });
    await enqueue('behind them all');
    assert.deepEqual(
      (await claim(1)).map((job) => job.subject),
      ['behind them all'],
    );
    await enqueue('second');
    assert.equal((await claim(5)).length, 0);
    await enqueue('second', { groupLimit: null });
    assert.deepEqual(
      (await claim(5)).map((job) => job.subject),
      ['second'],
    );
  });

  test('kinds that a runner does not know are left to others', async () => {
    await enqueue('s', { kind: 'take-snapshot' });
    assert.equal((await claim(1)).length, 0);
  });

  test('the next due moment counts jobs to come and leases to expire', async () => {
    const { at: since } = await claimJobs(database.inOneTrip, request(1));
    const nextDueMs = async (): Promise<number | null> => readNextDueMs(database.db, [KIND], since);
    assert.equal(await nextDueMs(), null);
    await enqueue('s', { runAt: new Date(Date.now() + 30_000) });
    const dueMs = (await nextDueMs()) ?? 0;
    assert.ok(dueMs > 25_000 && dueMs <= 30_500, String(dueMs));
    await enqueue('t');
    await claim(1, { leaseMs: 5_000 });
    assert.ok(((await nextDueMs()) ?? 0) <= 5_000);
  });

  test('old ended jobs are deleted a bounded number at a time, live and recent ones never', async () => {
    for (const subject of ['a', 'b', 'c']) {
      await enqueue(subject);
      await completeJob(database.db, leaseOf((await claim(1))[0]));
    }
    await sql`update jobs set finished_at = now() - interval '20 days' where subject <> 'c'`.execute(database.db);
    await enqueue('live');
    assert.equal(await deleteFinishedJobs(database.db, 14, 1), 1);
    assert.equal(await deleteFinishedJobs(database.db, 14, 100), 1);
    assert.equal(await deleteFinishedJobs(database.db, 14, 100), 0);
    assert.ok(await read('live'));
    assert.ok(await read('c'));
  });

  test('a claim looks at a few jobs of each group, however many are due', async () => {
    await sql`
      insert into jobs (id, kind, subject, fair_group, group_limit)
      select 'job_' || lpad(n::text, 10, '0'), ${KIND}, 's' || n, 'g' || n % 50, 3 from generate_series(1, 10000) n`.execute(
      database.db,
    );
    await sql`analyze jobs`.execute(database.db);
    const seen = await inTransaction(database.db, async (tx) => {
      assert.equal((await claimWithin(tx, 4)).length, 4);
      const { rows } = await sql<{ seen: number }>`
        select seq_tup_read + idx_tup_fetch as seen from pg_stat_xact_user_tables where relname = 'jobs'`.execute(tx);
      return Number(rows[0]?.seen);
    });
    // Four each of fifty groups, and what else it takes to find them.
    assert.ok(seen < 1_000, `it looked at ${seen} rows`);
  });

  test('a claim is planned a few times and then no more, and its plan reads no whole table', async () => {
    await sql`
      insert into jobs (id, kind, subject, fair_group)
      select 'job_' || lpad(n::text, 10, '0'), ${KIND}, 's' || n, 'a' from generate_series(1, 10000) n`.execute(
      database.db,
    );
    await sql`analyze jobs`.execute(database.db);
    const queue = openDatabase({ url: database.url, maxConnections: 1, log: silentLog(), keepsPlans: true });
    try {
      for (let time = 0; time < 10; time += 1) await claimJobs(queue.inOneTrip, request(10));
      const { rows } = await sql<{ name: string; planned: number; kept: number }>`
        select name, custom_plans as planned, generic_plans as kept from pg_prepared_statements
        where statement like '%skip locked%'`.execute(queue.db);
      const [{ name, planned, kept } = { name: '', planned: 0, kept: 0 }] = rows;
      // Postgres tries five before it keeps one.
      assert.deepEqual({ planned, kept }, { planned: 5, kept: 5 });
      const scans = await sql<{ 'QUERY PLAN': string }>`
        explain execute ${sql.id(name)} ('{}', '{}', '{}', 1, 'w1', 1)`.execute(queue.db);
      assert.deepEqual(
        scans.rows.filter((line) => line['QUERY PLAN'].includes('Seq Scan')),
        [],
      );
    } finally {
      await queue.close();
    }
  });
});
