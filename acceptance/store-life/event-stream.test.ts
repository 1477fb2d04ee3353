// The event stream is gapless: cut again and again, it goes on where it was, and shows exactly what the timeline holds.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createClient, type Event } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { removeStore, requestStore } from '../stores.ts';

describe('the event stream', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  const made = new Set<string>();
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  it('misses nothing and repeats nothing when its connection is cut every 300 ms', async () => {
    let cuts = 0;
    const cuttingFetch: typeof fetch = async (input, init) => {
      const cut = AbortSignal.timeout(300);
      cut.addEventListener('abort', () => {
        cuts += 1;
      });
      const signal = init?.signal == null ? cut : AbortSignal.any([cut, init.signal]);
      return await fetch(input, { ...init, signal });
    };
    const cutClient = createClient({ url: platform.facts.edgeUrl, token: platform.token, fetch: cuttingFetch });
    const { cursor } = await platform.client.listStores({ limit: 1 });
    const store = await requestStore(platform.client, 'stream');
    made.add(store.id);

    const seen: Event[] = [];
    const signal = AbortSignal.timeout(90_000);
    for await (const event of cutClient.streamEvents({ after: cursor, store: store.id, signal })) {
      seen.push(event);
      if (event.type === 'store.ready') break;
    }
    const { items } = await platform.client.listStoreEvents(store.id, { limit: 500 });
    const expected = items.slice(0, items.findIndex(({ type }) => type === 'store.ready') + 1);
    assert.deepEqual(
      seen.map(({ id }) => id),
      expected.map(({ id }) => id),
    );
    assert.ok(cuts >= 3, `the connection was cut only ${cuts} times`);
  });

  it('tells every listener, also those who ask for everything', async () => {
    const listeners = 5;
    const signal = AbortSignal.timeout(90_000);
    const { cursor } = await platform.client.listStores({ limit: 1 });
    const store = await requestStore(platform.client, 'many-ears');
    made.add(store.id);
    const heard = await Promise.all(
      Array.from({ length: listeners }, async () => {
        const types: string[] = [];
        for await (const event of platform.client.streamEvents({ after: cursor, signal })) {
          if (event.storeId !== store.id) continue;
          types.push(event.id);
          if (event.type === 'store.ready') break;
        }
        return types;
      }),
    );
    for (const types of heard) assert.deepEqual(types, heard[0]);
  });
});
