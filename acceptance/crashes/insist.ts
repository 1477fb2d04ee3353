// Asking a platform that may lose a process at any moment: again and again, until there is an answer.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Event, isRefusal, type Store } from '@souk/contract';
import type { Platform } from '../platform.ts';
import { namespaceOf } from '../stores.ts';
import { until } from '../until.ts';

export const CONVERGED_WITHIN_MS = 60_000;
const PAUSE_MS = 200;

export async function insist<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + CONVERGED_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isFinal =
        isRefusal(error, 'name_taken') || isRefusal(error, 'not_repairable') || isRefusal(error, 'not_retryable');
      if (isFinal || performance.now() > giveUpAt) throw error;
      await delay(PAUSE_MS);
    }
  }
}

/** POST under an idempotency key, repeated until it is answered: it must take effect exactly once. */
export async function command(platform: Platform, store: Store, path: string): Promise<Store> {
  const headers = { authorization: `Bearer ${platform.token}`, 'idempotency-key': crypto.randomUUID() };
  return await insist(async () => {
    const answer = await platform.send(`/api/v1/stores/${store.id}${path}`, { method: 'POST', headers });
    assert.equal(answer.status, 202, answer.text);
    return (answer.json() as { store: Store }).store;
  });
}

/** Says what the store was like when it never got there. */
export async function untilStore(platform: Platform, id: string, isRight: (store: Store) => boolean): Promise<Store> {
  let last: Store | null = null;
  return await until(`${id} to get there`, CONVERGED_WITHIN_MS, async () => {
    last = await platform.client.getStore(id);
    return isRight(last) ? last : null;
  }).catch((cause: unknown) => {
    throw new Error(`${id} is ${JSON.stringify(last)}`, { cause });
  });
}

export async function untilNamespaceGone(platform: Platform, store: Store): Promise<void> {
  const look = () => platform.kubectl('get', 'namespace', namespaceOf(store), '--ignore-not-found', '-o', 'name');
  await until(`the namespace of ${store.name} to be gone`, CONVERGED_WITHIN_MS, async () => (await look()) === '');
}

export async function countEvents(platform: Platform, { id }: Store, type: Event['type']): Promise<number> {
  const { items } = await platform.client.listStoreEvents(id, { limit: 500 });
  return items.filter((event) => event.type === type).length;
}
