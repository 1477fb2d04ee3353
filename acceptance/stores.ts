// What many tests do with stores: make one under a name of its own, wait for a phase, and clear away.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type CreateStore, isRefusal, type Phase, type SoukClient, type Store } from '@souk/contract';
import { until } from './until.ts';

export const TEST_ENGINE = 'test-shop';
const READY_WITHIN_MS = 90_000;
const GONE_WITHIN_MS = 120_000;

export function freshName(word: string): string {
  return `${word}-${randomBytes(4).toString('hex')}`;
}

export async function requestStore(client: SoukClient, word: string, more: Partial<CreateStore> = {}): Promise<Store> {
  const { store } = await client.createStore({ name: freshName(word), engine: TEST_ENGINE, ...more });
  return store;
}

export async function makeStore(client: SoukClient, word: string, more: Partial<CreateStore> = {}): Promise<Store> {
  const store = await requestStore(client, word, more);
  return await awaitPhase(client, store.id, 'ready', READY_WITHIN_MS);
}

/** Fails at once when the store gets somewhere from where it never reaches that phase by itself. */
export async function awaitPhase(client: SoukClient, id: string, phase: Phase, withinMs: number): Promise<Store> {
  let last: Store | null = null;
  return await until(`${id} to be ${phase}`, withinMs, async () => {
    last = await client.getStore(id);
    if (last.phase !== phase && last.phase === 'failed') {
      assert.fail(`${id} failed: ${JSON.stringify(last.error)}`);
    }
    return last.phase === phase ? last : null;
  }).catch((error: unknown) => {
    throw new Error(`${id} did not get ${phase}; it is ${JSON.stringify(last)}`, { cause: error });
  });
}

/** Gone, also when it was asked for already. */
export async function removeStore(client: SoukClient, id: string): Promise<void> {
  try {
    await client.deleteStore(id);
  } catch (error) {
    if (!isRefusal(error, 'already_deleting') && !isRefusal(error, 'store_not_found')) throw error;
  }
  await awaitPhase(client, id, 'deleted', GONE_WITHIN_MS);
}

export function namespaceOf(store: Pick<Store, 'id'>): string {
  return store.id.replace(/^sto_/, 'store-');
}
