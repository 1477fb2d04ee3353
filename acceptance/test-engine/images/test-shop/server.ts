// The test shop: lists three products, keeps carts and orders as files in one volume, and shows orders to its admin. It does
// what Souk needs of a shop and nothing else; what it has answered with 201 survives its own death.
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';

const DATA = process.env.DATA_DIR ?? '/data';
const SECRETS = process.env.SECRETS_DIR ?? '/run/secrets/store';
const RESET = `${DATA}/admin-password`;
const PORT = Number(process.env.PORT ?? 8080);
const BODY_LIMIT_BYTES = 16_384;
const ID = /^[0-9a-f-]{36}$/;

const PRODUCTS = [
  { id: 'mug', title: 'Mug', price: 1200 },
  { id: 'shirt', title: 'Shirt', price: 2500 },
  { id: 'sticker', title: 'Sticker', price: 300 },
] as const;

interface Cart {
  readonly id: string;
  readonly items: readonly { readonly productId: string; readonly quantity: number }[];
}
interface Answer {
  readonly status: number;
  readonly body: unknown;
}
type Collection = 'carts' | 'orders';

for (const collection of ['carts', 'orders']) mkdirSync(`${DATA}/${collection}`, { recursive: true });

async function keep(collection: Collection, id: string, value: unknown): Promise<void> {
  const path = `${DATA}/${collection}/${id}.json`;
  const file = await open(`${path}.tmp`, 'w');
  await file.writeFile(JSON.stringify(value));
  await file.sync();
  await file.close();
  await rename(`${path}.tmp`, path);
}

async function find<T>(collection: Collection, id: string): Promise<T | undefined> {
  if (!ID.test(id)) return undefined;
  const text = await readFile(`${DATA}/${collection}/${id}.json`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > BODY_LIMIT_BYTES) throw new Error('the body is too large');
  }
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function isAdmin(request: IncomingMessage): boolean {
  const username = readFileSync(`${SECRETS}/username`, 'utf8');
  // Once it was set anew, the shop's own data has it, as any real shop's database would.
  const password = readFileSync(existsSync(RESET) ? RESET : `${SECRETS}/password`, 'utf8');
  const wanted = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  const given = Buffer.from(request.headers.authorization ?? '');
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

async function addItem(cart: Cart, body: Record<string, unknown>): Promise<Answer> {
  const { productId, quantity = 1 } = body;
  const product = PRODUCTS.find((candidate) => candidate.id === productId);
  if (product === undefined || typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1) {
    return { status: 400, body: { message: 'productId and a whole quantity of at least 1 are needed' } };
  }
  const filled: Cart = { id: cart.id, items: [...cart.items, { productId: product.id, quantity }] };
  await keep('carts', cart.id, filled);
  return { status: 200, body: filled };
}

async function createOrder(body: Record<string, unknown>): Promise<Answer> {
  const cart = await find<Cart>('carts', String(body.cartId));
  if (cart === undefined || cart.items.length === 0) {
    return { status: 400, body: { message: 'cartId must name a cart that holds something' } };
  }
  const order = { id: randomUUID(), items: cart.items };
  await keep('orders', order.id, order);
  return { status: 201, body: order };
}

async function showOrders(): Promise<Answer> {
  const names = (await readdir(`${DATA}/orders`)).filter((name) => name.endsWith('.json'));
  const orders = await Promise.all(names.map((name) => find('orders', name.slice(0, -'.json'.length))));
  return { status: 200, body: { orders } };
}

async function answer(request: IncomingMessage): Promise<Answer> {
  const [collection = '', id = '', rest] = new URL(request.url ?? '/', 'http://shop').pathname.slice(1).split('/');
  switch (`${request.method} ${collection}`) {
    case 'GET ':
    case 'GET healthz':
      return { status: 200, body: { shop: 'open' } };
    case 'GET products':
      return { status: 200, body: { products: PRODUCTS } };
    case 'POST carts': {
      if (id === '') {
        const cart: Cart = { id: randomUUID(), items: [] };
        await keep('carts', cart.id, cart);
        return { status: 201, body: cart };
      }
      const cart = rest === 'items' ? await find<Cart>('carts', id) : undefined;
      return cart === undefined ? { status: 404, body: {} } : await addItem(cart, await readBody(request));
    }
    case 'GET carts': {
      const cart = await find('carts', id);
      return cart === undefined ? { status: 404, body: {} } : { status: 200, body: cart };
    }
    case 'GET orders': {
      // Its id is known to whoever placed it alone.
      const order = await find('orders', id);
      return order === undefined ? { status: 404, body: {} } : { status: 200, body: order };
    }
    case 'POST orders':
      return await createOrder(await readBody(request));
    case 'GET admin':
      return isAdmin(request) ? await showOrders() : { status: 401, body: {} };
    default:
      return { status: 404, body: {} };
  }
}

const server = createServer((request, response) => {
  answer(request)
    .catch((error: unknown): Answer => ({ status: 500, body: { message: String(error) } }))
    .then(({ status, body }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    )
    .catch((error: unknown) => console.error('could not answer:', error));
});
server.listen(PORT, () => console.log(`the shop is open on :${PORT}`));
process.on('SIGTERM', () => process.exit(0));
