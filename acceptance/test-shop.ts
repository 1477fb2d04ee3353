// Shopping in a store of the test engine.
import assert from 'node:assert/strict';
import type { Credentials, Store } from '@souk/contract';
import type { Answer, Platform } from './platform.ts';

const JSON_HEADERS = { 'content-type': 'application/json' } as const;

/** Gives the order's id. `host` is another name under which the shop answers. */
export async function orderInTestShop(platform: Platform, store: Store, host?: string): Promise<string> {
  const headers = { ...JSON_HEADERS, ...(host === undefined ? {} : { host }) };
  const post = async (path: string, status: number, body: object = {}): Promise<Answer> => {
    const answer = await platform.shop(store, path, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(answer.status, status, `POST ${path}: ${answer.text}`);
    return answer;
  };
  const cart = idIn(await post('/carts', 201));
  await post(`/carts/${cart}/items`, 200, { productId: 'mug', quantity: 2 });
  return idIn(await post('/orders', 201, { cartId: cart }));
}

/** As whoever placed it can see it, whatever the admin's password is by now. */
export async function hasOrder(platform: Platform, store: Store, orderId: string): Promise<boolean> {
  const answer = await platform.shop(store, `/orders/${orderId}`);
  assert.ok(answer.status === 200 || answer.status === 404, answer.text);
  return answer.status === 200;
}

/** What the shop's admin sees with the revealed login. */
export async function listOrderIds(
  platform: Platform,
  store: Store,
  { username, password }: Credentials,
): Promise<string[]> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const answer = await platform.shop(store, '/admin', { headers: { authorization } });
  assert.equal(answer.status, 200, answer.text);
  return (answer.json() as { orders: { id: string }[] }).orders.map(({ id }) => id);
}

function idIn(answer: Answer): string {
  return (answer.json() as { id: string }).id;
}
