// A shopper's whole way through a Medusa shop by its store API, and the merchant's look at the order that came of it.
import { ADMIN_SECRET, type PlacedOrder, type ShopClient } from '../engine.ts';

interface Region {
  readonly id: string;
  readonly countries: readonly { readonly iso_2: string }[];
}
interface Product {
  readonly title: string;
  readonly variants: readonly { readonly id: string }[] | null;
}
type Completion = { type: string; order?: { id: string; display_id: number }; error?: { message: string } };

export async function placeOrder(shop: ShopClient): Promise<PlacedOrder> {
  const headers = { 'x-publishable-api-key': await shop.secret(ADMIN_SECRET, 'publishableKey') };
  const ask = async <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> => {
    const answer = await shop.request(method, path, body === undefined ? { headers } : { headers, body });
    if (answer.status === 200) return (await answer.json()) as T;
    throw new Error(`${method} ${path} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  };

  const { regions } = await ask<{ regions: Region[] }>('GET', '/store/regions');
  const region = need(regions[0], 'the shop sells to no region');
  const country = need(region.countries[0], 'its region has no country').iso_2;
  const { products } = await ask<{ products: Product[] }>('GET', `/store/products?region_id=${region.id}&limit=5`);
  const variant = need(products.flatMap((product) => product.variants ?? [])[0], 'the shop has nothing to sell');

  const address = {
    first_name: 'Amina',
    last_name: 'Haddad',
    address_1: '1 Market Street',
    city: 'Old Town',
    postal_code: '10115',
    country_code: country,
  };
  const { cart } = await ask<{ cart: { id: string } }>('POST', '/store/carts', {
    region_id: region.id,
    email: 'shopper@example.com',
    shipping_address: address,
    billing_address: address,
    items: [{ variant_id: variant.id, quantity: 1 }],
  });
  const offers = `/store/shipping-options?cart_id=${cart.id}`;
  const { shipping_options: options } = await ask<{ shipping_options: { id: string }[] }>('GET', offers);
  const option = need(options[0], `nothing is shipped to ${country}`);
  await ask('POST', `/store/carts/${cart.id}/shipping-methods`, { option_id: option.id });
  const collections = '/store/payment-collections';
  type Collection = { payment_collection: { id: string } };
  const { payment_collection: payment } = await ask<Collection>('POST', collections, { cart_id: cart.id });
  await ask('POST', `${collections}/${payment.id}/payment-sessions`, { provider_id: 'pp_system_default' });
  const completion = await ask<Completion>('POST', `/store/carts/${cart.id}/complete`);
  // The shop answers 200 also when it refuses, and then gives the cart back.
  if (completion.type !== 'order' || completion.order === undefined) {
    throw new Error(`the shop did not take the order: ${completion.error?.message ?? 'it gave the cart back'}`);
  }
  return { orderId: completion.order.id, displayId: String(completion.order.display_id) };
}

export async function findOrder(shop: ShopClient, orderId: string): Promise<boolean> {
  const [email, password] = await Promise.all([
    shop.secret(ADMIN_SECRET, 'username'),
    shop.secret(ADMIN_SECRET, 'password'),
  ]);
  const login = await shop.request('POST', '/auth/user/emailpass', { body: { email, password } });
  if (login.status !== 200) throw new Error(`the login of the admin answered ${login.status}`);
  const { token } = (await login.json()) as { token: string };
  const path = `/admin/orders/${orderId}?fields=id`;
  const found = await shop.request('GET', path, { headers: { authorization: `Bearer ${token}` } });
  if (found.status !== 200 && found.status !== 404) throw new Error(`the order answered ${found.status}`);
  return found.status === 200;
}

function need<T>(value: T | undefined, complaint: string): T {
  if (value === undefined) throw new Error(complaint);
  return value;
}
