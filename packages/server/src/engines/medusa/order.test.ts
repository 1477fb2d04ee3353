import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answers, shopOf } from '../test-shop.ts';
import { findOrder, placeOrder } from './order.ts';

const WORKING: Answers = {
  'GET /store/regions': { body: { regions: [{ id: 'reg_1', countries: [{ iso_2: 'de' }] }] } },
  'GET /store/products': { body: { products: [{ title: 'Mug', variants: [{ id: 'variant_1' }] }] } },
  'POST /store/carts': { body: { cart: { id: 'cart_1' } } },
  'GET /store/shipping-options': { body: { shipping_options: [{ id: 'so_1' }] } },
  'POST /store/carts/cart_1/shipping-methods': { body: {} },
  'POST /store/payment-collections': { body: { payment_collection: { id: 'pay_1' } } },
  'POST /store/payment-collections/pay_1/payment-sessions': { body: {} },
  'POST /store/carts/cart_1/complete': { body: { type: 'order', order: { id: 'order_1', display_id: 7 } } },
  'POST /auth/user/emailpass': { body: { token: 'token' } },
  'GET /admin/orders/order_1': { body: { order: { id: 'order_1' } } },
};

test('an order goes the whole way with the publishable key of the store', async () => {
  const { shop, asked } = shopOf(WORKING);
  assert.deepEqual(await placeOrder(shop), { orderId: 'order_1', displayId: '7' });
  assert.equal(asked.length, 8);
  for (const { headers } of asked) assert.equal(headers['x-publishable-api-key'], 'store-admin/publishableKey');
});

test('a shop that gives the cart back took no order, though it answers 200', async () => {
  const refusal = {
    'POST /store/carts/cart_1/complete': { body: { type: 'cart', error: { message: 'out of stock' } } },
  };
  await assert.rejects(placeOrder(shopOf({ ...WORKING, ...refusal }).shop), /did not take the order: out of stock/);
});

test('the merchant logs in with the revealed credentials and sees that order, and no other', async () => {
  const { shop, asked } = shopOf(WORKING);
  assert.equal(await findOrder(shop, 'order_1'), true);
  assert.deepEqual(asked[0]?.body, { email: 'store-admin/username', password: 'store-admin/password' });
  assert.equal(asked[1]?.headers.authorization, 'Bearer token');
  assert.equal(await findOrder(shop, 'order_2'), false);
});

test('a login that the shop refuses is an error, not an order that is not there', async () => {
  const refused = { 'POST /auth/user/emailpass': { status: 401 } };
  await assert.rejects(
    findOrder(shopOf({ ...WORKING, ...refused }).shop, 'order_1'),
    /login of the admin answered 401/,
  );
});
