// One order in a store of any engine, through the public address and with what its owner may see: the engine knows the way.
import type { Credentials, Store } from '@souk/contract';
import type { PlacedOrder } from '@souk/server/engines/engine.ts';
import { loadEngines } from '@souk/server/engines/registry.ts';
import { connectAsOwner } from '@souk/server/engines/shop-transport.ts';

// Longer than any step of an order takes on a busy machine; a shop that needs more has lost its shopper anyway.
const ANSWER_WITHIN_MS = 30_000;

/** Names of the engines that this checkout and the folders given hold, whether or not their images are built. */
export async function listEngineNames(engineFolders: readonly string[]): Promise<readonly string[]> {
  return [...(await loadEngines({ extraFolders: engineFolders, images: {} })).keys()];
}

export interface Purchase {
  readonly edgeUrl: string;
  readonly engineFolders: readonly string[];
  readonly store: Store;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

export async function placeOrder({
  edgeUrl,
  engineFolders,
  store,
  credentials,
  signal,
}: Purchase): Promise<PlacedOrder> {
  const loaded = (await loadEngines({ extraFolders: engineFolders, images: {} })).get(store.engine);
  if (loaded === undefined) throw new Error(`this checkout has no engine "${store.engine}"`);
  const address = { connectTo: new URL(edgeUrl), publicUrl: new URL(store.storefrontUrl), signal };
  return await loaded.engine.placeOrder(connectAsOwner({ ...address, timeoutMs: ANSWER_WITHIN_MS }, credentials));
}
