// What somebody does to a living store behind the platform's back is noticed, told with its cause, and put back where that is safe.
// Lost data is never covered by a new and empty shop.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Event, isRefusal, type Store } from '@souk/contract';
import { bringHastyImage, HASTY_ENGINE } from '../brought-images.ts';
import { listen } from '../listen.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, makeStore, namespaceOf, removeStore } from '../stores.ts';
import { inventId, isNamespaceThere, makeStrayNamespace, readTenant } from '../stray-namespace.ts';
import { orderInTestShop } from '../test-shop.ts';
import { until } from '../until.ts';

const NOTICED_WITHIN_MS = 2_000;
const SWEEP_MS = Number(process.env.SWEEP_INTERVAL_SECONDS ?? 45) * 1_000;
// A sweep takes a moment, and what it finds is looked at once more a second later.
const SWEPT_WITHIN_MS = SWEEP_MS + 5_000;
const MENDED_WITHIN_MS = 60_000;

describe('what is done behind the platform’s back', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  let store: Store;
  let namespace: string;
  const made = new Set<string>();
  before(async () => {
    platform = connectToPlatform();
    await bringHastyImage(platform, 'test-shop');
    store = await makeStore(platform.client, 'drift', { engine: HASTY_ENGINE });
    made.add(store.id);
    namespace = namespaceOf(store);
    await awaitHealth('healthy');
  });
  after(async () => {
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  const awaitHealth = async (health: Store['health'], id = store.id): Promise<Store> =>
    await until(`${id} to be ${health}`, MENDED_WITHIN_MS, async () => {
      const now = await platform.client.getStore(id);
      return now.health === health ? now : null;
    });
  const countEvents = async (type: string): Promise<number> =>
    (await platform.client.listStoreEvents(store.id, { limit: 500 })).items.filter((event) => event.type === type)
      .length;
  const awaitEvent = async (type: string, message: RegExp, withinMs: number, past = 0): Promise<void> => {
    await until(`an event ${type} ${message}`, withinMs, async () => {
      const { items } = await platform.client.listStoreEvents(store.id, { limit: 500 });
      return items.filter((event) => event.type === type && message.test(event.message)).length > past;
    });
  };

  for (const [what, command, told] of [
    ['a route that is removed', ['delete', 'ingress', '--all'], /its route is missing/],
    ['a Service that is removed', ['delete', 'service', 'shop'], /missing: Service shop/],
    ['a StatefulSet that is removed', ['delete', 'statefulset', '--all', '--cascade=orphan'], /missing: StatefulSet/],
    [
      'a StatefulSet that is scaled',
      ['scale', 'statefulset', '--all', '--replicas=0'],
      /StatefulSet shop was scaled to 0/,
    ],
    ['a Deployment that is removed', ['delete', 'deployment', 'clerk'], /missing: Deployment clerk/],
    [
      'a Deployment that is scaled',
      ['scale', 'deployment', 'clerk', '--replicas=2'],
      /Deployment clerk was scaled to 2/,
    ],
    ['a network policy that is removed', ['delete', 'networkpolicy', 'deny-all'], /NetworkPolicy deny-all was removed/],
    [
      'a quota that is raised',
      ['patch', 'resourcequota', 'plan', '--type=merge', '-p', '{"spec":{"hard":{"pods":"99"}}}'],
      /ResourceQuota plan was changed/,
    ],
    ['a quota that is removed', ['delete', 'resourcequota', 'plan'], /ResourceQuota plan was removed/],
    ['a limit range that is removed', ['delete', 'limitrange', 'container'], /LimitRange container was removed/],
  ] as const) {
    it(`${what} is noticed within 2 s, told, and put back`, { timeout: 120_000 }, async () => {
      const repaired = await countEvents('store.repaired');
      await platform.kubectl('-n', namespace, ...command);
      // Counted from when kubectl has ended, which waits until the object is gone.
      await awaitEvent('store.drift_detected', told, NOTICED_WITHIN_MS);
      await awaitEvent('store.repaired', /as it should be again/, MENDED_WITHIN_MS, repaired);
      await awaitHealth('healthy');
      await orderInTestShop(platform, store);
    });
  }

  // Of the count of Secrets in the status of the quota; the watch on a store's Secrets leaves these out.
  it('removed release records are noticed within 2 s, told, and made anew, and the shop keeps its pods', {
    timeout: 120_000,
  }, async (t) => {
    const pods = await platform.kubectl('-n', namespace, 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}');
    const repaired = await countEvents('store.repaired');
    await platform.kubectl('-n', namespace, 'delete', 'secret', '-l', 'owner=helm');
    const removedAt = performance.now();
    await awaitEvent('store.drift_detected', /records of its Helm release were removed/, NOTICED_WITHIN_MS);
    t.diagnostic(`removed release records were told after ${Math.round(performance.now() - removedAt)} ms`);
    await awaitEvent('store.repaired', /as it should be again/, MENDED_WITHIN_MS, repaired);
    await awaitHealth('healthy');
    const records = await platform.kubectl('-n', namespace, 'get', 'secret', '-l', 'owner=helm', '-o', 'name');
    assert.match(records, /sh\.helm\.release/);
    assert.equal(
      await platform.kubectl('-n', namespace, 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}'),
      pods,
    );
  });

  it('an edited Secret is noticed within 2 s, told, and stays when somebody agrees', {
    timeout: 180_000,
  }, async (t) => {
    const edit = { stringData: { password: `edited-${randomBytes(6).toString('hex')}` } };
    await platform.kubectl(
      '-n',
      namespace,
      'patch',
      'secret',
      'store-admin',
      '--type=merge',
      '-p',
      JSON.stringify(edit),
    );
    const editedAt = performance.now();
    await awaitEvent('store.drift_detected', /the Secret store-admin was edited/, NOTICED_WITHIN_MS);
    t.diagnostic(`an edited Secret was told after ${Math.round(performance.now() - editedAt)} ms`);
    await until('the error to be shown', MENDED_WITHIN_MS, async () => {
      const { error } = await platform.client.getStore(store.id);
      return error?.code === 'credentials_changed';
    });
    await awaitEvent('store.repair_needed', /store-admin was edited/, 1_000);
    await platform.souk('store', 'repair', store.name, '--wait');
    assert.equal((await awaitHealth('healthy')).error, null);
    const { password } = await platform.client.revealCredentials(store.id);
    assert.equal(password, edit.stringData.password);
  });

  it('a deleted namespace is told as lost data, and stays away until one command agrees', {
    timeout: 240_000,
  }, async () => {
    const before = await platform.client.revealCredentials(store.id);
    await platform.kubectl('delete', 'namespace', namespace, '--wait=false');
    await awaitEvent('store.drift_detected', /its namespace was deleted/, NOTICED_WITHIN_MS);
    const lost = await awaitHealth('degraded');
    assert.equal(lost.phase, 'ready');
    await until('the error to be shown', 10_000, async () => {
      const { error } = await platform.client.getStore(store.id);
      return error?.code === 'data_lost';
    });
    await until('the namespace to be gone', 60_000, async () => {
      const found = await platform.kubectl('get', 'namespace', namespace, '--ignore-not-found', '-o', 'name');
      return found === '';
    });
    await platform.souk('store', 'repair', store.name, '--wait');
    store = await awaitPhase(platform.client, store.id, 'ready', MENDED_WITHIN_MS);
    assert.equal(store.error, null);
    await orderInTestShop(platform, store);
    const { password } = await platform.client.revealCredentials(store.id);
    assert.notEqual(password, before.password, 'it is another shop, and says so');
    await awaitHealth('healthy');
  });

  it('a repair is refused while one is under way, and of a store that is not ready', { timeout: 120_000 }, async () => {
    const { store: pending } = await platform.client.createStore({ name: `${store.name}-2`, engine: store.engine });
    made.add(pending.id);
    await assert.rejects(platform.client.repairStore(pending.id), (error) => isRefusal(error, 'not_repairable'));
  });

  it('a namespace that carries our label and belongs to nobody is told within 2 s and removed when two sweeps saw it', {
    timeout: 240_000,
  }, async () => {
    const deleted = await makeStore(platform.client, 'orphan');
    const tenant = await readTenant(platform, deleted);
    await removeStore(platform.client, deleted.id);
    const [gone, stray, foreign] = [deleted.id, inventId(), inventId()];
    const listening = new AbortController();
    const told = await listen(platform, listening.signal);
    const find = (type: Event['type'], id: string): Event | undefined =>
      told.find((event) => event.type === type && event.details.namespace === namespaceOf({ id }));
    try {
      await makeStrayNamespace(platform, foreign, 'ten_zzzzzzzzzz');
      for (const orphan of [gone, stray]) {
        await makeStrayNamespace(platform, orphan, tenant);
        await until('the orphan to be told', NOTICED_WITHIN_MS, () => find('store.orphan_found', orphan));
      }
      for (const orphan of [gone, stray]) {
        await until(
          'the orphan to be removed',
          2 * SWEPT_WITHIN_MS + MENDED_WITHIN_MS,
          async () => !(await isNamespaceThere(platform, orphan)),
          1_000,
        );
        const [found, removed] = [find('store.orphan_found', orphan), find('store.orphan_removed', orphan)];
        const betweenMs = Date.parse(removed?.at ?? '') - Date.parse(found?.at ?? '');
        // From one sweep to the next; timers may be early by a little.
        assert.ok(betweenMs >= SWEEP_MS - 500, `one sighting was enough: removed ${betweenMs} ms after it was told`);
      }
      assert.equal(await isNamespaceThere(platform, foreign), true, 'a namespace of another installation was removed');
    } finally {
      listening.abort();
      await platform.kubectl('delete', 'namespace', namespaceOf({ id: foreign }), '--ignore-not-found');
    }
  });
});
