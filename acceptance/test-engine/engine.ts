// The test engine: one folder that proves an engine needs no other code, and that makes cluster tests fast. It is loaded by
// ENGINE_FOLDERS in tests and never shipped.
import { fileURLToPath } from 'node:url';
import type { Engine, ShopClient, ShopResponse } from '../../packages/server/src/engines/engine.ts';

export const engine: Engine = {
  name: 'test-shop',
  title: 'Test shop',
  summary: 'One small pod that sells a mug, for tests',
  version: '1.0.0',
  chartPath: fileURLToPath(new URL('./chart', import.meta.url)),
  images: ['test-shop'],
  provisionTimeoutMs: 60_000,
  adminPath: '/admin',

  workloads: () => [{ kind: 'StatefulSet', name: 'shop' }],
  services: () => ['shop'],

  secrets: async ({ adminEmail, adminPassword, randomBytes }) => ({
    'store-admin': { username: adminEmail, password: adminPassword ?? makePassword(randomBytes) },
  }),

  resetPassword: async ({ randomBytes }) => {
    const password = makePassword(randomBytes);
    const command = ['node', '/app/set-password.ts'];
    return {
      program: { container: 'shop', command, input: JSON.stringify({ password }) },
      secrets: { 'store-admin': { password } },
    };
  },

  values: (input) => ({
    store: { id: input.storeId, tenantId: input.tenantId },
    hosts: [...input.hosts],
    image: input.images['test-shop'],
    userNamespaces: input.hasUserNamespaces,
    ingressClass: input.ingressClass,
    storageClass: input.storageClass ?? '',
  }),

  verify: async (shop) => {
    await fillCart(shop);
  },

  placeOrder: async (shop) => {
    const cartId = await fillCart(shop);
    const { id } = await expectJson<{ id: string }>(await shop.request('POST', '/orders', { body: { cartId } }), 201);
    return { orderId: id, displayId: id };
  },

  findOrder: async (shop, orderId) => {
    const login = [await shop.secret('store-admin', 'username'), await shop.secret('store-admin', 'password')].join(
      ':',
    );
    const headers = { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
    const answer = await shop.request('GET', '/admin', { headers });
    const { orders } = await expectJson<{ orders: { id: string }[] }>(answer, 200);
    return orders.some(({ id }) => id === orderId);
  },
};

function makePassword(randomBytes: (count: number) => Uint8Array): string {
  return Buffer.from(randomBytes(15)).toString('base64url');
}

async function fillCart(shop: ShopClient): Promise<string> {
  const { products } = await expectJson<{ products: { id: string }[] }>(await shop.request('GET', '/products'), 200);
  const product = products[0];
  if (product === undefined) throw new Error('the shop lists no product');
  const cart = await expectJson<{ id: string }>(await shop.request('POST', '/carts'), 201);
  const path = `/carts/${cart.id}/items`;
  const filled = await shop.request('POST', path, { body: { productId: product.id, quantity: 1 } });
  const { items } = await expectJson<{ items: unknown[] }>(filled, 200);
  if (items.length !== 1) throw new Error('the cart did not take the product');
  return cart.id;
}

async function expectJson<T>(response: ShopResponse, status: number): Promise<T> {
  if (response.status !== status) {
    throw new Error(
      `the shop answered ${response.status} instead of ${status}: ${(await response.text()).slice(0, 200)}`,
    );
  }
  return (await response.json()) as T;
}
