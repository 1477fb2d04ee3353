// WooCommerce's Store API as a shopper's script speaks to it: a cart is known by the token that its first answer gives.
import type { ShopClient, ShopResponse } from '../engine.ts';

export const API = '/wp-json/wc/store/v1';

export interface Product {
  readonly id: number;
  readonly name: string;
  readonly type: string;
}

export interface Cart {
  readonly items: readonly { readonly quantity: number }[];
  readonly shipping_rates: readonly {
    readonly package_id: number | string;
    readonly shipping_rates: readonly { readonly rate_id: string }[];
  }[];
}

export async function read<T>(response: ShopResponse, what: string): Promise<T> {
  if (response.status !== 200 && response.status !== 201) {
    throw new Error(`${what} answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  }
  return (await response.json()) as T;
}

/** Lists products and puts one into a new cart; gives the token that the cart goes by. */
export async function fillCart(shop: ShopClient): Promise<{ token: string }> {
  // Of a product with variants the shopper would first have to choose one.
  const [products, empty] = await Promise.all([
    shop
      .request('GET', `${API}/products?per_page=1&type=simple`)
      .then((answer) => read<Product[]>(answer, 'the list of products')),
    shop.request('GET', `${API}/cart`),
  ]);
  const product = products[0];
  if (product === undefined) throw new Error('the shop lists no product that can be bought');
  await read<Cart>(empty, 'the cart');
  const token = empty.headers.get('cart-token');
  if (token === null) throw new Error('the shop gave the cart no token');
  const body = { id: product.id, quantity: 1 };
  const added = await shop.request('POST', `${API}/cart/add-item`, { headers: { 'cart-token': token }, body });
  const cart = await read<Cart>(added, 'adding to the cart');
  if (cart.items[0]?.quantity !== 1) throw new Error(`the cart did not take "${product.name}"`);
  return { token };
}
