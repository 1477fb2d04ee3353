// A Medusa store from a shopper's and a merchant's side: ordered in by API and in a browser, both orders seen in the admin.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Credentials, Store } from '@souk/contract';
import { visit, whyNoBrowser } from '../../browser.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../../platform.ts';
import { removeStore } from '../../stores.ts';

interface DemoReport {
  readonly store: Store;
  readonly storefrontUrl: string;
  readonly adminUrl: string;
  readonly orderId: string;
  readonly durations: Readonly<Record<string, number>>;
}
interface AdminOrder {
  readonly id: string;
  readonly display_id: number;
  readonly email: string;
  readonly items: readonly { readonly quantity: number }[];
}

describe('a Medusa store', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  let demo: DemoReport;
  let credentials: Credentials;
  let orderByBrowser: string | null = null;

  before(
    async () => {
      platform = connectToPlatform();
      demo = JSON.parse(await platform.souk('up', '--demo=medusa', '--json')) as DemoReport;
      credentials = await platform.client.revealCredentials(demo.store.id);
    },
    { timeout: 10 * 60_000 },
  );
  after(async () => {
    if (demo !== undefined) await removeStore(platform.client, demo.store.id);
    platform.close();
  });

  it('takes an order by API, told with addresses and durations', () => {
    assert.equal(demo.store.phase, 'ready');
    assert.equal(demo.storefrontUrl, demo.store.storefrontUrl);
    assert.equal(demo.adminUrl, `${demo.storefrontUrl}/app`);
    assert.match(demo.orderId, /^order_/);
    const expected = ['programsMs', 'imagesMs', 'clusterMs', 'databaseMs', 'platformMs', 'storeMs', 'orderMs'];
    assert.deepEqual(Object.keys(demo.durations).sort(), expected.sort());
    assert.ok(Object.values(demo.durations).every((ms) => Number.isInteger(ms) && ms >= 0));
  });

  it('shows that order to the admin who logs in with the revealed credentials', async () => {
    const order = await readOrderAsAdmin(demo.orderId);
    assert.equal(order.id, demo.orderId);
    assert.equal(order.items.length, 1);
  });

  it('refuses a wrong admin password', async () => {
    const answer = await logIn(`${credentials.password}x`);
    assert.equal(answer.status, 401);
  });

  it('gives its admin a new password, which is taken at once in place of the old one', async () => {
    const old = credentials.password;
    credentials = await platform.client.resetCredentials(demo.store.id);
    assert.notEqual(credentials.password, old);
    assert.equal((await logIn(old)).status, 401);
    assert.equal((await readOrderAsAdmin(demo.orderId)).id, demo.orderId);
  });

  it('serves its product pictures', async () => {
    const products = await platform.shop(demo.store, '/store/products?limit=20&fields=thumbnail', {
      headers: { 'x-publishable-api-key': credentials.publishableKey ?? '' },
    });
    const { products: listed } = products.json() as { products: { thumbnail: string | null }[] };
    assert.ok(listed.length >= 5, `the shop lists only ${listed.length} products`);
    for (const { thumbnail } of listed) {
      assert.ok(thumbnail);
      const picture = await platform.shop(demo.store, thumbnail);
      assert.equal(picture.status, 200, thumbnail);
      assert.match(String(picture.headers['content-type']), /^image\//);
    }
  });

  it('sells to a person with a browser: pictures, cart, checkout, confirmation', {
    skip: whyNoBrowser(),
    timeout: 5 * 60_000,
  }, async () => {
    await visit('shopper', async ({ page, complaints, shoot }) => {
      await page.goto(demo.storefrontUrl);
      const pictures = page.locator('main img');
      await pictures.first().waitFor();
      await page.waitForFunction(
        '[...document.images].filter((image) => image.loading !== "lazy").every((image) => image.complete && image.naturalWidth > 0)',
      );
      await shoot('1-storefront');

      await page.locator('main a[href*="/products/"]').first().click();
      await page.getByRole('button', { name: 'Add to cart' }).waitFor();
      await page.waitForFunction(
        'document.images.length > 0 && document.images[0].complete && document.images[0].naturalWidth > 0',
      );
      await shoot('2-product');
      await page.getByRole('button', { name: 'Add to cart' }).click();
      await page.getByText('Added to your cart').waitFor();

      await page.getByRole('link', { name: 'View cart' }).click();
      await page.waitForURL('**/cart');
      await shoot('3-cart');
      await page
        .getByRole('link', { name: /check ?out/i })
        .first()
        .click();
      await page.waitForURL('**/checkout');

      await page.getByLabel('E-mail').fill('browser@example.com');
      await page.getByLabel('First name').fill('Noor');
      await page.getByLabel('Last name').fill('Karim');
      await page.getByLabel('Address', { exact: true }).fill('2 Lantern Lane');
      await page.getByLabel('Postal code').fill('10117');
      await page.getByLabel('City').fill('Old Town');
      await page.getByLabel('Country').selectOption({ index: 1 });
      await page.getByRole('button', { name: 'Continue to delivery' }).click();
      await page.getByRole('button', { name: /Place order/ }).waitFor();
      await shoot('4-checkout');
      await page.getByRole('button', { name: /Place order/ }).click();
      await page.waitForURL('**/orders/*');
      await page.getByRole('heading', { name: 'Thank you, Noor' }).waitFor();
      await shoot('5-confirmation');
      orderByBrowser = new URL(page.url()).pathname.split('/').at(-1) ?? null;
      assert.deepEqual(complaints, []);
    });
    assert.match(orderByBrowser ?? '', /^order_/);
    const order = await readOrderAsAdmin(orderByBrowser ?? '');
    assert.equal(order.email, 'browser@example.com');
  });

  it('shows the orders to a merchant with a browser', { skip: whyNoBrowser(), timeout: 5 * 60_000 }, async () => {
    const { display_id: number } = await readOrderAsAdmin(orderByBrowser ?? demo.orderId);
    await visit('merchant', async ({ page, shoot }) => {
      await page.goto(credentials.adminUrl);
      await page.locator('input[name="email"]').fill(credentials.username);
      await page.locator('input[name="password"]').fill(credentials.password);
      await shoot('1-login');
      await page.locator('button[type="submit"]').click();
      await page.waitForURL('**/app/orders');
      await page.getByText(`#${number}`, { exact: true }).first().waitFor();
      await shoot('2-orders');
      await page.getByText(`#${number}`, { exact: true }).first().click();
      await page.waitForURL('**/app/orders/order_*');
      await page.getByRole('heading', { name: 'Summary' }).waitFor();
      await shoot('3-order');
    });
  });

  async function logIn(password: string) {
    const body = JSON.stringify({ email: credentials.username, password });
    const headers = { 'content-type': 'application/json' };
    return await platform.shop(demo.store, '/auth/user/emailpass', { method: 'POST', headers, body });
  }

  async function readOrderAsAdmin(orderId: string): Promise<AdminOrder> {
    const login = await logIn(credentials.password);
    assert.equal(login.status, 200, login.text);
    const { token } = login.json() as { token: string };
    const answer = await platform.shop(demo.store, `/admin/orders/${orderId}?fields=id,display_id,email,*items`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 200, answer.text);
    return (answer.json() as { order: AdminOrder }).order;
  }
});
