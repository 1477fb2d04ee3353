import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { type Db, inTransaction } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { waitUntil } from '../db/wait-until.ts';
import { silentLog } from '../log.ts';
import { BEGINNING, comparePositions, type EventPosition, formatCursor, parseCursor } from './event-cursor.ts';
import {
  createEventHub,
  type EventHub,
  type EventHubOptions,
  type EventSubscription,
  type StreamEnd,
} from './event-hub.ts';
import { appendEvent, listEventsOfStore, readEventsAfter, readPositionNow, trimEvents } from './event-queries.ts';

const TENANT = 'ten_aaaaaaaaaa';
const OTHER_TENANT = 'ten_bbbbbbbbbb';

async function append(db: Db, message: string, tenantId = TENANT): Promise<void> {
  await inTransaction(db, (tx) =>
    appendEvent(tx, { type: 'store.ready', tenantId, storeId: null, actor: 'test', message }),
  );
}

async function addTenants(db: Db): Promise<void> {
  await sql`insert into tenants (id, name) values (${TENANT}, 'a'), (${OTHER_TENANT}, 'b')`.execute(db);
}

/** Reads a subscription in the background and keeps what came. */
function follow(subscription: EventSubscription) {
  const messages: string[] = [];
  const positions: EventPosition[] = [];
  const ended = (async (): Promise<StreamEnd> => {
    const batches = subscription.batches();
    for (;;) {
      const { value, done } = await batches.next();
      if (done) {
        return value;
      }
      messages.push(...value.map(({ event }) => event.message));
      positions.push(...value.map(({ position }) => position));
    }
  })();
  return { messages, positions, ended };
}

describe('cursors', () => {
  test('a cursor survives being written and read, and sorts by transaction, then number', () => {
    const position = { xid: '18446744073709551615', cursor: 42 };
    assert.deepEqual(parseCursor(formatCursor(position)), position);
    assert.ok(comparePositions({ xid: '9', cursor: 99 }, { xid: '10', cursor: 1 }) < 0);
    assert.ok(comparePositions({ xid: '10', cursor: 2 }, { xid: '10', cursor: 1 }) > 0);
  });

  for (const text of [
    '',
    '1',
    'x.y',
    '-1.2',
    '1.2.3',
    '99999999999999999999.1',
    '18446744073709551616.1',
    '1.9999999999999999',
    ' 1.2',
    '0x1.1',
  ]) {
    test(`"${text}" is not taken for a cursor`, () => {
      assert.equal(parseCursor(text), null);
    });
  }
});

describe('event queries', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
    await addTenants(database.db);
  });
  after(() => database.close());
  beforeEach(() => sql`truncate events, events_trimmed`.execute(database.db));

  test('an event of a rolled back transaction does not exist', async () => {
    const failing = inTransaction(database.db, async (tx) => {
      await appendEvent(tx, { type: 'store.ready', tenantId: TENANT, storeId: null, actor: 'test', message: 'no' });
      throw new Error('changed my mind');
    });
    await assert.rejects(failing);
    assert.deepEqual(await readEventsAfter(database.db, BEGINNING, {}, 10), []);
  });

  test('a reader stops before an open transaction, then reads on and misses nothing', async () => {
    const slow = new pg.Client({ connectionString: database.url });
    await slow.connect();
    await slow.query('begin');
    await slow.query(
      `insert into events (type, tenant_id, actor, message) values ('store.ready', '${TENANT}', 't', 'slow')`,
    );
    await append(database.db, 'fast');
    assert.deepEqual(await readEventsAfter(database.db, BEGINNING, {}, 10), []);
    await slow.query('commit');
    await slow.end();
    const messages = await waitUntil('both are settled', async () => {
      const events = await readEventsAfter(database.db, BEGINNING, {}, 10);
      return events.length === 2 && events.map(({ event }) => event.message);
    });
    assert.deepEqual(messages, ['slow', 'fast']);
  });

  test('other tenants are left out', async () => {
    await append(database.db, 'mine');
    await append(database.db, 'theirs', OTHER_TENANT);
    const events = await waitUntil('they are settled', async () => {
      const all = await readEventsAfter(database.db, BEGINNING, {}, 10);
      return all.length === 2 && (await readEventsAfter(database.db, BEGINNING, { tenantId: TENANT }, 10));
    });
    assert.deepEqual(
      events.map(({ event }) => event.message),
      ['mine'],
    );
    assert.deepEqual(
      await listEventsOfStore(
        database.db,
        { tenantId: OTHER_TENANT, storeId: 'sto_aaaaaaaaaa' },
        { afterCursor: 0, limit: 10 },
      ),
      [],
    );
  });

  test('trimming deletes the oldest, at most so many at a time', async () => {
    for (const message of ['a', 'b', 'c']) {
      await append(database.db, message);
    }
    await sql`update events set at = now() - interval '100 days' where message <> 'c'`.execute(database.db);
    const trim = () => trimEvents(database.db, 90, 1);
    await waitUntil('one is trimmed', async () => (await trim()) === 1);
    assert.equal(await trim(), 1);
    assert.equal(await trim(), 0);
    const left = await readEventsAfter(database.db, BEGINNING, {}, 10);
    assert.deepEqual(
      left.map(({ event }) => event.message),
      ['c'],
    );
  });
});

describe('the event hub', () => {
  let database: TestDatabase;
  let hubs: EventHub[] = [];
  before(async () => {
    database = await createTestDatabase({ maxConnections: 30 });
    await addTenants(database.db);
  });
  after(() => database.close());
  beforeEach(() => sql`truncate events, events_trimmed`.execute(database.db));
  afterEach(async () => {
    await Promise.all(hubs.map((hub) => hub.stop()));
    hubs = [];
  });

  async function startHub(options: Partial<EventHubOptions> = {}): Promise<EventHub> {
    const hub = createEventHub({ db: database.db, databaseUrl: database.url, log: silentLog(), ...options });
    hubs.push(hub);
    await hub.start();
    return hub;
  }

  test('a live stream hears of a new event within a tenth of a second or so', async () => {
    const hub = await startHub();
    const { messages } = follow(await hub.subscribe({ tenantId: TENANT }, null));
    await append(database.db, 'warm up');
    await waitUntil('it warmed up', () => messages.length === 1);
    const startedAt = performance.now();
    await append(database.db, 'news');
    await waitUntil('the news arrived', () => messages.includes('news'));
    assert.ok(performance.now() - startedAt < 500);
  });

  test('a stream shows nothing of other tenants', async () => {
    const hub = await startHub();
    const { messages } = follow(await hub.subscribe({ tenantId: TENANT }, null));
    await append(database.db, 'theirs', OTHER_TENANT);
    await append(database.db, 'mine');
    await waitUntil('mine arrived', () => messages.includes('mine'));
    assert.deepEqual(messages, ['mine']);
  });

  test('under many concurrent writers every stream, wherever it begins, gets every event once and in order', async () => {
    const hub = await startHub();
    const begin = await readPositionNow(database.db);
    const early = follow(await hub.subscribe({ tenantId: TENANT }, begin));
    const WRITERS = 15;
    const EACH = 30;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let number = 0; number < EACH; number += 1) {
        await append(database.db, `${writer}/${number}`);
      }
    });
    await waitUntil('some events are there', () => early.messages.length > 20);
    const resumedFrom = early.positions[10] ?? BEGINNING;
    const middle = follow(await hub.subscribe({ tenantId: TENANT }, resumedFrom));
    await Promise.all(writers);
    const late = follow(await hub.subscribe({ tenantId: TENANT }, begin));
    for (const stream of [early, late]) {
      await waitUntil('all arrived', () => stream.messages.length >= WRITERS * EACH);
      assert.equal(new Set(stream.messages).size, WRITERS * EACH);
      assert.equal(stream.messages.length, WRITERS * EACH);
    }
    await waitUntil('the resumed one has the rest', () => middle.messages.length >= WRITERS * EACH - 11);
    assert.deepEqual(middle.messages, early.messages.slice(11));
    const sorted = [...early.positions].sort(comparePositions);
    assert.deepEqual(early.positions, sorted);
  });

  test('a notification that is lost costs a second, not the event', async () => {
    const hub = await startHub();
    const { messages } = follow(await hub.subscribe({ tenantId: TENANT }, null));
    await sql`insert into events (type, tenant_id, actor, message) values ('store.ready', ${TENANT}, 't', 'unannounced')`.execute(
      database.db,
    );
    await waitUntil('it arrived', () => messages.includes('unannounced'), 3_000);
  });

  test('a reader that lags too far behind is ended with that reason, and others go on', async () => {
    const hub = await startHub({ maxLag: 5 });
    const slow = await hub.subscribe({ tenantId: TENANT }, null);
    const other = await hub.subscribe({ tenantId: OTHER_TENANT }, null);
    const { messages } = follow(other);
    for (let number = 0; number < 10; number += 1) {
      await append(database.db, `flood ${number}`);
    }
    await append(database.db, 'calm', OTHER_TENANT);
    await waitUntil('the other tenant is served', () => messages.includes('calm'));
    const { ended } = follow(slow);
    assert.equal(await ended, 'slow_client');
  });

  test('a cursor from before what was trimmed is refused as expired, a later one is not', async () => {
    const hub = await startHub();
    const begin = await readPositionNow(database.db);
    await append(database.db, 'old');
    await sql`update events set at = now() - interval '100 days'`.execute(database.db);
    await waitUntil('it is trimmed', async () => (await trimEvents(database.db, 90, 10)) === 1);
    await assert.rejects(hub.subscribe({ tenantId: TENANT }, begin), { code: 'cursor_expired' });
    await hub.subscribe({ tenantId: TENANT }, await readPositionNow(database.db));
  });

  test('a cursor of a database that was replaced is refused as expired', async () => {
    const hub = await startHub();
    await assert.rejects(hub.subscribe({ tenantId: TENANT }, { xid: '99999999999', cursor: 1 }), {
      code: 'cursor_expired',
    });
  });

  test('killed database connections cost a stream nothing but time', async () => {
    const hub = await startHub();
    const { messages } = follow(await hub.subscribe({ tenantId: TENANT }, null));
    await append(database.db, 'before');
    await waitUntil('the first arrived', () => messages.includes('before'));
    const killer = new pg.Client({ connectionString: database.url });
    await killer.connect();
    await killer.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await killer.end();
    await waitUntil('a connection is back', () =>
      append(database.db, 'after').then(
        () => true,
        () => false,
      ),
    );
    await waitUntil('the second arrived', () => messages.includes('after'), 5_000);
  });

  test('stopping the hub ends every stream with "shutdown"', async () => {
    const hub = await startHub();
    const { ended } = follow(await hub.subscribe({ tenantId: TENANT }, null));
    await hub.stop();
    assert.equal(await ended, 'shutdown');
  });
});
