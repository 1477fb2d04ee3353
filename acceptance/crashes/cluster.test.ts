// The cluster itself dies, or is away: the platform goes on answering and accepting, blames no store, and all converges afterwards.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '@souk/contract';
import { whyNoBrowser } from '../browser.ts';
import { asPerson } from '../dashboard/person.ts';
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
// What is known of the cluster is written every 20 s, and a question that nobody answers takes 10 s.
const TOLD_WITHIN_MS = 45_000;
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
  }, async (t) => {
    await awaitAllReady(platform, 120_000);
    const [living, leaving] = await makeTwo('away');
    const server = await findPart(platform, 'kube-apiserver');
    signalPart(server, platform.home, 'SIGSTOP');
    const stoppedAt = performance.now();
    const coming: Store[] = [];
    const blames = new Set<string>();
    const isToldAway = Promise.withResolvers<void>();
    const dashboard = t.test('the dashboard says so while it is away, and no longer', { skip: whyNoBrowser() }, () =>
      readAtDashboard(isToldAway.resolve),
    );
    try {
      coming.push(await request('away-comes'));
      await platform.client.deleteStore(leaving.id);
      for (let isTold = false; !isTold || performance.now() - stoppedAt < AWAY_FOR_MS; ) {
        await assertReadable();
        for (const store of [living, leaving, ...coming]) blames.add(await readBlame(store));
        const { healthy, cluster } = await platform.client.getHealth();
        isTold = !healthy && !cluster.healthy && /does not answer/.test(cluster.message ?? '');
        const awayMs = performance.now() - stoppedAt;
        assert.ok(isTold || awayMs < TOLD_WITHIN_MS, 'health does not say that the cluster is away');
        await delay(1_000);
      }
      // Without a browser nobody looks.
      await Promise.race([isToldAway.promise, dashboard]);
    } finally {
      signalPart(server, platform.home, 'SIGCONT');
    }
    await Promise.all([awaitConverged(living, leaving, coming), dashboard]);
    assert.deepEqual([...blames], [''], 'what fails because the cluster is away is no fault of a store');
  });

  async function assertReadable(): Promise<void> {
    const startedAt = performance.now();
    await platform.client.listStores({ limit: 200 });
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs < 2_000, `a list took ${Math.round(tookMs)} ms`);
  }

  /** What the store shows as wrong; empty for nothing. */
  async function readBlame({ id, name }: Store): Promise<string> {
    const { phase, error } = await platform.client.getStore(id);
    return error === null && phase !== 'failed' ? '' : `${name} is ${phase}: ${error?.code} ${error?.message}`;
  }

  /** On a page that is loaded once. */
  async function readAtDashboard(onToldAway: () => void): Promise<void> {
    await asPerson(platform, async ({ page, countLoads }) => {
      const loads = countLoads();
      const line = page.getByRole('link', { name: /Cluster needs attention/ });
      await line.waitFor({ timeout: AWAY_FOR_MS + TOLD_WITHIN_MS });
      await line.click();
      await page.getByRole('heading', { name: 'Cluster', level: 1 }).waitFor();
      await page.getByText('Unreachable').waitFor();
      await page.getByText(/The cluster does not answer/).waitFor();
      onToldAway();
      // Told long before the cluster answers again.
      await page.getByText('All systems work').waitFor({ timeout: AWAY_FOR_MS + CONVERGED_WITHIN_MS });
      assert.equal(await page.getByText(/The cluster does not answer|Unreachable/).count(), 0);
      assert.equal(countLoads(), loads, 'the page was loaded again');
    });
  }
});
