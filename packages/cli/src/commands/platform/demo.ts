// What `up --demo` does once the platform answers: a store, and an order in it by a shopper who comes through the public address.
import { isRefusal, type SoukClient, type StoreAndJob } from '@souk/contract';
import { CommandError, EXIT } from '../../exit-code.ts';
import { currentCursor, followStore } from '../../follow-store.ts';
import type { Terminal } from '../../output/terminal.ts';
import { type Purchase, placeOrder } from '../../shopper/place-order.ts';

const READY_WITHIN_MS = 10 * 60_000;

export interface Demo {
  readonly client: SoukClient;
  readonly engine: string;
  readonly terminal: Terminal;
  readonly edgeUrl: string;
  /** Folders of engines beyond those of this checkout. */
  readonly engineFolders: readonly string[];
  readonly signal: AbortSignal;
}

export async function runDemo({ client, engine, terminal, edgeUrl, engineFolders, signal }: Demo) {
  const storeStartedAt = performance.now();
  const cursor = await currentCursor(client);
  const { store } = await createFirstFree(client, engine, signal);
  terminal.note(`Making ${store.name} (${store.engine} ${store.engineVersion}, ${store.id})`);
  const following = {
    client,
    store,
    cursor,
    goal: 'ready',
    timeoutMs: READY_WITHIN_MS,
    terminal,
    signal,
    isQuiet: false,
  } as const;
  const ready = await followStore(following);
  const storeMs = Math.round(performance.now() - storeStartedAt);

  terminal.setLiveLine('  … shopping');
  const orderStartedAt = performance.now();
  const credentials = await client.revealCredentials(ready.id, { signal });
  const { orderId, displayId } = await order({ edgeUrl, engineFolders, store: ready, credentials, signal });
  const orderMs = Math.round(performance.now() - orderStartedAt);
  terminal.setLiveLine('');
  return { store: ready, credentials, orderId, displayId, storeMs, orderMs };
}

async function order(purchase: Purchase): ReturnType<typeof placeOrder> {
  try {
    return await placeOrder(purchase);
  } catch (cause) {
    const { store } = purchase;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(
      EXIT.failure,
      `${store.name} is ready, but no order could be placed in it: ${reason}`,
      `"souk store logs ${store.name}" shows what the shop says; the shop stays: ${store.storefrontUrl}`,
      { cause },
    );
  }
}

/** "demo", else "demo-2", "demo-3", …: also when another `up --demo` runs at the same moment. */
async function createFirstFree(client: SoukClient, engine: string, signal: AbortSignal): Promise<StoreAndJob> {
  const taken = new Set<string>();
  for await (const { name } of client.eachStore({ q: 'demo', limit: 200, signal })) taken.add(name);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? 'demo' : `demo-${number}`;
    if (taken.has(name)) continue;
    try {
      return await client.createStore({ name, engine }, { signal });
    } catch (error) {
      if (!isRefusal(error, 'name_taken')) throw error;
    }
  }
}
