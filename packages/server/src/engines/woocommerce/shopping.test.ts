import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answers, shopOf } from '../test-shop.ts';
import { findOrder, placeOrder } from './order.ts';
import { verifyShop } from './verify-shop.ts';

const API = '/wp-json/wc/store/v1';
const RATES = [{ package_id: 0, shipping_rates: [{ rate_id: 'flat_rate:1' }] }];
const WORKING: Answers = {
  'GET /': { body: '<html></html>' },
  [`GET ${API}/products`]: { body: [{ id: 49, name: 'Mug', type: 'simple' }] },
  [`GET ${API}/cart`]: { body: { items: [], shipping_rates: [] }, headers: [['cart-token', 'token']] },
  [`POST ${API}/cart/add-item`]: { status: 201, body: { items: [{ quantity: 1 }], shipping_rates: [] } },
  [`POST ${API}/cart/update-customer`]: { body: { items: [{ quantity: 1 }], shipping_rates: RATES } },
  [`POST ${API}/cart/select-shipping-rate`]: { body: {} },
  [`POST ${API}/checkout`]: { body: { order_id: 70, status: 'processing' } },
  'POST /wp-login.php': {
    status: 302,
    headers: [
      ['set-cookie', 'wordpress_test_cookie=WP%20Cookie%20check; path=/'],
      ['set-cookie', 'wordpress_abc=session; path=/wp-admin; HttpOnly'],
      ['set-cookie', 'wordpress_logged_in_abc=session; path=/; HttpOnly'],
    ],
  },
  'GET /wp-admin/admin-ajax.php': { body: 'nonce' },
  'GET /wp-json/wc/v3/orders/70': { body: { id: 70 } },
};

test('a shop that lists a product, fills a cart and shows its first page passes', async () => {
  const { shop, asked } = shopOf(WORKING);
  await verifyShop(shop);
  const added = asked.find(({ path }) => path === `${API}/cart/add-item`);
  assert.deepEqual(added?.body, { id: 49, quantity: 1 });
  assert.equal(added?.headers['cart-token'], 'token');
});

const broken: [string, Answers, RegExp][] = [
  ['lists nothing', { [`GET ${API}/products`]: { body: [] } }, /lists no product/],
  ['gives its carts no token', { [`GET ${API}/cart`]: { body: {} } }, /no token/],
  [
    'keeps its carts empty',
    { [`POST ${API}/cart/add-item`]: { status: 201, body: { items: [] } } },
    /did not take "Mug"/,
  ],
  ['has no database', { [`GET ${API}/products`]: { status: 500, body: 'no' } }, /list of products answered 500: no/],
  ['has no first page', { 'GET /': { status: 503 } }, /first page answered 503/],
  ['breaks off its first page', { 'GET /': { body: '<html>' } }, /middle of its first page/],
];
for (const [what, change, message] of broken) {
  test(`a shop that ${what} does not pass, and the error says so`, async () => {
    await assert.rejects(verifyShop(shopOf({ ...WORKING, ...change }).shop), message);
  });
}

test('an order is paid on delivery, by the first rate that the shop offers', async () => {
  const { shop, asked } = shopOf(WORKING);
  assert.deepEqual(await placeOrder(shop), { orderId: '70', displayId: '70' });
  const bodyOf = (path: string) => asked.find((request) => request.path === `${API}${path}`)?.body as object;
  assert.deepEqual(bodyOf('/cart/select-shipping-rate'), { package_id: 0, rate_id: 'flat_rate:1' });
  assert.equal((bodyOf('/checkout') as { payment_method: string }).payment_method, 'cod');
});

test('a shop that ships nowhere, or leaves an order unpaid, took no order', async () => {
  const nowhere = { [`POST ${API}/cart/update-customer`]: { body: { items: [], shipping_rates: [] } } };
  await assert.rejects(placeOrder(shopOf({ ...WORKING, ...nowhere }).shop), /nothing is shipped to DE/);
  const unpaid = { [`POST ${API}/checkout`]: { body: { order_id: 70, status: 'pending' } } };
  await assert.rejects(placeOrder(shopOf({ ...WORKING, ...unpaid }).shop), /"pending" instead of "processing"/);
});

test('the merchant logs in by a form and asks for the order with the session and its nonce', async () => {
  const { shop, asked } = shopOf(WORKING);
  assert.equal(await findOrder(shop, '70'), true);
  const [login, nonce, order] = asked;
  assert.ok(login?.body instanceof URLSearchParams);
  assert.equal(login.body.get('log'), 'store-admin/username');
  assert.equal(login.body.get('pwd'), 'store-admin/password');
  const session = 'wordpress_abc=session; wordpress_logged_in_abc=session';
  assert.ok(nonce?.headers.cookie?.endsWith(session), nonce?.headers.cookie);
  assert.equal(order?.headers['x-wp-nonce'], 'nonce');
  assert.equal(await findOrder(shop, '71'), false);
});

test('a login that the shop refuses is an error, not an order that is not there', async () => {
  const refused = { 'POST /wp-login.php': { status: 200, body: 'wrong password' } };
  await assert.rejects(findOrder(shopOf({ ...WORKING, ...refused }).shop, '70'), /login of the admin answered 200/);
});
