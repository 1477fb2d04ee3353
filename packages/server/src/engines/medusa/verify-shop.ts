// What a shopper does in a Medusa store: list the products of a region, put one into a cart, and look at the shop's first page.
// All through the store's public address, so that it also proves the route, the storefront and the database behind them.
import { ADMIN_SECRET, type ShopClient, type ShopRequest } from '../engine.ts';

interface Region {
  readonly id: string;
}
interface Product {
  readonly id: string;
  readonly title: string;
  readonly variants?: readonly { readonly id: string }[] | null;
}
interface Cart {
  readonly id: string;
  readonly items?: readonly { readonly quantity: number }[];
}

export async function verifyShop(shop: ShopClient): Promise<void> {
  // The page is asked for beside the rest: a first page costs the storefront most, and neither needs the other's answer.
  await Promise.all([fillCart(shop), openFirstPage(shop)]);
}

async function fillCart(shop: ShopClient): Promise<void> {
  const headers = { 'x-publishable-api-key': await shop.secret(ADMIN_SECRET, 'publishableKey') };
  const call = <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> =>
    callShop<T>(shop, method, path, body === undefined ? { headers } : { headers, body });

  const { regions } = await call<{ regions: readonly Region[] }>('GET', '/store/regions?limit=1&fields=id');
  const region = regions[0];
  if (region === undefined) throw new Error('the shop has no region to sell in');

  const query = new URLSearchParams({ region_id: region.id, limit: '1', fields: 'id,title,variants.id' });
  const { products } = await call<{ products: readonly Product[] }>('GET', `/store/products?${query}`);
  const product = products[0];
  const variant = product?.variants?.[0];
  if (product === undefined || variant === undefined) throw new Error('the shop lists no product that can be bought');

  // The cart takes the product in the request that makes it, which is one round trip less and the same work in the shop.
  const items = [{ variant_id: variant.id, quantity: 1 }];
  const { cart } = await call<{ cart: Cart }>('POST', '/store/carts', { region_id: region.id, items });
  if (cart.items?.[0]?.quantity !== 1) throw new Error(`the cart did not take "${product.title}"`);
}

async function openFirstPage(shop: ShopClient): Promise<void> {
  const page = await shop.request('GET', '/');
  if (page.status !== 200) throw new Error(`the storefront answered ${page.status}`);
  // The page is read to its end: it is streamed, and a shop that cannot reach its backend fails only in the middle.
  const html = await page.text();
  if (!html.includes('</html>')) throw new Error('the storefront broke off in the middle of its first page');
}

async function callShop<T>(shop: ShopClient, method: 'GET' | 'POST', path: string, request: ShopRequest): Promise<T> {
  const response = await shop.request(method, path, request);
  if (response.status !== 200) {
    const [address = path] = path.split('?');
    throw new Error(`${method} ${address} answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  }
  return (await response.json()) as T;
}
