// The watch where listings take long, stores are many, or one of them is in trouble: what it owes to all the others.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { waitUntil } from '../db/wait-until.ts';
import { storeNamespace } from '../ids.ts';
import type { Kind } from '../kube/kinds.ts';
import type { Selection } from '../kube/kube.ts';
import { KubeError } from '../kube/kube-error.ts';
import type { MemoryKube } from '../kube/memory-kube.ts';
import { countJobs, makeLivingStore, readDrifts, useWatchedCluster } from './test-watched-stores.ts';

describe('the watch of a cluster that is slow or full', () => {
  const cluster = useWatchedCluster();

  const makeStores = (count: number): Promise<readonly string[]> =>
    Promise.all(Array.from({ length: count }, () => makeLivingStore(cluster.db, cluster.kube)));
  const isAll = async (ids: readonly string[], health: string): Promise<boolean> => {
    const { rows } = await sql`select 1 from stores where id = any(${ids}) and health = ${health}`.execute(cluster.db);
    return rows.length === ids.length;
  };
  const breakFront = (id: string): void =>
    cluster.kube.put(
      'Deployment',
      { name: 'front', namespace: storeNamespace(id) },
      { status: { availableReplicas: 0 } },
    );

  /** From now on a listing gets no answer until `release` or its own end. */
  function holdListings(t: TestContext): { readonly begun: () => number; readonly release: () => void } {
    const { listPages } = cluster.kube;
    const gate = new AbortController();
    const held = t.mock.method(cluster.kube, 'listPages', async function* (
      kind: Kind,
      selection: Selection,
      signal: AbortSignal,
    ) {
      await delay(60_000, undefined, { signal: AbortSignal.any([gate.signal, signal]) }).catch(() => undefined);
      yield* listPages(kind, selection, signal);
    } as MemoryKube['listPages']);
    return { begun: () => held.mock.callCount(), release: () => gate.abort() };
  }

  it('looks at a change that the watch tells while a listing that takes long is still under way', async (t) => {
    const [id = ''] = await makeStores(1);
    const watch = await cluster.watch({ sweepIntervalMs: 300 });
    await waitUntil('healthy', () => isAll([id], 'healthy'));
    const listings = holdListings(t);
    await waitUntil('a listing is under way', () => listings.begun() > 0);
    cluster.kube.remove('Deployment', { name: 'front', namespace: storeNamespace(id) });
    await waitUntil('told', async () => (await readDrifts(cluster.db, id)).length > 0, 5_000);
    assert.equal(await countJobs(cluster.db, id), 1);
    assert.equal(listings.begun(), 1);
    // Its term ends though it has no answer yet.
    await watch.end();
  });

  it('writes down that the cluster does not answer while a listing waits for it', async (t) => {
    await cluster.watch({ sweepIntervalMs: 300, factsMs: 50 });
    const listings = holdListings(t);
    await waitUntil('a listing is under way', () => listings.begun() > 0);
    t.mock.method(cluster.kube, 'readVersion', async () => {
      throw new KubeError(0, 'Unreachable', 'no answer');
    });
    const readMessage = async () => {
      const { rows } = await sql<{ message: string | null }>`
        select observed ->> 'message' as message from clusters`.execute(cluster.db);
      return rows[0]?.message?.includes('does not answer');
    };
    await waitUntil('the message', readMessage, 5_000);
  });

  it('writes down that the cluster does not answer when it was away before the term began, and keeps what it knew of nodes', async () => {
    await sql`update clusters set observed = '{"nodes": [{"name": "souk", "ready": true}]}'`.execute(cluster.db);
    cluster.kube.setUnreachable(true);
    await cluster.watch({ sweepIntervalMs: 300, factsMs: 50 });
    const readFacts = async () => {
      const { rows } = await sql<{ message: string | null; nodes: unknown }>`
        select observed ->> 'message' as message, observed -> 'nodes' as nodes from clusters`.execute(cluster.db);
      return rows[0];
    };
    await waitUntil('the message', async () => (await readFacts())?.message?.includes('does not answer'), 5_000);
    assert.deepEqual((await readFacts())?.nodes, [{ name: 'souk', ready: true }]);
  });

  it('lists again soon after a listing that failed', async (t) => {
    const failedAt: number[] = [];
    const { listPages } = cluster.kube;
    await cluster.watch({ sweepIntervalMs: 4_000 });
    t.mock.method(cluster.kube, 'listPages', (kind: Kind, selection: Selection, signal: AbortSignal) => {
      if (kind !== 'Namespace') return listPages(kind, selection, signal);
      failedAt.push(performance.now());
      throw new KubeError(0, 'Unreachable', 'no answer');
    });
    await waitUntil('the second listing', () => failedAt.length >= 2, 12_000);
    const [first = 0, second = 0] = failedAt;
    assert.ok(second - first < 3_500, `after ${second - first} ms`);
  });

  it('lists again only a whole interval after a listing has ended, however long that took', async (t) => {
    const listings: { beganAt: number; endedAt: number }[] = [];
    const { listPages } = cluster.kube;
    await cluster.watch({ sweepIntervalMs: 250 });
    t.mock.method(cluster.kube, 'listPages', async function* (kind: Kind, selection: Selection, signal: AbortSignal) {
      const beganAt = performance.now();
      await delay(50, undefined, { signal });
      yield* listPages(kind, selection, signal);
      listings.push({ beganAt, endedAt: performance.now() });
    } as MemoryKube['listPages']);
    const KINDS = 11;
    await waitUntil('three resyncs', () => listings.length >= 3 * KINDS);
    for (const [index, { beganAt }] of listings.slice(0, 3 * KINDS).entries()) {
      const before = listings[index - 1];
      const isFirstKind = index > 0 && index % KINDS === 0;
      const leastMs = isFirstKind ? 245 : 0;
      assert.ok(before === undefined || beganAt - before.endedAt >= leastMs, `listing ${index} began too early`);
    }
  });

  it('looks at what the watch told before what only the sweep wants looked at', async () => {
    const ids = await makeStores(150);
    const looks: string[] = [];
    let onLook = (): void => undefined;
    await cluster.watch({
      sweepIntervalMs: 1_000,
      guardrails: ({ id }) => {
        looks.push(id);
        onLook();
        return [];
      },
    });
    await waitUntil('healthy', () => isAll(ids, 'healthy'), 60_000);
    const nextSweep = async (): Promise<readonly string[]> => {
      looks.length = 0;
      await waitUntil('a whole sweep', () => looks.length >= ids.length, 60_000);
      return [...looks];
    };
    await nextSweep();
    const last = (await nextSweep()).at(-1) ?? '';
    // Changed when the first one of the next sweep is looked at.
    onLook = () => {
      onLook = () => undefined;
      breakFront(last);
    };
    const order = await nextSweep();
    assert.ok(order.indexOf(last) < ids.length / 2, `it was number ${order.indexOf(last)} to be looked at`);
  });

  it('looks at all others though one store cannot be looked at', async () => {
    const [broken, ...others] = [...(await makeStores(1)), ...(await makeStores(9))];
    await cluster.watch({
      sweepIntervalMs: 60_000,
      guardrails: ({ id }) => {
        if (id === broken) {
          throw new Error('its row makes no sense');
        }
        return [];
      },
    });
    await waitUntil('healthy', () => isAll(others, 'healthy'), 5_000);
    others.forEach(breakFront);
    await waitUntil('degraded', () => isAll(others, 'degraded'), 5_000);
  });

  it('begins no sweep over the Secrets before a whole interval has passed since the last one', async (t) => {
    await makeStores(1);
    const { listMetadata } = cluster.kube;
    const gate = new AbortController();
    const inspectedAt: number[] = [];
    t.mock.method(cluster.kube, 'listMetadata', async (kind: Kind, selection: Selection, signal: AbortSignal) => {
      await delay(60_000, undefined, { signal: AbortSignal.any([gate.signal, signal]) }).catch(() => undefined);
      inspectedAt.push(performance.now());
      return await listMetadata(kind, selection, signal);
    });
    // Which tells nothing that would be looked at sooner.
    t.mock.method(cluster.kube, 'watchMetadata', async function* () {
      await new Promise(() => undefined);
    });
    const resyncs = t.mock.method(cluster.kube, 'listPages');
    await cluster.watch({ sweepIntervalMs: 200 });
    await waitUntil('some resyncs', () => resyncs.mock.callCount() > 5 * 11);
    gate.abort();
    await waitUntil('more sweeps', () => inspectedAt.length >= 4);
    const gaps = inspectedAt.slice(1, 4).map((at, index) => at - (inspectedAt[index] ?? 0));
    assert.ok(Math.min(...gaps) > 190, `gaps of ${gaps.join(', ')} ms`);
  });

  it('asks for the Secrets of a few stores at once, however many of them change', async (t) => {
    const ids = await makeStores(20);
    await cluster.watch({ sweepIntervalMs: 60_000 });
    await waitUntil('healthy', () => isAll(ids, 'healthy'));
    const { listMetadata } = cluster.kube;
    let most = 0;
    let underWay = 0;
    t.mock.method(cluster.kube, 'listMetadata', async (kind: Kind, selection: Selection, signal: AbortSignal) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await delay(20);
      underWay -= 1;
      return await listMetadata(kind, selection, signal);
    });
    for (const id of ids) {
      const namespace = storeNamespace(id);
      cluster.kube.remove('Secret', { name: 'sh.helm.release.v1.x.v1', namespace });
      cluster.kube.put('ResourceQuota', { name: 'plan', namespace }, { status: { used: { 'count/secrets': '1' } } });
    }
    await waitUntil('degraded', () => isAll(ids, 'degraded'));
    assert.ok(most <= 6, `${most} at once`);
  });
});
