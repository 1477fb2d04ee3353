// One order in a store of any engine that a shopper's way is written down for.
import type { Credentials, Store } from '@souk/contract';
import { orderInMedusa, type PlacedOrder } from './order-in-medusa.ts';
import { connectToShop, type ShopConnection } from './shop-connection.ts';

type ShoppersWay = (shop: ShopConnection, credentials: Credentials) => Promise<PlacedOrder>;

const WAYS: Readonly<Record<string, ShoppersWay>> = {
  medusa: async (shop, { publishableKey }) => {
    if (publishableKey === undefined) throw new Error('the credentials hold no publishable key');
    return await orderInMedusa(shop, publishableKey);
  },
};

export const ORDERABLE_ENGINES: readonly string[] = Object.keys(WAYS);

export async function placeOrder(
  edgeUrl: string,
  store: Store,
  credentials: Credentials,
  signal?: AbortSignal,
): Promise<PlacedOrder> {
  const way = WAYS[store.engine];
  if (way === undefined) throw new Error(`nobody has written down how to order in ${store.engine}`);
  const shop = connectToShop(edgeUrl, store.storefrontUrl, signal);
  try {
    return await way(shop, credentials);
  } finally {
    shop.close();
  }
}
