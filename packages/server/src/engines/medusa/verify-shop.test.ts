import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answers, shopOf } from '../test-shop.ts';
import { verifyShop } from './verify-shop.ts';

const WORKING: Answers = {
  'GET /': { body: '<html></html>' },
  'GET /store/regions': { body: { regions: [{ id: 'reg_1' }] } },
  'GET /store/products': { body: { products: [{ id: 'prod_1', title: 'Mug', variants: [{ id: 'variant_1' }] }] } },
  'POST /store/carts': { body: { cart: { id: 'cart_1', items: [{ quantity: 1 }] } } },
};

test('a shop that lists a product, fills a cart and shows its first page passes', async () => {
  const { shop, asked } = shopOf(WORKING);
  await verifyShop(shop);
  const cart = asked.find(({ path }) => path === '/store/carts');
  assert.deepEqual(cart?.body, { region_id: 'reg_1', items: [{ variant_id: 'variant_1', quantity: 1 }] });
  for (const { path, headers } of asked.filter((request) => request.path.startsWith('/store'))) {
    assert.equal(headers['x-publishable-api-key'], 'store-admin/publishableKey', path);
  }
});

const broken: [string, Answers, RegExp][] = [
  ['has no region', { 'GET /store/regions': { body: { regions: [] } } }, /no region/],
  ['lists nothing', { 'GET /store/products': { body: { products: [] } } }, /lists no product/],
  [
    'lists a product that has nothing to buy',
    { 'GET /store/products': { body: { products: [{ id: 'p', title: 'P', variants: [] }] } } },
    /lists no product/,
  ],
  ['keeps its carts empty', { 'POST /store/carts': { body: { cart: { id: 'c', items: [] } } } }, /did not take "Mug"/],
  [
    'answers with an error',
    { 'POST /store/carts': { status: 500, body: 'no database' } },
    /POST \/store\/carts answered 500: no database/,
  ],
  ['has no storefront', { 'GET /': { status: 503 } }, /storefront answered 503/],
  ['breaks off its first page', { 'GET /': { body: '<html>' } }, /middle of its first page/],
];
for (const [what, change, message] of broken) {
  test(`a shop that ${what} does not pass, and the error says so`, async () => {
    await assert.rejects(verifyShop(shopOf({ ...WORKING, ...change }).shop), message);
  });
}
