import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { silentLog } from '../log.ts';
import { backOffMs, isConnectionLost } from './connection-loss.ts';
import { type Database, inTransaction, openDatabase } from './database.ts';
import { listen } from './listen.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { createPrivatePostgres } from './test-postgres.ts';
import { waitUntil } from './wait-until.ts';

describe('the database', () => {
  let world: TestDatabase;
  before(async () => {
    world = await createTestDatabase();
    await sql`create table notes (text text unique)`.execute(world.db);
  });
  after(() => world.close());

  async function withDatabase(more: object, run: (database: Database) => Promise<void>): Promise<void> {
    const database = openDatabase({ url: world.url, maxConnections: 2, log: silentLog(), ...more });
    await run(database).finally(() => database.close());
  }
  async function killOthers(): Promise<void> {
    const killer = new pg.Client({ connectionString: world.url });
    await killer.connect();
    await killer.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await killer.end();
  }

  test('large integers come back as numbers, instants as dates, and what a number cannot hold is refused', async () => {
    const { rows } = await sql`select 9007199254740991::int8 as most, timestamptz 'epoch' as began`.execute(world.db);
    assert.deepEqual(rows, [{ most: Number.MAX_SAFE_INTEGER, began: new Date(0) }]);
    await assert.rejects(sql`select 9007199254740993::int8`.execute(world.db), RangeError);
  });

  test('a caller waits for a connection while the pool is exhausted, for a limited time', async () => {
    await withDatabase({ connectPatienceMs: 300 }, async ({ db }) => {
      const hold = () => sql`select pg_sleep(0.15)`.execute(db);
      await Promise.all([hold(), hold(), hold()]);
      const long = () => sql`select pg_sleep(1)`.execute(db);
      const results = await Promise.allSettled([long(), long(), sql`select 1`.execute(db)]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected'],
      );
      assert.ok(results[2]?.status === 'rejected' && isConnectionLost(results[2].reason));
    });
  });

  test('a statement that takes too long is ended by the server', async () => {
    await withDatabase({ statementTimeoutMs: 50 }, async ({ db }) => {
      await assert.rejects(sql`select pg_sleep(5)`.execute(db), { code: '57014' });
    });
  });

  describe('statements of one trip', () => {
    const add = (text: string) => sql<{ text: string }>`insert into notes values (${text}) returning text`;
    const read = async (): Promise<readonly string[]> =>
      (
        await sql<{ text: string }>`select text from notes where text like 'trip %' order by text`.execute(world.db)
      ).rows.map(({ text }) => text);

    test('run in their order, and each sees what the one before it did', async () => {
      const [added, seen] = await world.inOneTrip([add('trip 1'), sql<{ count: number }>`select count(*) from notes`]);
      assert.deepEqual([added, seen], [[{ text: 'trip 1' }], [{ count: 1 }]]);
      assert.deepEqual(await read(), ['trip 1']);
    });

    test('hold together or not at all, and the first failure is the one that is told', async () => {
      await assert.rejects(world.inOneTrip([add('trip 2'), add('trip 2'), sql`select 1 / 0`]), { code: '23505' });
      assert.deepEqual(await read(), ['trip 1']);
    });

    test('need nothing of whoever sent them, who may stand still', async () => {
      const now = sql<{ at: Date }>`select clock_timestamp() as at, pg_sleep(0.2)`;
      const asked = world.inOneTrip([now, now]);
      await delay(100);
      // Nothing is sent or read meanwhile.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
      const [[first], [second]] = await asked;
      const betweenMs = Number(second?.at) - Number(first?.at);
      assert.ok(betweenMs < 2_000, `the second began ${betweenMs} ms after the first`);
    });

    test('are closed with the database though nothing else was asked of it', async () => {
      const database = openDatabase({ url: world.url, maxConnections: 1, log: silentLog() });
      await database.inOneTrip([sql`select 1`]);
      await database.close();
      await assert.rejects(database.inOneTrip([sql`select 1`]), /after calling end/);
    });

    test('leave their connection usable when one of them fails', async () => {
      await withDatabase({ maxConnections: 1 }, async ({ db, inOneTrip }) => {
        await assert.rejects(inOneTrip([sql`select 1 / 0`]), { code: '22012' });
        assert.deepEqual(await inOneTrip([sql<{ one: number }>`select 1 as one`]), [[{ one: 1 }]]);
        assert.deepEqual((await sql<{ two: number }>`select 2 as two`.execute(db)).rows, [{ two: 2 }]);
      });
    });
  });

  test('a transaction whose connection is killed before its commit is run again, and its effect is there once', async () => {
    await withDatabase({}, async ({ db }) => {
      let runs = 0;
      await inTransaction(db, async (tx) => {
        runs += 1;
        await sql`insert into notes values ('survivor')`.execute(tx);
        if (runs === 1) {
          await killOthers();
        }
        await sql`select 1`.execute(tx);
      });
      assert.equal(runs, 2);
      const { rows } = await sql`select from notes where text = 'survivor'`.execute(db);
      assert.equal(rows.length, 1);
    });
  });

  test('an error of the caller rolls back and is not run again', async () => {
    let runs = 0;
    const failing = inTransaction(world.db, async (tx) => {
      runs += 1;
      await sql`insert into notes values ('undone')`.execute(tx);
      throw new Error('changed my mind');
    });
    await assert.rejects(failing, /changed my mind/);
    assert.equal(runs, 1);
    assert.equal((await sql`select from notes where text = 'undone'`.execute(world.db)).rows.length, 0);
  });

  test('transactions that lock each other out are run again until both are done', async () => {
    await sql`insert into notes values ('left'), ('right')`.execute(world.db);
    let inside = 0;
    const lockBoth = (first: string, second: string) =>
      inTransaction(world.db, async (tx) => {
        await sql`select from notes where text = ${first} for update`.execute(tx);
        inside += 1;
        await waitUntil('both hold one lock', () => inside >= 2);
        await sql`select from notes where text = ${second} for update`.execute(tx);
      });
    await Promise.all([lockBoth('left', 'right'), lockBoth('right', 'left')]);
  });

  test('a listener hears, comes back after its connection was killed, and says so', async () => {
    const heard: string[] = [];
    let connections = 0;
    const listener = listen({
      url: world.url,
      channels: ['news'],
      onNotification: (_channel, payload) => heard.push(payload),
      onConnected: () => {
        connections += 1;
      },
      log: silentLog(),
    });
    await waitUntil('it is connected', () => connections === 1);
    await sql`select pg_notify('news', 'one')`.execute(world.db);
    await waitUntil('it heard', () => heard.includes('one'));
    await killOthers();
    await waitUntil('it is connected again', () => connections === 2);
    await inTransaction(world.db, (tx) => sql`select pg_notify('news', 'two')`.execute(tx));
    await waitUntil('it heard again', () => heard.includes('two'));
    await listener.close();
  });
});

describe('a server that restarts', () => {
  test('costs a waiting caller time and no error', async () => {
    const postgres = await createPrivatePostgres();
    const { db, close } = openDatabase({
      url: postgres.urlOf('postgres'),
      maxConnections: 2,
      log: silentLog(),
      connectPatienceMs: 20_000,
    });
    try {
      await sql`select 1`.execute(db);
      await postgres.kill();
      const asked = inTransaction(db, (tx) => sql<{ one: number }>`select 1 as one`.execute(tx));
      await postgres.start();
      assert.deepEqual((await asked).rows, [{ one: 1 }]);
    } finally {
      await close();
      await postgres.stop();
    }
  });
});

test('back-off doubles up to its ceiling and is never the same for all', () => {
  const pauses = Array.from({ length: 50 }, () => backOffMs(4, 100, 10_000));
  assert.ok(pauses.every((pause) => pause >= 400 && pause <= 800));
  assert.ok(new Set(pauses).size > 40);
  assert.ok(backOffMs(1_000, 100, 2_000) <= 2_000);
});
