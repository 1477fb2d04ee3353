// What every engine promises, asked of each that is available: a store is made and verified, takes an order by API that its owner
// sees with the revealed credentials, loses nothing when every pod is restarted, and leaves nothing when it is deleted.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import type { Engine, ShopClient } from '@souk/server/engines/engine.ts';
import { connectToPlatform, type Platform } from '../platform.ts';
import { awaitPhase, freshName, namespaceOf, removeStore } from '../stores.ts';
import { findTraces } from '../traces.ts';
import { until } from '../until.ts';
import { listShops, loadEngine, openShop } from './shopping.ts';

const READY_WITHIN_MS = 5 * 60_000;

for (const { name, title, skip } of await listShops()) {
  describe(`a store of the engine ${title}`, { skip }, () => {
    let platform: Platform;
    let engine: Engine;
    let store: Store;
    let shop: ShopClient;
    const orders: string[] = [];

    before(
      async () => {
        platform = connectToPlatform();
        engine = await loadEngine(name);
        const created = await platform.client.createStore({ name: freshName('engine'), engine: name });
        store = await awaitPhase(platform.client, created.store.id, 'ready', READY_WITHIN_MS);
        shop = await openShop(platform, store);
      },
      { timeout: READY_WITHIN_MS + 60_000 },
    );
    after(async () => {
      if (store !== undefined) await removeStore(platform.client, store.id);
      platform?.close();
    });

    it('shows a product and fills a cart', async () => {
      await engine.verify(shop);
    });

    it('takes an order that its owner sees with the revealed credentials', async () => {
      const { orderId, displayId } = await engine.placeOrder(shop);
      assert.notEqual(displayId, '');
      assert.equal(await engine.findOrder(shop, orderId), true);
      orders.push(orderId);
    });

    it('lets nobody in with another password', async () => {
      const stranger: ShopClient = {
        request: shop.request,
        secret: async (secret, key) => (key === 'password' ? 'not the right password' : await shop.secret(secret, key)),
      };
      await assert.rejects(engine.findOrder(stranger, orders[0] ?? ''));
    });

    it('loses nothing when every pod is restarted, and goes on selling', async () => {
      const namespace = namespaceOf(store);
      await platform.kubectl('delete', 'pods', '--all', '--namespace', namespace, '--wait=true', '--timeout=120s');
      for (const { kind, name: workload } of engine.workloads(store.plan)) {
        await platform
          .kubectl('rollout', 'status', `${kind}/${workload}`, '-n', namespace, '--timeout=180s')
          .catch(async (error: unknown) => {
            // A StatefulSet that updates on deletion has no rollout to tell of.
            if (kind !== 'StatefulSet') throw error;
          });
      }
      await until('the shop to sell again', 120_000, async () => {
        await engine.verify(shop);
        return true;
      });
      for (const order of orders) assert.equal(await engine.findOrder(shop, order), true, `order ${order}`);
      orders.push((await engine.placeOrder(shop)).orderId);
    });

    it('leaves nothing when it is deleted', async () => {
      await removeStore(platform.client, store.id);
      assert.deepEqual(await findTraces(platform, store), []);
    });
  });
}
