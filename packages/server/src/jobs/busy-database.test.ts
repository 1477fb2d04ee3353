// A database that others keep from serving the queue: they take every connection, or hold a snapshot that lets nothing be cleaned up.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { type Db, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { MODEL_JOBS } from '../db/test-exploration.ts';
import { createPrivatePostgres } from '../db/test-postgres.ts';
import { waitUntil } from '../db/wait-until.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { claimStatement } from './job-queries.ts';
import { HEARTBEAT_MS, LEASE_MS } from './lease-keeper.ts';
import { createJobRunner } from './run-jobs.ts';
import { addWork, countStaleWrites, createWorkTables, isUp, killTestWorkers, startTestWorker } from './test-work.ts';

const CONNECTIONS = 30;
const EXHAUSTED_MS = 5_000;

interface Crowd {
  leave(): Promise<void>;
}

/** Takes every connection there is, also those that others have; only `spared` keeps its own. */
async function takeAllConnections(url: string, spared: string): Promise<Crowd> {
  const clients: pg.Client[] = [];
  const takeFree = async (): Promise<void> => {
    for (;;) {
      const client = new pg.Client({ connectionString: url, application_name: 'crowd' });
      client.on('error', () => undefined);
      try {
        await client.connect();
        clients.push(client);
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, '53300', String(error));
        return;
      }
    }
  };
  await waitUntil('nobody else has a connection', async () => {
    await takeFree();
    const answer = await clients[0]?.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where backend_type = 'client backend' and application_name not in ('crowd', $1)`,
      [spared],
    );
    return answer?.rowCount === 0;
  });
  return {
    async leave() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

describe('a database without a free connection', () => {
  // A server and two workers of its own take most of that on a busy machine.
  const timeout = 120_000;
  test('loses no accepted job, and what is running ends well or is taken over without a stale write', {
    timeout,
  }, async () => {
    const postgres = await createPrivatePostgres(CONNECTIONS);
    const url = postgres.urlOf('postgres');
    await migrate({ url, log: silentLog() });
    const common = { url, log: silentLog(), connectPatienceMs: 500 };
    const spared = openDatabase({ ...common, maxConnections: 1, applicationName: 'spared' });
    const cut = openDatabase({ ...common, maxConnections: 10, applicationName: 'cut' });
    try {
      const { db } = spared;
      await createWorkTables(db);
      // One keeps its lease for that long if it was fresh; the other cannot.
      startTestWorker({ url, name: 'patient', heartbeatMs: HEARTBEAT_MS, leaseMs: LEASE_MS });
      startTestWorker({ url, name: 'hasty', heartbeatMs: 200, leaseMs: 1_000 });
      await waitUntil('both are up', async () => (await isUp(db, 'patient')()) && (await isUp(db, 'hasty')()), 60_000);
      const accepted = Array.from({ length: 8 }, (_, index) => `held${index}`);
      for (const subject of accepted) await addWork(db, subject);
      await waitUntil('both work', async () => {
        const held = await readHeld(db);
        return held.length === 8 && new Set(held.map(({ worker }) => worker)).size === 2;
      });

      const crowd = await takeAllConnections(url, 'spared');
      const atFirst = await readHeld(db);
      const goesOnAt = performance.now() + EXHAUSTED_MS;
      let refused = 0;
      const asking: Promise<unknown>[] = [];
      while (performance.now() < goesOnAt) {
        const subject = `asked${accepted.length}`;
        await addWork(db, subject);
        accepted.push(subject);
        asking.push(addWork(cut.db, `${subject}-in-vain`).catch(() => (refused += 1)));
        await delay(100);
      }
      await Promise.all(asking);
      assert.deepEqual(await readHeld(db), atFirst, 'somebody still had a connection');
      assert.equal(refused, asking.length, 'somebody found a connection');
      await crowd.leave();

      await sql`update work set may_end = true`.execute(db);
      await waitUntil('all are completed', async () => (await listSubjects(db, 'live')).length === 0, 60_000);
      assert.deepEqual(await listSubjects(db, 'completed'), accepted.toSorted());
      assert.equal(await countStaleWrites(db), 0);
      const atLast = await readHeld(db);
      const goneOn = atFirst.filter(({ fence }, index) => fence !== atLast[index]?.fence);
      const isHasty = ({ worker }: Held): boolean => worker === 'hasty';
      assert.deepEqual(goneOn.filter(isHasty), atFirst.filter(isHasty), 'a lease that ran out was nobody else’s');
      console.log(
        `connections: of 8 held jobs ${goneOn.length} were begun anew; ${accepted.length - 8} were accepted meanwhile, ${refused} refused`,
      );
    } finally {
      await killTestWorkers();
      await Promise.all([spared.close(), cut.close()]);
      await postgres.stop();
    }
  });
});

interface Held {
  readonly subject: string;
  readonly worker: string;
  readonly fence: number;
}

async function readHeld(db: Db): Promise<readonly Held[]> {
  const { rows } = await sql<Held>`
    select subject, worker, fence from work where subject like 'held%' and worker is not null order by subject`.execute(
    db,
  );
  return rows;
}

async function listSubjects(db: Db, state: 'live' | 'completed'): Promise<readonly string[]> {
  const { rows } = await sql<{ subject: string }>`
    select subject from jobs where (state = 'completed') = ${state === 'completed'} order by subject collate "C"`.execute(
    db,
  );
  return rows.map(({ subject }) => subject);
}

describe('a snapshot that is held open', () => {
  const KIND = 'do-nothing';
  const AT_ONCE = 500;
  const SHORT_LEASE_MS = 3_000;
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.close());

  test('lets claims go on in their order while everything that passes stays behind, and keeps no lease from being renewed', async () => {
    const { db, url } = database;
    await enqueueMany(0, AT_ONCE);
    const atFirst = await lookAtClaim();
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query('begin isolation level repeatable read');
    await holder.query('select count(*) from jobs');

    await sql`
      insert into jobs (id, kind, subject, fair_group, priority)
      values ('job_longlonglo', 'last-long', 'long', 'b', 1)`.execute(db);
    const handled: number[] = [];
    const allPassed = Promise.withResolvers<void>();
    const long = { begun: 0, isAborted: false };
    const metrics = createMetrics('test');
    const runner = createJobRunner({
      databaseUrl: url,
      worker: 'w',
      concurrency: AT_ONCE,
      totalLimit: 1,
      log: silentLog(),
      metrics,
      heartbeatMs: 500,
      leaseMs: SHORT_LEASE_MS,
      handlers: {
        [KIND]: async ({ job }) => {
          handled.push(Number(job.subject));
          return { outcome: 'completed' };
        },
        'last-long': async ({ signal }) => {
          long.begun += 1;
          await allPassed.promise;
          long.isAborted = signal.aborted;
          return { outcome: 'completed' };
        },
      },
    });
    const startedAt = performance.now();
    runner.start();
    for (let first = AT_ONCE; first < MODEL_JOBS; first += 1_000) {
      await enqueueMany(first, 1_000);
      await waitUntil('they are through', () => handled.length >= first + 1_000, 60_000);
    }
    await waitUntil('a lease would have run out', () => performance.now() - startedAt > 2 * SHORT_LEASE_MS);
    allPassed.resolve();
    await waitUntil('all is written', async () => (await countLive()) === 0);
    await runner.stop(1_000);

    assert.deepEqual(long, { begun: 1, isAborted: false });
    assert.equal((await metrics.leasesLost.get()).values[0]?.value ?? 0, 0);
    assert.equal(new Set(handled).size, handled.length, 'a job ran twice');
    const furthest = Math.max(...handled.map((number, place) => Math.abs(number - place)));
    assert.ok(furthest <= 2 * AT_ONCE, `a job was ${furthest} places from its own`);

    await enqueueMany(2 * MODEL_JOBS, AT_ONCE);
    const atLast = await lookAtClaim();
    await holder.query('rollback');
    await holder.end();
    await sql`vacuum jobs`.execute(db);
    const afterwards = await lookAtClaim();
    console.log(
      `snapshot: a claim of 10 took ${atFirst.ms} ms and ${atFirst.blocks} blocks at first, ${atLast.ms} ms and ${atLast.blocks} blocks ` +
        `behind ${handled.length} ended jobs, ${afterwards.ms} ms and ${afterwards.blocks} blocks when it was gone`,
    );
    // A claim looks at what cannot be cleaned up, a few times each and no more; and it gets over it.
    assert.ok(atLast.blocks < atFirst.blocks + 5 * handled.length);
    assert.ok(afterwards.blocks < 2 * atFirst.blocks + 1_000);
  });

  async function enqueueMany(first: number, count: number): Promise<void> {
    await sql`
      insert into jobs (id, kind, subject, fair_group, run_at)
      select 'job_' || lpad(number::text, 10, '0'), ${KIND}, number::text, 'a', now() + number * interval '1 microsecond'
      from generate_series(${first}::integer, ${first + count - 1}::integer) as number`.execute(database.db);
  }

  async function countLive(): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from jobs where state <> 'completed'`.execute(database.db);
    return rows[0]?.count ?? 0;
  }

  /** What a claim would cost now; nothing is claimed. */
  async function lookAtClaim(): Promise<{ readonly ms: number; readonly blocks: number }> {
    const request = { worker: 'nobody', kinds: [KIND], count: 10, leaseMs: 1_000, totalLimit: 1 };
    const { sql: text, parameters } = claimStatement(request).compile(database.db);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('begin');
    const { rows } = await client.query(`explain (analyze, buffers, format json) ${text}`, [...parameters]);
    await client.query('rollback');
    await client.end();
    const [{ Plan: plan, 'Execution Time': ms }] = rows[0]['QUERY PLAN'];
    return { ms: Math.round(ms), blocks: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] };
  }
});
