// A shopper's whole way through a Medusa shop by its store API: look, fill a cart, say where to, pay on delivery, order.
import type { ShopConnection } from './shop-connection.ts';

export interface PlacedOrder {
  readonly orderId: string;
  /** The number that people see. */
  readonly displayId: string;
}

interface Region {
  readonly id: string;
  readonly countries: readonly { readonly iso_2: string }[];
}
interface Product {
  readonly title: string;
  readonly variants: readonly { readonly id: string }[] | null;
}

export async function orderInMedusa(shop: ShopConnection, publishableKey: string): Promise<PlacedOrder> {
  const ask = async <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> => {
    const answer = await shop.send(method, path, { headers: { 'x-publishable-api-key': publishableKey }, body });
    if (answer.status === 200) return JSON.parse(answer.text) as T;
    throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
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
  const { shipping_options: options } = await ask<{ shipping_options: { id: string }[] }>(
    'GET',
    `/store/shipping-options?cart_id=${cart.id}`,
  );
  const option = need(options[0], `nothing is shipped to ${country}`);
  await ask('POST', `/store/carts/${cart.id}/shipping-methods`, { option_id: option.id });
  const { payment_collection: payment } = await ask<{ payment_collection: { id: string } }>(
    'POST',
    '/store/payment-collections',
    {
      cart_id: cart.id,
    },
  );
  await ask('POST', `/store/payment-collections/${payment.id}/payment-sessions`, { provider_id: 'pp_system_default' });
  type Completion = { type: string; order?: { id: string; display_id: number }; error?: { message: string } };
  const completion = await ask<Completion>('POST', `/store/carts/${cart.id}/complete`);
  // The shop answers 200 also when it refuses, and then gives the cart back.
  if (completion.type !== 'order' || completion.order === undefined) {
    throw new Error(`the shop did not take the order: ${completion.error?.message ?? 'it gave the cart back'}`);
  }
  return { orderId: completion.order.id, displayId: String(completion.order.display_id) };
}

function need<T>(value: T | undefined, complaint: string): T {
  if (value === undefined) throw new Error(complaint);
  return value;
}
