// What a shopper does in a WooCommerce store: list products, put one into a cart, and look at the shop's first page. All through the
// store's public address, so that it also proves the route, PHP and the database behind it.
import type { ShopClient } from '../engine.ts';
import { fillCart } from './shop-api.ts';

export async function verifyShop(shop: ShopClient): Promise<void> {
  // The page is asked for beside the rest: it costs most, and neither needs the other's answer.
  await Promise.all([fillCart(shop), openFirstPage(shop)]);
}

async function openFirstPage(shop: ShopClient): Promise<void> {
  const page = await shop.request('GET', '/');
  if (page.status !== 200) throw new Error(`the first page answered ${page.status}`);
  // A fatal error in the middle of a page leaves it without an end.
  const html = await page.text();
  if (!html.includes('</html>')) throw new Error('the shop broke off in the middle of its first page');
}
