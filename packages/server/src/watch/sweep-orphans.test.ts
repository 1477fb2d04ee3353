import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { newId, storeNamespace } from '../ids.ts';
import { createMemoryKube } from '../kube/memory-kube.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { createOrphanSweeper } from './sweep-orphans.ts';
import { insertTenantAndCluster, TENANT, takeOverWatch } from './test-watched-stores.ts';

describe('the sweeper of orphans', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
    await insertTenantAndCluster(database.db);
  });
  after(() => database.close());

  it('tells of a namespace once when a look and a sweep find it at the same time', async () => {
    const kube = createMemoryKube();
    const id = newId('sto');
    const labels = { 'souk.dev/store': id, 'souk.dev/tenant': TENANT };
    kube.put('Namespace', { name: storeNamespace(id) }, { metadata: { labels } });
    const { items } = await kube.list('Namespace', {});
    const fence = await takeOverWatch(database.db);
    const log = silentLog();
    const metrics = createMetrics('test');
    const sweeper = createOrphanSweeper({ db: database.db, kube, actor: 'a worker', fence, log, metrics });
    const { signal } = new AbortController();
    await Promise.all([sweeper.look(items, signal), sweeper.sweep(items, signal), sweeper.look(items, signal)]);
    const { rows } = await sql<{ type: string }>`select type from events`.execute(database.db);
    assert.deepEqual(
      rows.map(({ type }) => type),
      ['store.orphan_found'],
    );
  });
});
