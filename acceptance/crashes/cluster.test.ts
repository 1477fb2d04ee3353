// The cluster itself dies, or is away: the platform goes on answering and accepting, blames no store, and all converges afterwards.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, makeStore, removeStore, requestStore } from '../stores.ts';
import { orderInTestShop } from '../test-shop.ts';
import { findTraces } from '../traces.ts';
import { until } from '../until.ts';
import { awaitRest } from './check-world.ts';
import { awaitAllReady, crash, findPart, listParts, signalPart } from './parts.ts';

/** The parts whose deaths are tried together; those of the others, and of API, workers and database, have tests of their own. */
const OTHERS = ['kube-scheduler', 'kube-controller-manager', 'kube-proxy', 'network-policies', 'way-out', 'edge'];
const CONVERGED_WITHIN_MS = 150_000;
const AWAY_FOR_MS = Number(process.env.SOUK_OUTAGE_SECONDS ?? 30) * 1_000;

describe('a cluster that dies or is away', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  const made = new Set<string>();
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    await awaitAllReady(platform, 120_000);
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  /** One store that goes on living, and one to be deleted. */
  async function makeTwo(word: string): Promise<readonly [Store, Store]> {
    const [living, leaving] = await Promise.all([
      makeStore(platform.client, `${word}-lives`),
      makeStore(platform.client, `${word}-goes`),
    ]);
    made.add(living.id).add(leaving.id);
    return [living, leaving];
  }

  async function request(word: string): Promise<Store> {
    const store = await requestStore(platform.client, word);
    made.add(store.id);
    return store;
  }

  /** A node that came back takes a pod for ready again only after it has looked. */
  async function awaitSelling(store: Store): Promise<void> {
    await until(`${store.name} to sell`, CONVERGED_WITHIN_MS, () => orderInTestShop(platform, store));
  }

  async function awaitConverged(living: Store, leaving: Store, coming: readonly Store[]): Promise<void> {
    await awaitAllReady(platform, CONVERGED_WITHIN_MS);
    for (const { id } of coming) {
      await awaitSelling(await awaitPhase(platform.client, id, 'ready', CONVERGED_WITHIN_MS));
    }
    await awaitPhase(platform.client, leaving.id, 'deleted', CONVERGED_WITHIN_MS);
    assert.deepEqual(await findTraces(platform, leaving), []);
    await awaitSelling(living);
    await awaitRest(platform, CONVERGED_WITHIN_MS);
    for (const { id } of [living, ...coming]) {
      const { items } = await platform.client.listStoreEvents(id, { limit: 500 });
      assert.ok(!items.some(({ type }) => type === 'store.provisioning_failed'), 'a store was blamed');
      await removeStore(platform.client, id);
      made.delete(id);
    }
    made.delete(leaving.id);
  }

  for (const [word, parts] of [
    ['control', ['kube-apiserver', 'etcd']],
    ['node', ['kubelet', 'containerd']],
  ] as const) {
    it(`loses nothing when ${parts.join(' and ')} are killed`, { timeout: 480_000 }, async () => {
      await awaitAllReady(platform, 120_000);
      const [living, leaving] = await makeTwo(word);
      const coming = await request(`${word}-comes`);
      await platform.client.deleteStore(leaving.id);
      for (const name of parts) crash(await findPart(platform, name), platform.home);
      const later = await request(`${word}-later`);
      await awaitConverged(living, leaving, [coming, later]);
    });
  }

  it(`has ${OTHERS.join(', ')} back when all are killed at once`, { timeout: 240_000 }, async () => {
    await awaitAllReady(platform, 120_000);
    const there = (await listParts(platform)).map(({ name }) => name);
    // Where the kernel gives no tap interfaces there is no way out.
    const killed = await Promise.all(
      OTHERS.filter((name) => name !== 'way-out' || there.includes(name)).map((name) => findPart(platform, name)),
    );
    for (const part of killed) crash(part, platform.home);
    for (const { name, pid, restarts } of killed) {
      await until(`${name} to be started again`, 60_000, async () => {
        const now = await findPart(platform, name);
        return now.restarts > restarts && now.pid !== pid && now.state === 'ready';
      });
    }
    await awaitAllReady(platform);
    // A new store needs each of them: to be placed, made, reached and let through.
    const store = await makeStore(platform.client, 'others');
    made.add(store.id);
    await awaitSelling(store);
    await removeStore(platform.client, store.id);
    made.delete(store.id);
  });

  it(`goes on without it for ${AWAY_FOR_MS / 1000} s: reads are answered, creates and deletions accepted, nothing fails`, {
    timeout: 480_000 + 2 * AWAY_FOR_MS,
  }, async () => {
    await awaitAllReady(platform, 120_000);
    const [living, leaving] = await makeTwo('away');
    const server = await findPart(platform, 'kube-apiserver');
    signalPart(server, platform.home, 'SIGSTOP');
    const coming: Store[] = [];
    const endsAt = performance.now() + AWAY_FOR_MS;
    let isToldAway = false;
    try {
      coming.push(await request('away-comes'));
      await platform.client.deleteStore(leaving.id);
      while (performance.now() < endsAt) {
        const startedAt = performance.now();
        const { items } = await platform.client.listStores({ limit: 200 });
        const tookMs = performance.now() - startedAt;
        assert.ok(tookMs < 2_000, `a list took ${Math.round(tookMs)} ms`);
        assert.deepEqual(
          items.filter(({ phase }) => phase === 'failed').map(({ name }) => name),
          [],
        );
        isToldAway ||= !(await platform.client.getHealth()).cluster.healthy;
        await delay(1_000);
      }
    } finally {
      signalPart(server, platform.home, 'SIGCONT');
    }
    assert.ok(isToldAway || AWAY_FOR_MS < 60_000, 'health never said that the cluster is away');
    await awaitConverged(living, leaving, coming);
  });
});
