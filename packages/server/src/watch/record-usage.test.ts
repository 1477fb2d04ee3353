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

  async function look(term: number): Promise<void> {
    const { items: quotas } = await kube.list('ResourceQuota', {});
    const recorder = createUsageRecorder(
      { db: database.db, kube, baseDomain: 'souk.localhost', log: silentLog(), quotas: () => quotas },
      { fence: term, signal: new AbortController().signal },
    );
    await recorder.runOnce();
  }

  it('is written down by the leader: quota, a sample for each pod, and the figures of the nodes', async () => {
    await look(fence);
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

  it('leaves an unchanged quota as it is, and writes one again that the database has lost', async () => {
    const readVersion = async () => {
      const { rows } = await sql<{ version: string; holder: string }>`
        select xmin::text as version, xmax::text as holder from store_quotas where store_id = ${STORE}`.execute(
        database.db,
      );
      return rows[0];
    };
    await look(fence);
    const written = await readVersion();
    assert.notEqual(written, undefined);
    await look(fence);
    assert.deepEqual(await readVersion(), written);
    await sql`delete from store_quotas`.execute(database.db);
    await look(fence);
    assert.notEqual(await readVersion(), undefined);
  });

  it('is not written by a former leader', async () => {
    kube.put('ResourceQuota', { name: 'plan', namespace: NAMESPACE }, { status: { used: { pods: '9' } } });
    await look(fence - 1);
    assert.equal((await readUsage(database.db, STORE)).quota[0]?.used, '3');
    await look(fence);
    assert.equal((await readUsage(database.db, STORE)).quota[0]?.used, '9');
  });
});
