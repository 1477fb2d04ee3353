import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { newId, storeNamespace } from '../ids.ts';
import { KubeError } from '../kube/kube-error.ts';
import { createMemoryKube, type MemoryKube } from '../kube/memory-kube.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { WATCH_LEASE } from './observed-health.ts';
import {
  countJobs,
  insertTenantAndCluster,
  makeLivingStore,
  type RunningWatch,
  readDrifts,
  readEvents,
  readHealth,
  startWatch,
  TENANT,
  takeOverWatch,
} from './test-watched-stores.ts';
import { createClusterWatch } from './watch-cluster.ts';

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase();
  await insertTenantAndCluster(database.db);
});
after(() => database.close());

async function until<T>(read: () => Promise<T>, isRight: (value: T) => boolean, withinMs = 10_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (isRight(value) || performance.now() > deadline) {
      assert.ok(isRight(value), `not within ${withinMs} ms; last seen: ${JSON.stringify(value)}`);
      return value;
    }
    await delay(20);
  }
}

const EDITED = { data: { password: Buffer.from('other').toString('base64') } };

describe('the watch', () => {
  let kube: MemoryKube;
  let watch: RunningWatch;
  before(async () => {
    kube = createMemoryKube();
    kube.put('Node', { name: 'souk' }, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    watch = await startWatch(database.db, kube, {
      sweepIntervalMs: 1_000,
      guardrails: ({ id }, nodes) => {
        const closed = nodes.flatMap(({ status }) => status?.addresses ?? []).map(({ address }) => address);
        const metadata = { name: 'deny-all', labels: { 'souk.dev/store': id } };
        const manifest = closed.length === 0 ? { metadata } : { metadata, spec: { closed } };
        return [{ kind: 'NetworkPolicy', manifest }];
      },
      factsMs: 200,
    });
  });
  after(() => watch.end());

  it('records health and pods of a store within moments', async () => {
    const id = await makeLivingStore(database.db, kube);
    const seen = await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    assert.deepEqual(
      seen?.pods.map(({ name }) => name),
      ['front-1'],
    );
    assert.deepEqual(await readEvents(database.db, id), []);
  });

  it('tells when a shop gets worse and when it is well again', async () => {
    const id = await makeLivingStore(database.db, kube);
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    const front = { name: 'front', namespace: storeNamespace(id) };
    kube.put('Deployment', front, { status: { availableReplicas: 0 } });
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'degraded',
    );
    kube.put('Deployment', front, { status: { availableReplicas: 1 } });
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    assert.deepEqual(await readEvents(database.db, id), ['store.health_changed', 'store.health_changed']);
    assert.equal(await countJobs(database.db, id), 0);
  });

  it('queues a reconcile for a store whose namespace was deleted from outside, and tells it once', async () => {
    const id = await makeLivingStore(database.db, kube);
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    kube.remove('Namespace', { name: storeNamespace(id) });
    await until(
      () => countJobs(database.db, id),
      (count) => count === 1,
    );
    assert.deepEqual(await readEvents(database.db, id), ['store.health_changed', 'store.drift_detected']);
  });

  it('queues a reconcile for every store when the cluster gets a node, whose addresses they must not reach', async () => {
    const ids = [await makeLivingStore(database.db, kube), await makeLivingStore(database.db, kube)];
    for (const id of ids) {
      await until(
        () => readHealth(database.db, id),
        (row) => row?.health === 'healthy',
      );
    }
    kube.put('Node', { name: 'second' }, { status: { addresses: [{ type: 'ExternalIP', address: '203.0.113.9' }] } });
    for (const id of ids) {
      await until(
        () => countJobs(database.db, id),
        (count) => count === 1,
        4_000,
      );
    }
    kube.remove('Node', { name: 'second' });
  });

  it('wakes a parked deletion when the namespace is gone', async () => {
    const id = await makeLivingStore(database.db, kube);
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    await sql`
      update stores set phase = 'deleting', desired_phase = 'deleted', deletion_requested_at = now() where id = ${id}
    `.execute(database.db);
    await sql`
      insert into jobs (id, kind, subject, fair_group, state, run_at)
      values (${newId('job')}, 'reconcile-store', ${id}, ${TENANT}, 'waiting', now() + interval '1 hour')`.execute(
      database.db,
    );
    kube.remove('Namespace', { name: storeNamespace(id) });
    const isDue = async () => {
      const { rows } = await sql`select 1 from jobs where subject = ${id} and run_at <= now()`.execute(database.db);
      return rows.length;
    };
    await until(isDue, (count) => count === 1);
  });

  it('lets the health of a deleted store go when it is told that rows changed', async () => {
    const id = await makeLivingStore(database.db, kube);
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    await sql`
      update stores set phase = 'deleted', desired_phase = 'deleted', deletion_requested_at = now(), deleted_at = now()
      where id = ${id}`.execute(database.db);
    watch.lookAtRows();
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'unknown',
    );
  });

  const makeHealthyStore = async (): Promise<string> => {
    const id = await makeLivingStore(database.db, kube);
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    return id;
  };
  it('tells within two seconds that a guardrail or a Service was removed or the workloads were scaled, and queues a repair', async () => {
    for (const [change, told] of [
      [(namespace: string) => kube.remove('Service', { name: 'front', namespace }), 'missing: Service front'],
      [
        (namespace: string) => kube.remove('NetworkPolicy', { name: 'deny-all', namespace }),
        'NetworkPolicy deny-all was removed',
      ],
      [
        (namespace: string) => kube.put('Deployment', { name: 'front', namespace }, { spec: { replicas: 0 } }),
        'Deployment front was scaled to 0, wanted is 1',
      ],
    ] as const) {
      const id = await makeHealthyStore();
      change(storeNamespace(id));
      await until(
        () => readDrifts(database.db, id),
        (drifts) => drifts.length > 0,
        2_000,
      );
      assert.deepEqual(await readDrifts(database.db, id), [told]);
      assert.equal(await countJobs(database.db, id), 1);
    }
  });

  it('tells of removed release records as soon as the quota counts fewer Secrets, and of an edited Secret where its watch told nothing at the next sweep', async () => {
    const id = await makeHealthyStore();
    const namespace = storeNamespace(id);
    kube.remove('Secret', { name: 'sh.helm.release.v1.x.v1', namespace });
    kube.put('ResourceQuota', { name: 'plan', namespace }, { status: { used: { 'count/secrets': '1' } } });
    await until(
      () => readDrifts(database.db, id),
      (drifts) => drifts.length > 0,
      2_000,
    );
    const other = await makeHealthyStore();
    kube.muteWatches(true);
    kube.put('Secret', { name: 'store-admin', namespace: storeNamespace(other) }, EDITED);
    kube.muteWatches(false);
    await until(
      () => readDrifts(database.db, other),
      (drifts) => drifts.length > 0,
      4_000,
    );
    assert.deepEqual(
      [await readDrifts(database.db, id), await readDrifts(database.db, other)],
      [['the records of its Helm release were removed'], ['the Secret store-admin was edited']],
    );
  });

  it('finds by the next sweep what a watch that fell silent has not told', async () => {
    const id = await makeHealthyStore();
    kube.muteWatches(true);
    kube.remove('Deployment', { name: 'front', namespace: storeNamespace(id) });
    kube.muteWatches(false);
    await until(
      () => readDrifts(database.db, id),
      (drifts) => drifts.length > 0,
      5_000,
    );
    assert.deepEqual(await readDrifts(database.db, id), ['missing: Deployment front']);
  });

  it('tells of a drift that lasts once, and queues a repair for it again in every sweep', async () => {
    const id = await makeHealthyStore();
    kube.remove('Ingress', { name: 'shop', namespace: storeNamespace(id) });
    for (let sweep = 0; sweep < 3; sweep += 1) {
      await until(
        () => countJobs(database.db, id),
        (count) => count === 1,
        5_000,
      );
      await sql`delete from jobs where subject = ${id}`.execute(database.db);
    }
    assert.deepEqual(await readDrifts(database.db, id), ['its route is missing']);
  });

  it('queues nothing for a shop whose loss waits for a person, until what was lost is there again', async () => {
    const id = await makeHealthyStore();
    const namespace = storeNamespace(id);
    await sql`update stores set error_code = 'credentials_changed', error_message = 'x' where id = ${id}`.execute(
      database.db,
    );
    const ingress = { metadata: { labels: { 'souk.dev/store': id } } };
    kube.remove('Ingress', { name: 'shop', namespace });
    await until(
      () => readDrifts(database.db, id),
      (drifts) => drifts.length > 0,
    );
    assert.equal(await countJobs(database.db, id), 0);
    kube.put('Ingress', { name: 'shop', namespace }, ingress);
    await until(
      () => countJobs(database.db, id),
      (count) => count === 1,
    );
  });

  describe('namespaces that belong to no live store', () => {
    const namespaces = () => kube.describe().filter((line) => line.startsWith('Namespace '));
    const isThere = (id: string) => namespaces().includes(`Namespace /${storeNamespace(id)}`);
    const putNamespace = (id: string, tenant: string): void =>
      kube.put(
        'Namespace',
        { name: storeNamespace(id) },
        { metadata: { labels: { 'souk.dev/store': id, 'souk.dev/tenant': tenant } } },
      );
    const readOrphanEvents = async (id: string): Promise<string[]> => {
      const { rows } = await sql<{ type: string }>`
        select type from events where details->>'namespace' = ${storeNamespace(id)} order by cursor`.execute(
        database.db,
      );
      return rows.map(({ type }) => type);
    };

    it('are told of at once and removed after two sweeps when their store was deleted, or never was and they hold no data', async () => {
      const deleted = await makeHealthyStore();
      kube.remove('Namespace', { name: storeNamespace(deleted) });
      await sql`
        update stores set phase = 'deleted', desired_phase = 'deleted', deletion_requested_at = now(), deleted_at = now()
        where id = ${deleted}`.execute(database.db);
      const never = newId('sto');
      for (const id of [deleted, never]) {
        putNamespace(id, TENANT);
      }
      await until(
        () => readOrphanEvents(never),
        (types) => types.length === 1,
        900,
      );
      assert.ok(isThere(never), 'it went before it was seen twice');
      for (const id of [deleted, never]) {
        await until(
          async () => isThere(id),
          (there) => !there,
          6_000,
        );
        await until(
          () => readOrphanEvents(id),
          (types) => types.length === 2,
        );
        assert.deepEqual(await readOrphanEvents(id), ['store.orphan_found', 'store.orphan_removed']);
      }
    });

    it('that the cluster does not let go keep nothing else from being seen', async (t) => {
      const refuse = t.mock.method(kube, 'delete', async () => {
        throw new KubeError(403, 'Forbidden', 'an admission policy says no');
      });
      putNamespace(newId('sto'), TENANT);
      await until(
        async () => refuse.mock.callCount(),
        (count) => count > 0,
        10_000,
      );
      await makeHealthyStore();
    });

    it('are left to a person when they hold volumes of an unknown store, or are of another installation', async (t) => {
      const get = t.mock.method(kube, 'get');
      const looksAt = (id: string): number =>
        get.mock.calls.filter(({ arguments: [kind, ref] }) => kind === 'Namespace' && ref.name === storeNamespace(id))
          .length;
      const withData = newId('sto');
      const foreign = newId('sto');
      putNamespace(withData, TENANT);
      kube.put('PersistentVolumeClaim', { name: 'data', namespace: storeNamespace(withData) }, {});
      putNamespace(foreign, 'ten_zzzzzzzzzz');
      await delay(4_000);
      assert.deepEqual([isThere(withData), isThere(foreign)], [true, true]);
      assert.deepEqual(await readOrphanEvents(withData), ['store.orphan_found']);
      assert.ok(looksAt(withData) > 0);
      assert.equal(looksAt(foreign), 0, 'no sweep has anything to ask of what is never removed');
    });
  });

  it('writes down the facts about the cluster', async () => {
    const read = async () => {
      const { rows } = await sql<{ observed: unknown }>`select observed from clusters`.execute(database.db);
      return rows[0]?.observed;
    };
    const facts = await until(read, (observed) => JSON.stringify(observed).includes('souk'));
    assert.deepEqual(facts, { version: 'v1.36.3', nodes: [{ name: 'souk', ready: true }], message: null });
  });

  it('says that the cluster does not answer, and that it does again', async () => {
    const readMessage = async () => {
      const { rows } = await sql<{ message: string | null }>`
        select observed ->> 'message' as message from clusters`.execute(database.db);
      return rows[0]?.message ?? null;
    };
    await until(readMessage, (message) => message === null);
    kube.setUnreachable(true);
    await until(readMessage, (message) => message?.includes('does not answer') === true);
    kube.setUnreachable(false);
    await until(readMessage, (message) => message === null);
  });

  it('forgets nothing that it could not write while the database was in trouble', async () => {
    const id = await makeLivingStore(database.db, kube);
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    await sql`alter table stores rename to stores_away`.execute(database.db);
    kube.put('Deployment', { name: 'front', namespace: storeNamespace(id) }, { status: { availableReplicas: 0 } });
    await delay(600);
    await sql`alter table stores_away rename to stores`.execute(database.db);
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'degraded',
      20_000,
    );
  });

  it('writes nothing once its term is another one', async () => {
    const id = await makeLivingStore(database.db, kube);
    await until(
      () => readHealth(database.db, id),
      (row) => row?.health === 'healthy',
    );
    await sql`update leader_leases set fence = fence + 1 where name = ${WATCH_LEASE}`.execute(database.db);
    kube.put('Deployment', { name: 'front', namespace: storeNamespace(id) }, { status: { availableReplicas: 0 } });
    kube.remove('Ingress', { name: 'shop', namespace: storeNamespace(id) });
    // Longer than it takes to confirm a drift.
    await delay(1_500);
    assert.equal((await readHealth(database.db, id))?.health, 'healthy');
    assert.deepEqual(await readEvents(database.db, id), []);
    assert.equal(await countJobs(database.db, id), 0);
  });
});

describe('a leader that dies', () => {
  let kube: MemoryKube;
  let id: string;
  beforeEach(async () => {
    kube = createMemoryKube();
    kube.put('Node', { name: 'souk' }, {});
    id = newId('sto');
    await sql`truncate events, jobs, stores cascade`.execute(database.db);
  });
  after(() => armFailpoints(''));

  function startTerm(fence: number): { end: () => void; running: Promise<void> } {
    const term = new AbortController();
    const context = {
      db: database.db,
      kube,
      engines: new Map(),
      baseDomain: 'souk.localhost',
      platformKey: Buffer.alloc(32),
      sweepIntervalMs: 300,
      guardrails: () => [],
      actor: `leader ${fence}`,
      log: silentLog(),
      metrics: createMetrics('test'),
    };
    const running = createClusterWatch(context, { fence, signal: term.signal })
      .run()
      .catch(() => undefined);
    return { end: () => term.abort(new Error('died')), running };
  }

  /** The first leader gets to the failpoint and dies there; a second one leads until all is as it should be. */
  async function dieAt(name: string, isRight: () => Promise<boolean>): Promise<void> {
    const first = startTerm(await takeOverWatch(database.db));
    let hasDied = false;
    armFailpoint(name, async () => {
      armFailpoints('');
      hasDied = true;
      first.end();
      throw new Error('died');
    });
    await until(
      async () => hasDied,
      (died) => died,
    );
    await first.running;
    const second = startTerm(await takeOverWatch(database.db));
    try {
      await until(isRight, (right) => right);
      // Another sweep, which must find nothing to do.
      await delay(700);
      assert.ok(await isRight());
    } finally {
      second.end();
      await second.running;
    }
  }

  for (const name of ['before-delete-orphan', 'after-delete-orphan']) {
    it(`at ${name} leaves an orphan that the next one removes, and it is told once`, async () => {
      const namespace = storeNamespace(id);
      const labels = { 'souk.dev/store': id, 'souk.dev/tenant': TENANT };
      kube.put('Namespace', { name: namespace }, { metadata: { labels } });
      await dieAt(name, async () => !kube.describe().includes(`Namespace /${namespace}`));
      const { rows } = await sql<{ type: string }>`select type from events order by cursor`.execute(database.db);
      assert.deepEqual(
        rows.map(({ type }) => type),
        ['store.orphan_found', 'store.orphan_removed'],
      );
    });
  }

  for (const name of ['before-queue-reconcile', 'after-queue-reconcile']) {
    it(`at ${name} leaves a store without a job that is given exactly one`, async () => {
      await sql`
        insert into stores (id, tenant_id, cluster_id, name, created_by, engine, engine_version, plan, admin_email)
        values (${id}, ${TENANT}, 'clu_aaaaaaaaaa', 'forgotten', 'x', 'test-shop', '1', 'standard', 'a@example.org')`.execute(
        database.db,
      );
      await dieAt(name, async () => {
        const { rows } = await sql<{ state: string }>`select state from jobs where subject = ${id}`.execute(
          database.db,
        );
        return rows.length === 1 && rows[0]?.state === 'available';
      });
    });
  }
});
