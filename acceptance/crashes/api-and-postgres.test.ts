// Whatever the platform has accepted survives the death of its API and of its database, and what it has not accepted is not there.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, isRefusal, type Store } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, freshName, removeStore, TEST_ENGINE } from '../stores.ts';
import { orderInTestShop } from '../test-shop.ts';
import { awaitAllReady, crash, findPart } from './parts.ts';

const STORES = 4;

describe('nothing accepted is lost', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  const made = new Set<string>();
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    await awaitAllReady(platform);
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  for (const part of ['api', 'postgres']) {
    it(`when ${part} is killed while stores are asked for`, { timeout: 300_000 }, async () => {
      await awaitAllReady(platform);
      const victim = await findPart(platform, part);
      const [accepted] = await Promise.all([askForStores(part), delay(150).then(() => crash(victim, platform.home))]);
      await awaitAllReady(platform, 120_000);
      const again = await findPart(platform, part);
      assert.notEqual(again.pid, victim.pid);
      assert.ok(again.restarts > victim.restarts);

      const { items } = await platform.client.listStores({ limit: 200, q: `${part}-dies` });
      assert.deepEqual(items.map(({ id }) => id).sort(), accepted.map(({ id }) => id).sort());
      for (const { id } of accepted) {
        const ready = await awaitPhase(platform.client, id, 'ready', 120_000);
        await orderInTestShop(platform, ready);
      }
      await Promise.all(accepted.map(({ id }) => removeStore(platform.client, id)));
      for (const { id } of accepted) made.delete(id);
    });
  }

  /** Repeats what got no answer under the same idempotency key, as a good client does: each must end as exactly one store. */
  async function askForStores(part: string): Promise<Store[]> {
    const accepted: Store[] = [];
    for (let number = 1; number <= STORES; number += 1) {
      const wanted = { name: freshName(`${part}-dies-${number}`), engine: TEST_ENGINE };
      const idempotencyKey = crypto.randomUUID();
      const deadline = Date.now() + 60_000;
      for (;;) {
        try {
          const client = createClient({ url: platform.facts.edgeUrl, token: platform.token });
          const { store } = await client.createStore(wanted, { idempotencyKey });
          accepted.push(store);
          made.add(store.id);
          break;
        } catch (error) {
          assert.ok(!isRefusal(error, 'name_taken'), 'a repeated request was taken for another one');
          if (Date.now() > deadline) throw error;
          await delay(200);
        }
      }
    }
    return accepted;
  }
});
