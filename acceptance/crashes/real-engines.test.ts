// The matrix runs on the test engine, which is quick to make. Here are the engines that shops are made of: a worker that has their store
// dies or stands still while it is made, and another one while it is deleted.
//
//   SOUK_MATRIX=all   four stores of each engine instead of one
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import { listShops, loadEngine, openShop } from '../engines/shopping.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, freshName, removeStore, TEST_ENGINE } from '../stores.ts';
import { findTraces } from '../traces.ts';
import { awaitRest, checkTimeline } from './check-world.ts';
import { arm, awaitLoss, disarmAll, listFailpoints } from './failpoints.ts';
import { allCells, type Cell, isOfApi } from './matrix.ts';
import { awaitAllReady } from './parts.ts';
import { SEED } from './seeds.ts';

const STORES = process.env.SOUK_MATRIX === 'all' ? 4 : 1;
const REACHED_WITHIN_MS = 120_000;
const CONVERGED_WITHIN_MS = 60_000;

const failpoints = whyNoPlatform() === false ? await listFailpoints() : [];
// Only what the worker does: the API's commits are the same for every engine.
const ofWorker = allCells(failpoints, SEED).filter(({ failpoint }) => !isOfApi(failpoint));
const creates = ofWorker.filter(({ operation }) => operation === 'create');
const deletes = ofWorker.filter(({ operation }) => operation === 'delete');
const shops = (await listShops()).filter(({ name }) => name !== TEST_ENGINE);

for (const [place, { name, title, skip }] of shops.entries()) {
  describe(`a worker lost with a store of the engine ${title} (seed ${SEED})`, { skip }, () => {
    let platform: Platform;
    let made: Store | null = null;
    before(() => {
      platform = connectToPlatform();
    });
    after(async () => {
      await disarmAll(platform);
      await awaitAllReady(platform);
      if (made !== null) await removeStore(platform.client, made.id);
      platform.close();
    });

    for (let index = 0; index < STORES; index += 1) {
      const create = creates[(place * STORES + index) % creates.length];
      const remove = deletes[(place * STORES + index) % deletes.length];
      if (create === undefined || remove === undefined) continue;

      it(`create, ${create.action} ${create.failpoint}: it gets ready and sells`, { timeout: 300_000 }, async () => {
        const store = await lose(create, async () => {
          // With a password of its own, so that there is a sealed one to forget.
          const adminPassword = randomBytes(12).toString('hex');
          const created = await platform.client.createStore({ name: freshName('real'), engine: name, adminPassword });
          made = created.store;
          return created.store;
        });
        const ready = await awaitPhase(platform.client, store.id, 'ready', CONVERGED_WITHIN_MS);
        const [engine, shop] = [await loadEngine(name), await openShop(platform, ready)];
        const { orderId } = await engine.placeOrder(shop);
        assert.equal(await engine.findOrder(shop, orderId), true);
        await awaitRest(platform, CONVERGED_WITHIN_MS);
      });

      it(`delete, ${remove.action} ${remove.failpoint}: nothing of it is left`, { timeout: 300_000 }, async () => {
        assert.ok(made !== null, 'there is no store to delete');
        const { id } = made;
        const store = await lose(remove, async () => (await platform.client.deleteStore(id)).store);
        await awaitPhase(platform.client, id, 'deleted', CONVERGED_WITHIN_MS);
        made = null;
        await awaitRest(platform, CONVERGED_WITHIN_MS);
        assert.deepEqual(await findTraces(platform, store), []);
        assert.deepEqual(await checkTimeline(platform, await platform.client.getStore(id)), []);
      });
    }

    /** Asks for it while the failpoint is armed, and comes back when whoever got there is dead, or goes on after its lease. */
    async function lose({ failpoint, action }: Cell, ask: () => Promise<Store>): Promise<Store> {
      await awaitAllReady(platform);
      await disarmAll(platform);
      await arm(platform, failpoint, action);
      const store = await ask();
      await awaitLoss(platform, failpoint, action, REACHED_WITHIN_MS);
      return store;
    }
  });
}
