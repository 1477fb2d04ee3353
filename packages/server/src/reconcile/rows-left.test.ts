// What the database still says of a store that is deleted. Read from the catalog, so that a table that comes later is not forgotten.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { storeNamespace } from '../ids.ts';
import { enqueueJob } from '../jobs/job-queries.ts';
import { silentLog } from '../log.ts';
import { insertSealedPassword } from '../stores/sealed-password.ts';
import { RECONCILE_STORE } from '../stores/store.ts';
import { readUsage } from '../stores/usage-queries.ts';
import { takeLeadership } from '../watch/leader-lease.ts';
import { WATCH_LEASE } from '../watch/observed-health.ts';
import { createUsageRecorder } from '../watch/record-usage.ts';
import { createWorld, type World } from './test-world.ts';

/** The record of what was: kept on purpose, or until its age is over. */
const RECORD = ['audit_entries', 'events', 'idempotency_keys', 'jobs', 'stores'];

describe('the rows of a store', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  it('are, once it is deleted, only those that tell that it was', async () => {
    const { db, kube } = world;
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const namespace = storeNamespace(storeId);
    await world.wishPasswordReset(storeId);
    await db.transaction().execute(async (tx) => {
      await insertSealedPassword(tx, storeId, Buffer.from('sealed'));
      await enqueueJob(tx, { kind: RECONCILE_STORE, subject: storeId, fairGroup: 'ten_aaaaaaaaaa', groupLimit: null });
    });
    const fence = (await takeLeadership(db, WATCH_LEASE, 'a worker', 600_000)) ?? 0;
    kube.put(
      'ResourceQuota',
      { name: 'plan', namespace },
      { metadata: { labels: { 'souk.dev/store': storeId } }, status: { hard: { pods: '10' }, used: { pods: '3' } } },
    );
    const { items: quotas } = await kube.list('ResourceQuota', {});
    const usage = createUsageRecorder(
      { db, kube, baseDomain: 'souk.localhost', log: silentLog(), quotas: () => quotas },
      { fence, signal: new AbortController().signal },
    );
    kube.setUsage({ pods: [{ namespace, name: 'front-0', cpuMillicores: 12, memoryMib: 180 }], nodes: [] });
    await usage.runOnce();

    const named = await listTablesThatName(db, storeId);
    const unfilled = (await listTablesWithColumn(db, 'store_id')).filter((table) => !named.includes(table));
    assert.deepEqual(unfilled, [], 'every table about stores has a row that could be left');

    await world.wishDeleted(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    // The kubelet may go on telling of a pod for a while; what it says of a store that is gone is not written down again.
    await usage.runOnce();
    await usage.runOnce();
    assert.deepEqual(await readUsage(db, storeId), { quota: [], samples: [] });
    const left = await listTablesThatName(db, storeId);
    assert.deepEqual(
      left.filter((table) => !RECORD.includes(table)),
      [],
    );
    assert.ok(left.includes('stores') && left.includes('events'), 'what happened stays on record');
  });
});

async function listTablesWithColumn(db: Db, column: string): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.columns
    where table_schema = 'public' and column_name = ${column} order by 1`.execute(db);
  return rows.map(({ name }) => name);
}

/** Tables with a row in which the store's id stands, in whatever column. */
async function listTablesThatName(db: Db, storeId: string): Promise<readonly string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db);
  const naming: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql`
      select from ${sql.table(name)} as entry where entry::text like ${`%${storeId}%`} limit 1`.execute(db);
    if (rows.length > 0) {
      naming.push(name);
    }
  }
  return naming;
}
