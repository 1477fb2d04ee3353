// A store's whole life on the real platform: made, shopped in, deleted without a trace, its name used again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BRING_UP_STEPS, type Credentials, type Store, type StoreAndJob } from '@souk/contract';
import { HOLDER, holdNamespace, letNamespaceGo } from '../crashes/held-namespace.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, freshName, makeStore, namespaceOf, removeStore, requestStore, TEST_ENGINE } from '../stores.ts';
import { listOrderIds, orderInTestShop } from '../test-shop.ts';
import { findTraces, hostOfId } from '../traces.ts';
import { ROUTE_CHANGES_WITHIN_MS, until } from '../until.ts';

describe('the life of a store', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  const made = new Set<string>();
  let held: Store;
  before(async () => {
    platform = connectToPlatform();
    // Its deletion takes its time while the other tests are at work.
    held = await makeStore(platform.client, 'held');
    made.add(held.id);
    await holdNamespace(platform, namespaceOf(held));
    await platform.client.deleteStore(held.id);
  });
  after(async () => {
    if (held !== undefined) await letNamespaceGo(platform, namespaceOf(held));
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  it('is made by one command, takes orders under both its hosts, and shows them to the admin', async () => {
    const name = freshName('life');
    const output = await platform.souk('store', 'create', name, '--engine', TEST_ENGINE, '--wait', '--json');
    const { store } = JSON.parse(output) as StoreAndJob;
    made.add(store.id);
    assert.equal(store.phase, 'ready');
    assert.equal(store.generation, store.observedGeneration);

    const byName = await orderInTestShop(platform, store);
    const byId = await orderInTestShop(platform, store, hostOfId(platform, store));
    const credentials = await platform.client.revealCredentials(store.id);
    assert.deepEqual((await listOrderIds(platform, store, credentials)).sort(), [byName, byId].sort());
  });

  it('tells its steps in order, each with its duration and effects, and that the credentials were looked at', async () => {
    const store = await makeStore(platform.client, 'steps');
    made.add(store.id);
    await platform.client.revealCredentials(store.id);
    const { items } = await platform.client.listStoreEvents(store.id);
    const completed = items.filter(({ type }) => type === 'store.step_completed');
    assert.deepEqual(
      completed.map(({ step }) => step),
      [...BRING_UP_STEPS],
    );
    assert.ok(completed.every(({ durationMs }) => durationMs !== null));
    assert.deepEqual(Object.fromEntries(completed.map(({ step, details }) => [step, details.effects])), {
      ensureNamespace: ['apply-namespace', 'bind-own-role'],
      ensureGuardrails: ['apply-guardrails'],
      ensureCredentials: ['create-credentials'],
      installRelease: ['helm-upgrade'],
      awaitWorkloads: [],
      verifyStorefront: [],
    });
    const types = items.map(({ type }) => type);
    assert.equal(types[0], 'store.requested');
    assert.ok(types.indexOf('store.ready') > types.lastIndexOf('store.step_completed'));
    assert.equal(types.at(-1), 'store.credentials_revealed');
    const jobs = await platform.client.listStoreJobs(store.id);
    assert.ok(jobs.length > 0 && jobs.every(({ kind }) => kind === 'reconcile-store'));
  });

  it('gives its admin a new password, which the shop takes at once in place of the old one', async () => {
    const store = await makeStore(platform.client, 'reset');
    made.add(store.id);
    const order = await orderInTestShop(platform, store);
    const before = await platform.client.revealCredentials(store.id);
    // On a busy machine the command may end before the worker does, and says to ask again.
    const fresh = await until('the new password', 60_000, async () => {
      const output = await platform.souk('store', 'credentials', store.name, '--reset', '--json').catch(() => null);
      return output === null ? null : (JSON.parse(output) as Credentials);
    });
    assert.notEqual(fresh.password, before.password);
    assert.deepEqual(await listOrderIds(platform, store, fresh), [order]);
    await assert.rejects(listOrderIds(platform, store, before), 'the old password still opens the shop');
    assert.deepEqual(await platform.client.revealCredentials(store.id), fresh);
    const { items } = await platform.client.listStoreEvents(store.id, { limit: 500 });
    assert.ok(items.some(({ type }) => type === 'store.credentials_reset'));
    assert.ok(!JSON.stringify(items).includes(fresh.password));
    assert.equal((await platform.client.getStore(store.id)).phase, 'ready');
  });

  it('shows its pods and their logs', async () => {
    const store = await makeStore(platform.client, 'pods');
    made.add(store.id);
    const pods = await until('the watch to see the pod ready', 15_000, async () => {
      const seen = await platform.client.listStorePods(store.id);
      return seen.length > 0 && seen.every(({ ready }) => ready) ? seen : null;
    });
    const lines: string[] = [];
    for await (const line of platform.client.readStoreLogs(store.id, { pod: pods[0]?.name ?? '' })) lines.push(line);
    assert.match(lines.join('\n'), /the shop is open/);
  });

  it('leaves nothing when it is deleted, stays readable, and its name can be used again', async (t) => {
    const store = await makeStore(platform.client, 'gone');
    made.add(store.id);
    await orderInTestShop(platform, store);
    assert.notDeepEqual(await findTraces(platform, store), [], 'the search finds nothing even of a living store');

    const askedAt = performance.now();
    await platform.client.deleteStore(store.id);
    await until(
      'the route to be closed',
      ROUTE_CHANGES_WITHIN_MS,
      async () => (await platform.shop(store, '/products')).status === 404,
      20,
    );
    t.diagnostic(`the route was closed ${Math.round(performance.now() - askedAt)} ms after the deletion was asked for`);
    const deleted = await awaitPhase(platform.client, store.id, 'deleted', 60_000);
    assert.deepEqual(await findTraces(platform, store), []);

    assert.equal(deleted.error, null);
    const listed = await platform.client.listStores({ limit: 200 });
    assert.ok(listed.items.every(({ id }) => id !== store.id));
    const { items } = await platform.client.listStoreEvents(store.id, { limit: 500 });
    assert.equal(items.at(-1)?.type, 'store.deleted');

    const { store: again } = await platform.client.createStore({ name: store.name, engine: TEST_ENGINE });
    made.add(again.id);
    assert.notEqual(again.id, store.id);
    const ready: Store = await awaitPhase(platform.client, again.id, 'ready', 90_000);
    const credentials = await platform.client.revealCredentials(ready.id);
    assert.deepEqual(await listOrderIds(platform, ready, credentials), [], 'the new store has orders of the old one');
  });

  it('is gone as well when it is deleted while it is being made', async () => {
    const store = await requestStore(platform.client, 'hasty');
    made.add(store.id);
    await until('its namespace', 30_000, async () =>
      (await platform.kubectl('get', 'namespace', namespaceOf(store), '-o', 'name', '--ignore-not-found')).includes(
        'namespace/',
      ),
    );
    await platform.client.deleteStore(store.id);
    await awaitPhase(platform.client, store.id, 'deleted', 60_000);
    assert.deepEqual(await findTraces(platform, store), []);
  });

  it('stays deleting, with what holds it back in its timeline, until that lets go', { timeout: 180_000 }, async () => {
    const { client } = platform;
    const delayed = await until('the delay to be told', 90_000, async () => {
      const now = await client.getStore(held.id);
      return now.error === null ? null : now;
    });
    assert.equal(delayed.phase, 'deleting');
    assert.equal(delayed.error?.code, 'deletion_delayed');
    assert.ok(delayed.error.message.includes(HOLDER), delayed.error.message);
    const { items } = await client.listStoreEvents(held.id, { limit: 500 });
    const told = items.filter(({ type }) => type === 'store.deletion_delayed');
    assert.ok(
      told.some(({ message }) => message.includes(HOLDER)),
      'the timeline does not name what holds it back',
    );
    assert.match((await findTraces(platform, held)).join('\n'), /configmap\/held/);

    await letNamespaceGo(platform, namespaceOf(held));
    const deleted = await awaitPhase(client, held.id, 'deleted', 60_000);
    assert.equal(deleted.error, null);
    assert.deepEqual(await findTraces(platform, held), []);
  });
});
