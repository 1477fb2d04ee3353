// For tests of the watch: living stores of a test engine, as rows and as objects of a cluster in memory, and what gets written of them.
import { after, afterEach, before, beforeEach } from 'node:test';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import type { Engine } from '../engines/engine.ts';
import { newId, storeNamespace } from '../ids.ts';
import { createMemoryKube, type MemoryKube } from '../kube/memory-kube.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { SEAL_ANNOTATION, sealSecret } from '../stores/secret-seal.ts';
import { takeLeadership } from './leader-lease.ts';
import { WATCH_LEASE } from './observed-health.ts';
import { type ClusterWatch, createClusterWatch, type WatchContext } from './watch-cluster.ts';

export const TENANT = 'ten_aaaaaaaaaa';
const PLATFORM_KEY = Buffer.alloc(32, 7);
const engine: Engine = {
  name: 'test-shop',
  summary: '',
  title: 'Test shop',
  version: '1.0.0',
  chartPath: '',
  images: [],
  provisionTimeoutMs: 1,
  adminPath: '/',
  workloads: () => [{ kind: 'Deployment', name: 'front' }],
  services: () => ['front'],
  secrets: async () => ({}),
  values: () => ({}),
  verify: async () => undefined,
  placeOrder: async () => ({ orderId: '1', displayId: '1' }),
  findOrder: async () => true,
};

export async function insertTenantAndCluster(db: Db): Promise<void> {
  await sql`insert into tenants (id, name) values (${TENANT}, 'a tenant')`.execute(db);
  await sql`insert into clusters (id, name, base_domain) values ('clu_aaaaaaaaaa', 'local', 'souk.localhost')`.execute(
    db,
  );
}

export async function takeOverWatch(db: Db): Promise<number> {
  await sql`delete from leader_leases where name = ${WATCH_LEASE}`.execute(db);
  return (await takeLeadership(db, WATCH_LEASE, 'a worker', 600_000)) ?? 0;
}

export interface RunningWatch extends ClusterWatch {
  end(): Promise<void>;
}

/** One term, until it is ended. */
export async function startWatch(
  db: Db,
  kube: MemoryKube,
  more: Pick<WatchContext, 'sweepIntervalMs'> & Partial<WatchContext>,
): Promise<RunningWatch> {
  const fence = await takeOverWatch(db);
  const term = new AbortController();
  const watch = createClusterWatch(
    {
      db,
      kube,
      engines: new Map([[engine.name, { engine, available: true, reason: null }]]),
      baseDomain: 'souk.localhost',
      platformKey: PLATFORM_KEY,
      guardrails: () => [],
      actor: 'a worker',
      log: silentLog(),
      metrics: createMetrics('test'),
      ...more,
    },
    { fence, signal: term.signal },
  );
  const running = watch.run();
  return {
    ...watch,
    async end() {
      term.abort();
      await running;
    },
  };
}

export interface WatchedCluster {
  readonly db: Db;
  /** Another one for each test. */
  readonly kube: MemoryKube;
  /** From now on, until the test has ended or starts another one. */
  watch(more: Parameters<typeof startWatch>[2]): Promise<RunningWatch>;
}

/** For the tests of one `describe`: a database, for each test without any store, and a cluster of one node. */
export function useWatchedCluster(): WatchedCluster {
  let database: TestDatabase;
  let kube: MemoryKube;
  let running: RunningWatch | null = null;
  const endWatch = async (): Promise<void> => {
    await running?.end();
    running = null;
  };
  before(async () => {
    database = await createTestDatabase();
    await insertTenantAndCluster(database.db);
  });
  beforeEach(async () => {
    await sql`truncate events, jobs, stores cascade`.execute(database.db);
    kube = createMemoryKube();
    kube.put('Node', { name: 'souk' }, {});
  });
  afterEach(endWatch);
  after(() => database.close());
  return {
    get db() {
      return database.db;
    },
    get kube() {
      return kube;
    },
    async watch(more) {
      await endWatch();
      running = await startWatch(database.db, kube, more);
      return running;
    },
  };
}

/** A ready store of which all is there that the watch wants to see. */
export async function makeLivingStore(db: Db, kube: MemoryKube): Promise<string> {
  const id = newId('sto');
  const namespace = storeNamespace(id);
  const metadata = { labels: { 'souk.dev/store': id } };
  kube.put('Namespace', { name: namespace }, { metadata });
  const made = await kube.get('Namespace', { name: namespace });
  kube.put('NetworkPolicy', { name: 'deny-all', namespace }, { metadata });
  kube.put('Ingress', { name: 'shop', namespace }, { metadata });
  kube.put('Service', { name: 'front', namespace }, { metadata });
  kube.put('ResourceQuota', { name: 'plan', namespace }, { metadata, status: { used: { 'count/secrets': '2' } } });
  kube.put(
    'Secret',
    { name: 'sh.helm.release.v1.x.v1', namespace },
    { metadata: { labels: { owner: 'helm', name: namespace } } },
  );
  const seal = sealSecret(PLATFORM_KEY, { storeId: id, name: 'store-admin', data: { password: 'first' } });
  kube.put(
    'Secret',
    { name: 'store-admin', namespace },
    {
      metadata: {
        labels: { ...metadata.labels, 'souk.dev/credentials': 'complete' },
        annotations: { [SEAL_ANNOTATION]: seal },
      },
      data: { password: Buffer.from('first').toString('base64') },
    },
  );
  kube.put('Pod', { name: 'front-1', namespace }, { metadata, spec: { containers: [] } });
  const status = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  kube.put('Deployment', { name: 'front', namespace }, { metadata, spec: { replicas: 1 }, status });
  // Last, and with the anchor at once: a look that came before it would find the store without what it needs.
  await sql`
    insert into stores (id, tenant_id, cluster_id, name, created_by, engine, engine_version, plan, admin_email, phase, ready_at,
      observed_generation, namespace_uid)
    values (${id}, ${TENANT}, 'clu_aaaaaaaaaa', ${`shop-${id.slice(4)}`}, 'x', 'test-shop', '1', 'standard', 'a@example.org',
      'ready', now(), 1, ${made?.metadata.uid ?? ''})`.execute(db);
  return id;
}

export async function readHealth(db: Db, id: string) {
  const { rows } = await sql<{ health: string; pods: { name: string }[] }>`
    select health, pods from stores where id = ${id}`.execute(db);
  return rows[0];
}

export async function countJobs(db: Db, id: string): Promise<number> {
  const { rows } = await sql`select 1 from jobs where subject = ${id} and state = 'available'`.execute(db);
  return rows.length;
}

export async function readEvents(db: Db, id: string): Promise<readonly string[]> {
  const { rows } = await sql<{ type: string }>`select type from events where store_id = ${id} order by cursor`.execute(
    db,
  );
  return rows.map(({ type }) => type);
}

/** What was told of drift, without the store's name. */
export async function readDrifts(db: Db, id: string): Promise<readonly string[]> {
  const { rows } = await sql<{ message: string }>`
    select message from events where store_id = ${id} and type = 'store.drift_detected' order by cursor`.execute(db);
  return rows.map(({ message }) => message.replace(/^[^:]+: /, ''));
}
