// A shopper's whole way through a WooCommerce shop by its Store API, and the merchant's look at the order that came of it.
import { ADMIN_SECRET, type PlacedOrder, type ShopClient } from '../engine.ts';
import { API, type Cart, fillCart, read } from './shop-api.ts';

const ADDRESS = {
  first_name: 'Amina',
  last_name: 'Haddad',
  company: '',
  address_1: '1 Market Street',
  address_2: '',
  city: 'Berlin',
  state: '',
  postcode: '10115',
  country: 'DE',
  phone: '',
};

interface Completion {
  readonly order_id: number;
  readonly status: string;
}

export async function placeOrder(shop: ShopClient): Promise<PlacedOrder> {
  const { token } = await fillCart(shop);
  const ask = async <T>(path: string, body: unknown): Promise<T> =>
    await read<T>(await shop.request('POST', `${API}${path}`, { headers: { 'cart-token': token }, body }), path);

  const addresses = { billing_address: { ...ADDRESS, email: 'shopper@example.com' }, shipping_address: ADDRESS };
  const cart = await ask<Cart>('/cart/update-customer', addresses);
  const parcel = cart.shipping_rates[0];
  const rate = parcel?.shipping_rates[0];
  if (parcel === undefined || rate === undefined) throw new Error(`nothing is shipped to ${ADDRESS.country}`);
  await ask('/cart/select-shipping-rate', { package_id: parcel.package_id, rate_id: rate.rate_id });
  const completion = await ask<Completion>('/checkout', { ...addresses, payment_method: 'cod' });
  if (completion.status !== 'processing') {
    throw new Error(`the shop took the order, but it is "${completion.status}" instead of "processing"`);
  }
  const orderId = String(completion.order_id);
  return { orderId, displayId: orderId };
}

export async function findOrder(shop: ShopClient, orderId: string): Promise<boolean> {
  const cookie = await logIn(shop);
  const nonce = await shop.request('GET', '/wp-admin/admin-ajax.php?action=rest-nonce', { headers: { cookie } });
  if (nonce.status !== 200) throw new Error(`the admin's session was not taken: ${nonce.status}`);
  const headers = { cookie, 'x-wp-nonce': await nonce.text() };
  const found = await shop.request('GET', `/wp-json/wc/v3/orders/${orderId}`, { headers });
  if (found.status !== 200 && found.status !== 404) throw new Error(`the order answered ${found.status}`);
  return found.status === 200;
}

/** Gives the cookies of the admin's session. */
async function logIn(shop: ShopClient): Promise<string> {
  const [log, pwd] = await Promise.all([shop.secret(ADMIN_SECRET, 'username'), shop.secret(ADMIN_SECRET, 'password')]);
  const probe = 'wordpress_test_cookie=WP%20Cookie%20check';
  const body = new URLSearchParams({ log, pwd, testcookie: '1', 'wp-submit': 'Log In' });
  const answer = await shop.request('POST', '/wp-login.php', { headers: { cookie: probe }, body });
  const session = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => /^wordpress_(logged_in|sec)?/.test(pair) && !pair.startsWith('wordpress_test_cookie'));
  if (answer.status !== 302 || session.length === 0)
    throw new Error(`the login of the admin answered ${answer.status}`);
  return [probe, ...session].join('; ');
}
