// A create that fails says why, keeps nothing, and works on a retry once the cause is gone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Event, isRefusal, type Store } from '@souk/contract';
import { bringHastyImage, bringLateImage, HASTY_ENGINE, LATE_ENGINE, removeLateImage } from '../brought-images.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, freshName, namespaceOf, removeStore, requestStore } from '../stores.ts';
import { orderInTestShop } from '../test-shop.ts';
import { findTraces } from '../traces.ts';
import { until } from '../until.ts';

describe('a create that fails', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  const made = new Set<string>();
  let stuck: Store;
  before(async () => {
    platform = connectToPlatform();
    // It uses up its time while the other tests use theirs: a program that runs and is no shop.
    await bringHastyImage(platform, 'valkey');
    stuck = await requestStore(platform.client, 'stuck', { engine: HASTY_ENGINE });
    made.add(stuck.id);
  });
  after(async () => {
    await removeLateImage(platform);
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  it('says why, and a retry makes the store once the cause is gone', async () => {
    const { client } = platform;
    const store = await requestStore(client, 'late', { engine: LATE_ENGINE });
    made.add(store.id);
    const failed = await until('the store to fail', 90_000, async () => {
      const now = await client.getStore(store.id);
      return now.phase === 'failed' ? now : null;
    });
    assert.equal(failed.error?.step, 'awaitWorkloads');
    const { items } = await client.listStoreEvents(store.id, { limit: 500 });
    assert.ok(items.some(({ type }) => type === 'store.provisioning_failed'));
    const diagnosis = items.filter(({ type }) => type === 'store.diagnosis_recorded');
    assert.match(JSON.stringify(diagnosis), /image|pull/i, 'the timeline does not say that the image is missing');

    await bringLateImage(platform);
    await client.retryStore(store.id);
    const ready = await awaitPhaseAfterFailure(store.id);
    await orderInTestShop(platform, ready);
    await assert.rejects(client.retryStore(store.id), (error) => isRefusal(error, 'not_retryable'));
  });

  it('keeps what a create with --keep-failed has made, until a retry ends it or a deletion removes it', {
    timeout: 300_000,
  }, async () => {
    await removeLateImage(platform);
    const name = freshName('kept');
    await platform.souk('store', 'create', name, '--engine', LATE_ENGINE, '--keep-failed');
    const store = await findByName(name);
    made.add(store.id);
    await until('the store to fail', 90_000, async () => (await platform.client.getStore(store.id)).phase === 'failed');
    const namespace = namespaceOf(store);
    const kept = (kinds: string) => platform.kubectl('get', kinds, '-n', namespace, '-o', 'name');
    // A clean-up would have begun at once; what is kept is still there when one has had its time.
    await delay(5_000);
    assert.match(await kept('statefulsets,pods,services,persistentvolumeclaims'), /pod\/shop-0/);
    assert.match(await kept('secrets'), /store-admin/);

    await bringLateImage(platform);
    await platform.souk('store', 'retry', name, '--wait');
    await orderInTestShop(platform, await platform.client.getStore(store.id));
    await removeStore(platform.client, store.id);
    assert.deepEqual(await findTraces(platform, store), []);
  });

  it('because it is not ready in its time says which step, and what container and cluster said, keeps nothing, and can be retried', {
    timeout: 180_000,
  }, async () => {
    const { client } = platform;
    const failed = await until('the store to fail', 90_000, async () => {
      const now = await client.getStore(stuck.id);
      return now.phase === 'failed' ? now : null;
    });
    assert.equal(failed.error?.code, 'provision_timeout');
    assert.equal(failed.error.step, 'awaitWorkloads');
    assert.match(failed.error.message, /not ready within its time: waiting for shop, clerk/);
    const { items } = await client.listStoreEvents(stuck.id, { limit: 500 });
    const of = (type: Event['type']): Event => items.find((event) => event.type === type) ?? assert.fail(`no ${type}`);
    const tookMs = Date.parse(of('store.provisioning_failed').at) - Date.parse(of('store.provisioning_started').at);
    assert.ok(tookMs >= 29_000 && tookMs <= 60_000, `it was given ${tookMs} ms`);
    assert.equal(of('store.provisioning_failed').step, 'awaitWorkloads');
    const { pods, warnings } = of('store.diagnosis_recorded').details as {
      pods: { log: string }[];
      warnings: string[];
    };
    assert.match(pods.map(({ log }) => log).join('\n'), /Ready to accept connections/);
    assert.match(warnings.join('\n'), /probe failed/);
    await until(
      'nothing of it to be left',
      60_000,
      async () => (await findTraces(platform, stuck)).length === 0,
      1_000,
    );

    await bringHastyImage(platform, 'test-shop');
    await client.retryStore(stuck.id);
    await orderInTestShop(platform, await awaitPhaseAfterFailure(stuck.id));
  });

  async function findByName(name: string): Promise<Store> {
    for await (const store of platform.client.eachStore()) {
      if (store.name === name) return store;
    }
    return assert.fail(`there is no store ${name}`);
  }

  async function awaitPhaseAfterFailure(id: string) {
    await until('the retry to begin', 10_000, async () => (await platform.client.getStore(id)).phase !== 'failed');
    return await awaitPhase(platform.client, id, 'ready', 90_000);
  }
});
