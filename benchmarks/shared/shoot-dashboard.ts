// Takes the screenshots in docs/screenshots/dashboard from seeded rows: every page, both colour schemes, wide and narrow.
// node benchmarks/shared/shoot-dashboard.ts <folder of the built dashboard> [folder to write to]
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type Phase } from '@souk/contract';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { startSeededPlatform } from './seeded-platform.ts';

const DOCS = fileURLToPath(new URL('../../docs/screenshots/dashboard', import.meta.url));
const [built, out = DOCS] = process.argv.slice(2);
if (built === undefined)
  throw new Error('usage: shoot-dashboard.ts <folder of the built dashboard> [folder to write to]');
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const QUALITY = 72;

interface View {
  readonly name: string;
  readonly path: string;
  /** When this is seen, the page is whole. */
  readonly shows: string | RegExp;
  readonly act?: (page: Page) => Promise<void>;
}

const platform = await startSeededPlatform({ stores: 240, settings: { DASHBOARD_FOLDER: built } });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
try {
  await mkdir(out, { recursive: true });
  const client = createClient({ url: platform.url, token: platform.token });
  const first = async (phase: Phase): Promise<string> =>
    (await client.listStores({ phase, limit: 1 })).items[0]?.id ?? '';
  const ids = { ready: await first('ready'), failed: await first('failed'), going: await first('provisioning') };
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 360]) {
      const context = await browser.newContext({
        viewport: { width, height: width < 600 ? 740 : 860 },
        colorScheme,
        locale: 'en-GB',
        timezoneId: 'Europe/Berlin',
        extraHTTPHeaders: { authorization: `Bearer ${platform.token}` },
      });
      for (const view of views(ids)) await shoot(context, view, `${view.name}-${colorScheme}-${width}`);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await platform.close();
}

function views({ ready, failed, going }: { ready: string; failed: string; going: string }): readonly View[] {
  const store = `/stores/${ready}`;
  const apiIsAway = async (page: Page): Promise<void> => {
    await page.route('**/api/v1/stores?*', (route) => route.abort());
    await page.goto(`${platform.url}/stores?q=away`);
    await page.getByText('The platform does not answer').first().waitFor();
  };
  return [
    { name: 'stores', path: '/stores', shows: 'birch-bakery' },
    { name: 'stores-empty', path: '/stores?q=zzzz', shows: 'No store fits' },
    { name: 'stores-error', path: '/cluster', shows: 'Kubernetes', act: apiIsAway },
    { name: 'create', path: '/stores?new', shows: 'Choose the admin login yourself', act: typeName },
    { name: 'store', path: store, shows: 'Memory at most' },
    { name: 'store-failed', path: `/stores/${failed}`, shows: 'Why it failed' },
    { name: 'store-provisioning', path: `/stores/${going}`, shows: 'First purchase' },
    { name: 'activity', path: `${store}/activity`, shows: 'Newest first, as they happen' },
    { name: 'pods', path: `${store}/pods`, shows: 'storefront' },
    { name: 'jobs', path: `/stores/${failed}/jobs`, shows: 'reconcile-store' },
    { name: 'delete', path: `${store}/settings`, shows: 'Danger zone', act: askToDelete },
    {
      name: 'insights',
      path: '/insights',
      shows: /Succeeded/,
      act: async (page) => page.locator('.recharts-surface').nth(1).waitFor(),
    },
    { name: 'cluster', path: '/cluster', shows: 'kubelet' },
    { name: 'palette', path: '/cluster', shows: 'Kubernetes', act: openPalette },
  ];
}

async function typeName(page: Page): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill('acme-coffee');
  await page.getByLabel('The name is free').waitFor();
}

async function askToDelete(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Delete store' }).click();
  await page.getByRole('dialog').waitFor();
}

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('option').nth(4).waitFor();
}

async function shoot(context: BrowserContext, { path, shows, act }: View, name: string): Promise<void> {
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${platform.url}${path}`);
  await page.getByText(shows).first().waitFor();
  await act?.(page);
  // Dialogs fade in, curves are drawn.
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(out, `${name}.jpg`), type: 'jpeg', quality: QUALITY });
  await page.close();
}
