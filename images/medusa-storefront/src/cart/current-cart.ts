// The shopper's cart and region, read at most once for each page.
import { cache } from 'react';
import { countItems, readCart } from '../backend/carts.ts';
import { findRegion } from '../backend/regions.ts';
import type { Cart, Region } from '../backend/shapes.ts';
import { recall } from './shopper-cookies.ts';

/** Null while the shopper has put nothing anywhere. */
export const readCurrentCart = cache(async (): Promise<Cart | null> => {
  const cartId = await recall('cart');
  return cartId === undefined ? null : await readCart(cartId);
});

export const readCurrentRegion = cache(async (): Promise<Region> => await findRegion(await recall('region')));

/** How many things are in the cart; a cart that cannot be read counts as empty, because a header must not break a page. */
export async function countCurrentItems(): Promise<number> {
  const cartId = await recall('cart');
  return cartId === undefined ? 0 : await countItems(cartId).catch(() => 0);
}
