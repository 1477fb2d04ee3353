import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { storeNamespace } from '../ids.ts';
import { createMemoryKube, type MemoryKube } from '../kube/memory-kube.ts';
import { silentLog } from '../log.ts';
import { readUsage } from '../stores/usage-queries.ts';
import { takeLeadership } from './leader-lease.ts';
import { WATCH_LEASE } from './observed-health.ts';
import { createUsageRecorder } from './record-usage.ts';

const STORE = 'sto_aaaaaaaaaa';
const NAMESPACE = storeNamespace(STORE);

describe('the usage of stores', () => {
  let database: TestDatabase;
  let kube: MemoryKube;
  let fence: number;
  before(async () => {
    database = await createTestDatabase();
    const { db } = database;
    await sql`insert into tenants (id, name) values ('ten_aaaaaaaaaa', 'a tenant')`.execute(db);
    await sql`insert into clusters (id, name, base_domain) values ('clu_aaaaaaaaaa', 'local', 'souk.localhost')`.execute(
      db,
    );
    await sql`
      insert into stores (id, tenant_id, cluster_id, name, created_by, engine, engine_version, plan, admin_email)
      values (${STORE}, 'ten_aaaaaaaaaa', 'clu_aaaaaaaaaa', 'acme', 'tok_aaaaaaaaaa', 'medusa', '1', 'small', 'a@b.c')`.execute(
      db,
    );
    kube = createMemoryKube();
    fence = (await takeLeadership(db, WATCH_LEASE, 'a worker', 600_000)) ?? 0;
    kube.put('Namespace', { name: NAMESPACE }, { metadata: { labels: { 'souk.dev/store': STORE } } });
    kube.put('Node', { name: 'node-1' }, { status: { allocatable: { cpu: '2', memory: '8Gi', pods: '110' } } });
    kube.put(
      'ResourceQuota',
      { name: 'plan', namespace: NAMESPACE },
      { metadata: { labels: { 'souk.dev/store': STORE } }, status: { hard: { pods: '10' }, used: { pods: '3' } } },
    );
    kube.setUsage({
      pods: [{ namespace: NAMESPACE, name: 'backend-0', cpuMillicores: 12, memoryMib: 180 }],
      nodes: [{ name: 'node-1', cpuMillicores: 400, memoryMib: 2048 }],
    });
  });
  after(() => database.close());

  const recorder = (term: number) =>
    createUsageRecorder(
      { db: database.db, kube, baseDomain: 'souk.localhost', log: silentLog() },
      { fence: term, signal: new AbortController().signal },
    );

  it('is written down by the leader: quota, a sample for each pod, and the figures of the nodes', async () => {
    await recorder(fence).runOnce();
    const { quota, samples } = await readUsage(database.db, STORE);
    assert.deepEqual(quota, [{ resource: 'pods', used: '3', limit: '10' }]);
    assert.deepEqual(
      samples.map(({ pods }) => pods),
      [[{ name: 'backend-0', cpuMillicores: 12, memoryMib: 180 }]],
    );
    const { rows } = await sql<{ figures: { used: object }[] }>`
      select observed -> 'figures' as figures from clusters`.execute(database.db);
    assert.deepEqual(rows[0]?.figures[0]?.used, { cpuMillicores: 400, memoryMib: 2048 });
  });

  it('is not written by a former leader', async () => {
    kube.put('ResourceQuota', { name: 'plan', namespace: NAMESPACE }, { status: { used: { pods: '9' } } });
    await recorder(fence - 1).runOnce();
    assert.equal((await readUsage(database.db, STORE)).quota[0]?.used, '3');
    await recorder(fence).runOnce();
    assert.equal((await readUsage(database.db, STORE)).quota[0]?.used, '9');
  });
});
