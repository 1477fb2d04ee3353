// A WooCommerce store from a shopper's and a merchant's side: ordered in by API and in a browser, both orders seen in /wp-admin; and
// what a shop on the internet keeps closed.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Credentials, Store } from '@souk/contract';
import type { Engine, ShopClient } from '@souk/server/engines/engine.ts';
import { visit, whyNoBrowser } from '../../browser.ts';
import { type Answer, connectToPlatform, type Platform, whyNoPlatform } from '../../platform.ts';
import { namespaceOf, removeStore } from '../../stores.ts';
import { until } from '../../until.ts';
import { loadEngine, openShop, whyUnavailable } from '../shopping.ts';

const NAME = 'woocommerce';
const PICTURE = '/wp-content/uploads/2026/01/teapot.webp';
const WEB_POD = 'deployment/web';

interface DemoReport {
  readonly store: Store;
  readonly storefrontUrl: string;
  readonly adminUrl: string;
  readonly orderId: string;
  readonly durations: Readonly<Record<string, number>>;
}

describe('a WooCommerce store', { skip: whyNoPlatform() || (await whyNoEngine()) }, () => {
  let platform: Platform;
  let engine: Engine;
  let demo: DemoReport;
  let shop: ShopClient;
  let credentials: Credentials;
  let orderByBrowser = '';

  before(
    async () => {
      platform = connectToPlatform();
      engine = await loadEngine(NAME);
      demo = JSON.parse(await platform.souk('up', `--demo=${NAME}`, '--json')) as DemoReport;
      credentials = await platform.client.revealCredentials(demo.store.id);
      shop = await openShop(platform, demo.store);
    },
    { timeout: 10 * 60_000 },
  );
  after(async () => {
    if (demo !== undefined) await removeStore(platform.client, demo.store.id);
    platform?.close();
  });

  it('takes an order by API, told with addresses and durations', () => {
    assert.equal(demo.store.phase, 'ready');
    assert.equal(demo.storefrontUrl, demo.store.storefrontUrl);
    assert.equal(demo.adminUrl, `${demo.storefrontUrl}/wp-admin`);
    assert.match(demo.orderId, /^[0-9]+$/);
    assert.ok(Object.values(demo.durations).every((ms) => Number.isInteger(ms) && ms >= 0));
  });

  it('shows that order to the admin who logs in with the revealed credentials', async () => {
    assert.equal(await engine.findOrder(shop, demo.orderId), true);
    assert.equal(await engine.findOrder(shop, '999999'), false);
  });

  it('serves every picture of every product', async () => {
    const listed = (await ask('/wp-json/wc/store/v1/products?per_page=20')).json() as { images: { src: string }[] }[];
    assert.ok(listed.length >= 10, `the shop lists only ${listed.length} products`);
    for (const { src } of listed.flatMap(({ images }) => images)) {
      assert.ok(src.startsWith(`${demo.storefrontUrl}/`), `${src} is not of this store`);
      const picture = await ask(new URL(src).pathname);
      assert.equal(picture.status, 200, src);
      assert.match(String(picture.headers['content-type']), /^image\//);
    }
  });

  it('answers to its second name with that name, and to no name that is not below the domain', async () => {
    const { baseDomain, port } = platform.facts;
    const host = `${namespaceOf(demo.store)}.${baseDomain}:${port}`;
    const page = await ask('/', { headers: { host } });
    assert.equal(page.status, 200);
    assert.ok(page.text.includes(`http://${host}/`));
    assert.ok(!page.text.includes(`${demo.storefrontUrl}/`), 'a page of one name links to the other');
    // Past the ingress controller, which would not let a foreign name through.
    const foreign = await inWebPod(
      '$c = stream_context_create(["http" => ["header" => "Host: evil.example", "ignore_errors" => true]]); file_get_contents("http://127.0.0.1:8080/", false, $c); echo $http_response_header[0];',
    );
    assert.match(foreign, /421/);
  });

  it('keeps closed what a shop need not have open', async () => {
    const closed: [string, number[]][] = [
      ['/xmlrpc.php', [403]],
      ['/wp-json/wp/v2/users', [401]],
      ['/wp-json/wp/v2/users/1', [401]],
      ['/?rest_route=/wp/v2/users', [401]],
      ['/?author=1', [404]],
      ['/author/owner/', [404]],
      ['/wp-sitemap-users-1.xml', [404]],
      ['/wp-config.php', [404]],
      ['/wp-config.php.bak', [404]],
      ['/../wp-config.php', [400, 404]],
      ['/wp-admin/install.php', [404]],
      ['/wp-admin/setup-config.php', [404]],
      ['/wp-content/plugins/woocommerce/woocommerce.php', [404]],
      ['/wp-includes/version.php', [404]],
      ['/wp-content/debug.log', [404]],
      ['/.git/config', [404]],
      ['/readme.html', [404]],
      ['/wp-cron.php', [404]],
      ['/wp-json/wc/v3/orders', [401]],
      ['/wp-admin/', [302]],
    ];
    for (const [path, statuses] of closed) {
      const { status, text } = await ask(path);
      assert.ok(statuses.includes(status), `${path} answered ${status}`);
      assert.doesNotMatch(text, /DB_PASSWORD|<\?php/, path);
    }
    const page = await ask('/');
    assert.equal(page.headers['x-pingback'], undefined);
    assert.equal(page.headers['x-powered-by'], undefined);
    assert.doesNotMatch(page.text, /xmlrpc|name="generator" content="WordPress/);
  });

  it('shows uploads and runs none of them', async () => {
    const uploads = '/srv/shop/public/wp-content/uploads';
    const program = '<?php echo "it " . "runs";';
    for (const name of ['evil.php', 'evil.phtml', 'evil.php.webp', 'evil.html', 'note.txt']) {
      await inWebPod(`file_put_contents("${uploads}/${name}", ${JSON.stringify(program)});`);
      const { status, text } = await ask(`/wp-content/uploads/${name}`);
      assert.ok(!text.includes('it runs'), name);
      assert.equal(status, /php$|phtml$|html$/.test(name) ? 404 : 200, name);
    }
    const picture = await ask(PICTURE);
    assert.equal(picture.headers['x-content-type-options'], 'nosniff');
    assert.match(String(picture.headers['content-security-policy']), /sandbox/);
  });

  it('lets nobody write files but into the uploads, nor install anything from the admin', async () => {
    const written = await inWebPod('var_dump(@file_put_contents("/srv/shop/public/evil.php", "x"));');
    assert.match(written, /false/);
    const { cookie } = await logIn();
    // The same login opens the admin: what follows is refused to a merchant, not to a stranger.
    assert.equal((await ask('/wp-admin/', { headers: { cookie } })).status, 200);
    for (const page of ['theme-editor.php', 'plugin-editor.php', 'plugin-install.php', 'update-core.php']) {
      const { status, text } = await ask(`/wp-admin/${page}`, { headers: { cookie } });
      assert.equal(status, 403, page);
      assert.match(text, /not allowed to access this page/, page);
    }
    // WordPress answers here with 500; its words tell the refusal from an accident.
    const themes = await ask('/wp-admin/theme-install.php', { headers: { cookie } });
    assert.match(themes.text, /not allowed to install themes/);
  });

  it('sells to a person with a browser: pictures, cart, checkout, order received', {
    skip: whyNoBrowser(),
    timeout: 5 * 60_000,
  }, async () => {
    await visit('woo-shopper', async ({ page, complaints, shoot }) => {
      await page.goto(demo.storefrontUrl);
      await page.getByRole('heading', { name: 'Dune Mug' }).waitFor();
      await page.waitForFunction(
        '[...document.images].filter((image) => image.loading !== "lazy").every((image) => image.complete && image.naturalWidth > 0)',
      );
      await shoot('1-storefront');
      await page.getByRole('link', { name: 'Hearth Teapot' }).first().click();
      await page.waitForURL('**/product/hearth-teapot/**');
      await page.getByRole('button', { name: 'Add to cart' }).click();
      await page.getByText('has been added to your cart').waitFor();
      await shoot('2-product');
      await page.getByRole('link', { name: 'View cart' }).first().click();
      await page.waitForURL('**/cart/**');
      await page.getByRole('link', { name: 'Proceed to checkout' }).click();
      await page.waitForURL('**/checkout/**');

      await page.getByLabel('Email address').fill('browser@example.com');
      await page.getByLabel('First name').first().fill('Noor');
      await page.getByLabel('Last name').first().fill('Karim');
      await page.getByLabel('Address', { exact: true }).first().fill('2 Lantern Lane');
      await page.getByLabel('Postal code').first().fill('10117');
      // The last field's change is sent when it is left; a click before its answer is lost on a button that is drawn anew.
      const answered = page.waitForResponse((answer) =>
        /wc\/store\/v1\/(batch|cart\/update-customer)/.test(answer.url()),
      );
      await page.getByLabel('City').first().fill('Berlin');
      await page.keyboard.press('Tab');
      await answered;
      await page.getByText('Cash on delivery').first().waitFor();
      // Every change of the address is sent to the shop; an order is only taken when all of them were answered.
      await page.getByText('€72.90').filter({ visible: true }).first().waitFor();
      await page.waitForLoadState('networkidle');
      await shoot('3-checkout');
      await page.getByRole('button', { name: 'Place order' }).click();
      await page.waitForURL('**/checkout/order-received/**');
      await page.getByText('Your order has been received').waitFor();
      await shoot('4-received');
      orderByBrowser = /order-received\/([0-9]+)/.exec(page.url())?.[1] ?? '';
      assert.deepEqual(complaints, []);
    });
    assert.equal(await engine.findOrder(shop, orderByBrowser), true);
  });

  it('shows the order to a merchant with a browser', { skip: whyNoBrowser(), timeout: 5 * 60_000 }, async () => {
    await visit('woo-merchant', async ({ page, shoot }) => {
      await page.goto(credentials.adminUrl);
      await page.locator('#user_login').fill(credentials.username);
      await page.locator('#user_pass').fill(credentials.password);
      await page.locator('#wp-submit').click();
      await page.waitForURL('**/wp-admin/**');
      await page.goto(`${credentials.adminUrl}/admin.php?page=wc-orders`);
      await page
        .getByText(`#${orderByBrowser || demo.orderId}`)
        .first()
        .waitFor();
      await shoot('1-orders');
    });
  });

  it('runs what is due from its CronJob, and leaves no pods lying about', { timeout: 180_000 }, async () => {
    const namespace = namespaceOf(demo.store);
    await platform.kubectl('create', 'job', 'due', '--from=cronjob/cron', '-n', namespace);
    // One that succeeded is removed at once, one that failed stays.
    await until('what is due to be done', 120_000, async () => {
      const job = await platform.kubectl('get', 'job', 'due', '-n', namespace, '--ignore-not-found', '-o', 'json');
      return job === '' || (JSON.parse(job) as { status: { succeeded?: number } }).status.succeeded === 1;
    });
    assert.match(
      await platform.kubectl('get', 'cronjob', 'cron', '-n', namespace, '-o', 'yaml'),
      /concurrencyPolicy: Forbid/,
    );
  });

  it('keeps uploads when the pod that took them is deleted, and orders when the database is', {
    timeout: 300_000,
  }, async () => {
    const namespace = namespaceOf(demo.store);
    await inWebPod('file_put_contents("/srv/shop/public/wp-content/uploads/mine.txt", "mine");');
    await platform.kubectl('delete', 'pods', '-l', 'app.kubernetes.io/component=web', '-n', namespace, '--wait=true');
    await platform.kubectl('delete', 'pod', 'database-0', '-n', namespace, '--wait=true');
    await until('the shop to answer again', 120_000, async () => (await ask('/')).status === 200);
    assert.equal((await ask('/wp-content/uploads/mine.txt')).text, 'mine');
    assert.equal((await ask(PICTURE)).status, 200);
    assert.equal(await engine.findOrder(shop, demo.orderId), true);
  });

  // The last one: it locks this address out for a quarter of an hour.
  it('makes whoever guesses passwords wait', async () => {
    const statuses: number[] = [];
    for (let attempt = 1; attempt <= 15; attempt += 1) {
      statuses.push((await submitLogin(`${credentials.password}${attempt}`)).status);
    }
    assert.equal(statuses[0], 200);
    assert.equal(statuses.at(-1), 429, statuses.join());
    assert.equal((await submitLogin(credentials.password)).status, 429, 'the right password does not help either');
  });

  async function ask(path: string, request: Parameters<Platform['shop']>[2] = {}): Promise<Answer> {
    return await platform.shop(demo.store, path, request);
  }

  async function submitLogin(pwd: string): Promise<Answer> {
    const body = new URLSearchParams({ log: credentials.username, pwd, testcookie: '1' }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: 'wordpress_test_cookie=WP%20Cookie%20check',
    };
    return await ask('/wp-login.php', { method: 'POST', headers, body });
  }

  async function logIn(): Promise<{ cookie: string }> {
    const answer = await submitLogin(credentials.password);
    assert.equal(answer.status, 302, answer.text.slice(0, 200));
    const cookies = [answer.headers['set-cookie'] ?? []].flat().map((line) => line.split(';')[0] ?? '');
    return { cookie: cookies.join('; ') };
  }

  async function inWebPod(php: string): Promise<string> {
    const command = ['exec', '-n', namespaceOf(demo.store), WEB_POD, '-c', 'php', '--', 'php8.4', '-n', '-r', php];
    return await platform.kubectl(...command);
  }
});

async function whyNoEngine(): Promise<string | false> {
  const platform = connectToPlatform();
  try {
    const engines = await platform.client.listEngines();
    return whyUnavailable(
      engines.find(({ name }) => name === NAME),
      'WooCommerce',
    );
  } finally {
    platform.close();
  }
}
