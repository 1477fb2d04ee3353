// What a client may rely on when it asks for stores: the same request twice is one store, and limits hold however fast one asks.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { isRefusal, type Store } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName, removeStore, TEST_ENGINE } from '../stores.ts';

describe('asking for stores', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  const made = new Set<string>();
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  it('ten times at once under one idempotency key makes one store', async () => {
    const idempotencyKey = randomUUID();
    const wanted = { name: freshName('same'), engine: TEST_ENGINE };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => platform.client.createStore(wanted, { idempotencyKey })),
    );
    for (const { store } of answers) made.add(store.id);
    assert.equal(new Set(answers.map(({ store }) => store.id)).size, 1);
    assert.equal(new Set(answers.map(({ job }) => job.id)).size, 1);
    await assert.rejects(platform.client.createStore({ ...wanted, plan: 'small' }, { idempotencyKey }), (error) =>
      isRefusal(error, 'idempotency_key_reused'),
    );
  });

  it('for one name many times at once makes one store', async () => {
    const wanted = { name: freshName('race'), engine: TEST_ENGINE };
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => platform.client.createStore(wanted)));
    const stores = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.store] : []));
    for (const { id } of stores) made.add(id);
    assert.equal(stores.length, 1);
    for (const answer of answers) {
      if (answer.status === 'rejected') assert.ok(isRefusal(answer.reason, 'name_taken'), String(answer.reason));
    }
  });

  it('for more than the quota allows is refused with the limit, however fast, and goes again after a deletion', async () => {
    const { limit, used } = (await platform.client.getStats()).quota.stores;
    const free = limit - used;
    const answers = await Promise.allSettled(
      Array.from({ length: free + 3 }, (_, index) =>
        platform.client.createStore({ name: freshName(`quota-${index}`), engine: TEST_ENGINE }),
      ),
    );
    const stores: Store[] = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.store] : []));
    for (const { id } of stores) made.add(id);
    assert.equal(stores.length, free);
    for (const answer of answers) {
      if (answer.status === 'fulfilled') continue;
      assert.ok(isRefusal(answer.reason, 'quota_exceeded'), String(answer.reason));
      assert.deepEqual(answer.reason.problem.limit, { name: 'stores', value: limit, used: limit });
    }
    const [first] = stores;
    assert.ok(first);
    await removeStore(platform.client, first.id);
    const { store } = await platform.client.createStore({ name: freshName('quota-again'), engine: TEST_ENGINE });
    made.add(store.id);
  });
});
