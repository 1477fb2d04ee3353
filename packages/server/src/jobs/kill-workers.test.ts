// Whole worker processes, killed and stopped in the middle of their work, and a whole database server.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { after, afterEach, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { type Db, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { MODEL_KILLS, tellExplored } from '../db/test-exploration.ts';
import { createPrivatePostgres } from '../db/test-postgres.ts';
import { waitUntil } from '../db/wait-until.ts';
import { silentLog } from '../log.ts';
import { HEARTBEAT_MS, LEASE_MS } from './lease-keeper.ts';
import {
  addWork,
  allowEnd,
  countStaleWrites,
  createWorkTables,
  isCompleted,
  isUp,
  isWorkedOnBy,
  killTestWorkers,
  startTestWorker,
} from './test-work.ts';

const startWorker = (url: string, name: string, heartbeatMs: number, leaseMs: number): ChildProcess =>
  startTestWorker({ url, name, heartbeatMs, leaseMs });
const countFacts = async (db: Db, subject: string, worker: string, fact: string): Promise<number> => {
  const { rows } =
    await sql`select from work_log where subject = ${subject} and worker = ${worker} and fact = ${fact}`.execute(db);
  return rows.length;
};

describe('workers that die or stop', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
    await createWorkTables(database.db);
  });
  after(() => database.close());
  afterEach(killTestWorkers);

  test('the job of a worker that is killed -9 runs elsewhere within ten seconds', async () => {
    const { db, url } = database;
    const first = startWorker(url, 'k1', HEARTBEAT_MS, LEASE_MS);
    await addWork(db, 'killed');
    await waitUntil('the first works', isWorkedOnBy(db, 'killed', 'k1'));
    startWorker(url, 'k2', HEARTBEAT_MS, LEASE_MS);
    // Both are up, so what is measured is the take-over and not the start of a process.
    await waitUntil('the second is up', isUp(db, 'k2'));
    first.kill('SIGKILL');
    const killedAt = performance.now();
    await waitUntil('the second works', isWorkedOnBy(db, 'killed', 'k2'), 20_000);
    const takeoverMs = performance.now() - killedAt;
    console.log(`taken over after ${Math.round(takeoverMs)} ms`);
    assert.ok(takeoverMs <= 10_000, `${takeoverMs} ms`);
    await allowEnd(db, 'killed');
    await waitUntil('it is completed', isCompleted(db, 'killed'));
  });

  test('a worker that is stopped past its lease and goes on writes nothing over its successor', async () => {
    const { db, url } = database;
    const first = startWorker(url, 's1', 500, 2_000);
    await addWork(db, 'stopped');
    await waitUntil('the first works', isWorkedOnBy(db, 'stopped', 's1'));
    first.kill('SIGSTOP');
    startWorker(url, 's2', 500, 2_000);
    await waitUntil('the second works', isWorkedOnBy(db, 'stopped', 's2'));
    const before = await sql<{ fence: number }>`select fence from work where subject = 'stopped'`.execute(db);
    first.kill('SIGCONT');
    await waitUntil('the first noticed, by refusal or by abort', async () => {
      const { rows } =
        await sql`select from worker_heartbeats where worker = 's1' and beat_at > now() - interval '900 milliseconds'`.execute(
          db,
        );
      return rows.length === 1;
    });
    const later = await sql<{
      fence: number;
      worker: string;
    }>`select fence, worker from work where subject = 'stopped'`.execute(db);
    assert.deepEqual(later.rows, [{ fence: before.rows[0]?.fence, worker: 's2' }]);
    await allowEnd(db, 'stopped');
    await waitUntil('the second ends it', isCompleted(db, 'stopped'));
    assert.equal(await countFacts(db, 'stopped', 's1', 'started'), 1);
    assert.equal(await countFacts(db, 'stopped', 's2', 'started'), 1);
  });

  test('a worker that is told to stop hands its job over without waiting for the lease', async () => {
    const { db, url } = database;
    const first = startWorker(url, 't1', HEARTBEAT_MS, LEASE_MS);
    await addWork(db, 'handed-over');
    await waitUntil('the first works', isWorkedOnBy(db, 'handed-over', 't1'));
    startWorker(url, 't2', HEARTBEAT_MS, LEASE_MS);
    await waitUntil('the second is up', isUp(db, 't2'));
    first.kill('SIGTERM');
    const toldAt = performance.now();
    await waitUntil('the second works', isWorkedOnBy(db, 'handed-over', 't2'));
    const handoverMs = performance.now() - toldAt;
    console.log(`handed over after ${Math.round(handoverMs)} ms`);
    assert.ok(handoverMs < 5_000, `${handoverMs} ms`);
    await allowEnd(db, 'handed-over');
    await waitUntil('it is completed', isCompleted(db, 'handed-over'));
  });

  test(`under a storm of ${MODEL_KILLS} kills every job is completed, and nothing stale is written`, async () => {
    const { db, url } = database;
    const startedAt = performance.now();
    const subjects = Array.from({ length: 12 }, (_, index) => `storm${index}`);
    for (const subject of subjects) {
      await addWork(db, subject);
    }
    const earlier: ChildProcess[] = [];
    for (let round = 0; round < MODEL_KILLS; round += 1) {
      const worker = startWorker(url, `r${round}`, 100, 400);
      await waitUntil('it has begun something', async () => {
        const { rows } = await sql`select from work_log where worker = ${`r${round}`} limit 1`.execute(db);
        return rows.length > 0;
      });
      // Every other one stands still past its lease and goes on beside its successor, until it is killed as well.
      worker.kill(round % 2 === 0 ? 'SIGKILL' : 'SIGSTOP');
      earlier.at(-1)?.kill('SIGCONT');
      if (earlier.length > 1) earlier.shift()?.kill('SIGKILL');
      earlier.push(worker);
    }
    startWorker(url, 'last', 100, 400);
    for (const worker of earlier) worker.kill('SIGCONT');
    for (const subject of subjects) await allowEnd(db, subject);
    for (const subject of subjects) {
      await waitUntil(`${subject} is completed`, isCompleted(db, subject), 60_000);
    }
    assert.equal(await countStaleWrites(db), 0);
    tellExplored(`workers: ${MODEL_KILLS} killed or stopped`, startedAt);
  });
});

describe('a database server that crashes', () => {
  afterEach(killTestWorkers);

  test('loses no accepted job, and a running attempt ends well when the server is back in time', async () => {
    const postgres = await createPrivatePostgres();
    const url = postgres.urlOf('postgres');
    await migrate({ url, log: silentLog() });
    const database = openDatabase({ url, maxConnections: 3, log: silentLog() });
    const { db } = database;
    try {
      await createWorkTables(db);
      startWorker(url, 'c1', HEARTBEAT_MS, LEASE_MS);
      await addWork(db, 'running');
      await waitUntil('it is worked on', isWorkedOnBy(db, 'running', 'c1'));
      await addWork(db, 'accepted');
      await postgres.kill();
      await postgres.start();
      await allowEnd(db, 'running');
      await allowEnd(db, 'accepted');
      await waitUntil('the running one is completed', isCompleted(db, 'running'), 30_000);
      await waitUntil('the accepted one is completed', isCompleted(db, 'accepted'), 30_000);
    } finally {
      await killTestWorkers();
      await database.close();
      await postgres.stop();
    }
  });
});
