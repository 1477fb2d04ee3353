// Uses a running shop as a shopper and a merchant would, and fails if anything refuses: browse, cart, checkout, log in, look at
// the order. Run against the finished tree while the image is built, for two reasons: nothing that was cut away may be missing,
// and what is called here ends up compiled in the pack. `node exercise-shop.js BASE_URL`, with PUBLISHABLE_KEY, ADMIN_EMAIL
// and ADMIN_PASSWORD in the environment.
import { setTimeout } from 'node:timers/promises';

const START_DEADLINE_MS = 120_000;
const baseUrl = process.argv[2];

async function call(method, path, { body, headers } = {}) {
  const response = await fetch(baseUrl + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

const shop = async (method, path, body) => {
  const headers = { 'x-publishable-api-key': process.env.PUBLISHABLE_KEY };
  return (await call(method, path, { body, headers })).json();
};

async function awaitHealth() {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const response = await fetch(`${baseUrl}/health`).catch(() => null);
    if (response?.ok) return;
    if (Date.now() > deadline) throw new Error(`nothing healthy at ${baseUrl}`);
    await setTimeout(100);
  }
}

async function placeOrder() {
  const { default_region_id: regionId } = await shop('GET', '/store/souk');
  await shop('GET', '/store/regions');
  const { products } = await shop('GET', `/store/products?region_id=${regionId}&limit=50`);
  await shop('GET', `/store/products/${products[0].id}?region_id=${regionId}`);
  await shop('GET', '/store/product-categories');
  await shop('GET', '/store/collections');
  await call('GET', products[0].thumbnail);
  const address = {
    first_name: 'Ada',
    last_name: 'Byron',
    address_1: 'Marktplatz 1',
    city: 'Bremen',
    postal_code: '28195',
    country_code: 'de',
  };
  const { cart } = await shop('POST', '/store/carts', {
    region_id: regionId,
    email: 'ada@example.com',
    shipping_address: address,
    billing_address: address,
    items: [{ variant_id: products[0].variants[0].id, quantity: 1 }],
  });
  const added = await shop('POST', `/store/carts/${cart.id}/line-items`, {
    variant_id: products[1].variants[0].id,
    quantity: 1,
  });
  await shop('POST', `/store/carts/${cart.id}/line-items/${added.cart.items[0].id}`, { quantity: 2 });
  await shop('GET', `/store/carts/${cart.id}`);
  const { shipping_options } = await shop('GET', `/store/shipping-options?cart_id=${cart.id}`);
  await shop('POST', `/store/carts/${cart.id}/shipping-methods`, { option_id: shipping_options[0].id });
  const { payment_collection } = await shop('POST', '/store/payment-collections', { cart_id: cart.id });
  const provider_id = 'pp_system_default';
  await shop('POST', `/store/payment-collections/${payment_collection.id}/payment-sessions`, { provider_id });
  const completed = await shop('POST', `/store/carts/${cart.id}/complete`);
  if (completed.type !== 'order') throw new Error(`the cart did not become an order: ${JSON.stringify(completed)}`);
  return completed.order.id;
}

async function visitAdmin(orderId) {
  const body = { email: process.env.ADMIN_EMAIL, password: process.env.ADMIN_PASSWORD };
  const { token } = await (await call('POST', '/auth/user/emailpass', { body })).json();
  const session = await call('POST', '/auth/session', { headers: { authorization: `Bearer ${token}` } });
  const cookie = session.headers.get('set-cookie').split(';')[0];
  const look = (path) => call('GET', path, { headers: { cookie } });
  await look('/app');
  for (const path of ['users/me', 'stores', 'orders', `orders/${orderId}`, 'products', 'notifications', 'regions']) {
    await look(`/admin/${path}`);
  }
}

await awaitHealth();
await visitAdmin(await placeOrder());
console.log('an order was placed and seen');
