// Takes the screenshots in docs/screenshots/dashboard from seeded rows: every page in both colour schemes, wide and narrow; and the
// same pages while loading, with nothing in them, and when the platform does not answer, together on one sheet a state.
// node benchmarks/shared/shoot-dashboard.ts <folder of the built dashboard> [folder to write to] [pattern of the names wanted]
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type Phase } from '@souk/contract';
import { type Browser, type BrowserContext, chromium, type Page, type Route } from 'playwright-core';
import { type SeededPeople, seedAccounts } from './seed-accounts.ts';
import { type SeededPlatform, startSeededPlatform } from './seeded-platform.ts';

const DOCS = fileURLToPath(new URL('../../docs/screenshots/dashboard', import.meta.url));
const [built, out = DOCS, only = ''] = process.argv.slice(2);
const isWanted = ({ name }: { readonly name: string }): boolean => new RegExp(only).test(name);
if (built === undefined)
  throw new Error(
    'usage: shoot-dashboard.ts <folder of the built dashboard> [folder to write to] [pattern of the names]',
  );
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const QUALITY = 70;
const SHEET_SCALE = 0.4;

const LOOKS = [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'light', width: 360 },
  { colorScheme: 'dark', width: 360 },
  { colorScheme: 'dark', width: 1280 },
] as const;

const LOG = Array.from({ length: 60 }, (_, index) => {
  const at = new Date(Date.UTC(2026, 10, 20, 10, 11, 12) + index * 1_370).toISOString();
  const said = [
    'info: GET /store/products?limit=12 200 (14 ms)',
    'http: GET /store/collections 200 (6 ms)',
    'info: Processing order.placed which has 2 subscribers',
    'http: POST /store/carts 200 (31 ms)',
    'http: GET /health 200 (1 ms)',
    'warn: Payment provider pp_system_default has no webhook secret',
  ];
  return `${at} ${said[(index * 7) % said.length]}`;
})
  .concat('')
  .join('\n');

type Who = 'admin' | 'newcomer' | 'nobody';

interface View {
  readonly name: string;
  readonly path: string;
  /** When this is seen, the page is whole. */
  readonly shows: string | RegExp;
  readonly act?: (page: Page) => Promise<void>;
  readonly who?: Who;
}

type Cookies = Awaited<ReturnType<BrowserContext['storageState']>>;
type Answer = (route: Route) => Promise<void>;

interface Shot {
  readonly look: (typeof LOOKS)[number];
  readonly image: Buffer;
}

/** One of the states in which a page has nothing to show: its views, and what is done to the API's answers meanwhile. */
interface State {
  readonly name: 'loading' | 'empty' | 'error';
  readonly views: readonly View[];
  readonly answer?: Answer;
}

interface Ids {
  readonly ready: string;
  readonly failed: string;
  readonly going: string;
  readonly requested: string;
}

const platform = await startSeededPlatform({
  stores: 240,
  settings: {
    DASHBOARD_FOLDER: built,
    SIGN_INS_PER_MINUTE: '0',
    MAIL_ENABLED: 'true',
    GOOGLE_CLIENT_ID: 'seeded',
    GOOGLE_CLIENT_SECRET: 'seeded',
  },
});
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
try {
  await mkdir(out, { recursive: true });
  const people = await seedAccounts(platform);
  const sessions = await signInAll(browser, people);
  const ids = await findStores(platform);
  const shootView = ({ who = 'admin', ...view }: View, answer?: Answer): Promise<Shot[]> =>
    shoot(browser, sessions[who], view, answer);
  for (const view of fullViews(ids).filter(isWanted)) {
    for (const { look, image } of await shootView(view)) {
      await writeFile(join(out, `${view.name}-${look.colorScheme}-${look.width}.webp`), image);
    }
  }
  for (const { name, views, answer } of emptyStates(ids).filter(isWanted)) {
    const tiles: (Shot & { readonly title: string })[] = [];
    for (const view of views) {
      for (const shot of await shootView(view, answer)) tiles.push({ title: view.name, ...shot });
    }
    for (const look of LOOKS) {
      const sheet = await makeSheet(
        browser,
        tiles.filter((tile) => tile.look === look),
        look.width,
      );
      await writeFile(join(out, `all-${name}-${look.colorScheme}-${look.width}.webp`), sheet);
    }
  }
} finally {
  await browser.close();
  await platform.close();
}

async function findStores({ url, token }: SeededPlatform): Promise<Ids> {
  const client = createClient({ url, token });
  const first = async (phase: Phase): Promise<string> =>
    (await client.listStores({ phase, limit: 1 })).items[0]?.id ?? '';
  return {
    ready: await first('ready'),
    failed: await first('failed'),
    going: await first('provisioning'),
    requested: await first('requested'),
  };
}

/** The cookies of each: by a one-time link, by accepting an invitation, and none. */
async function signInAll(from: Browser, { makeAdminLink, invitationUrl }: SeededPeople): Promise<Record<Who, Cookies>> {
  const signIn = async (act: (page: Page) => Promise<void>) => {
    const context = await from.newContext();
    const page = await context.newPage();
    await act(page);
    const state = await context.storageState();
    await context.close();
    return state;
  };
  const stores = (page: Page) => page.getByRole('heading', { name: 'Stores', level: 1 }).waitFor();
  // Signed in from a second place too, so that there is a session to end.
  for (const _ of [1, 2]) {
    await signIn(async (page) => {
      await page.goto(onPlatform(await makeAdminLink()));
      await stores(page);
    });
  }
  const admin = await signIn(async (page) => {
    await page.goto(onPlatform(await makeAdminLink()));
    await stores(page);
    await page.goto(`${platform.url}/settings/profile`);
    await page.getByLabel('Name').fill('Maya Lindqvist');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your name is changed').waitFor();
  });
  const newcomer = await signIn(async (page) => {
    await page.goto(onPlatform(invitationUrl));
    await page.getByLabel('Your name').fill('Noor');
    await page.getByLabel('Password', { exact: true }).fill('Noor of the seeded platform');
    await page.getByRole('button', { name: 'Accept' }).click();
    await stores(page);
  });
  return { admin, newcomer, nobody: { cookies: [], origins: [] } };
}

function onPlatform(link: string): string {
  const { pathname, hash } = new URL(link);
  return `${platform.url}${pathname}${hash}`;
}

function fullViews({ ready, failed, going }: Ids): readonly View[] {
  const store = `/stores/${ready}`;
  return [
    { name: 'sign-in', path: '/sign-in', shows: 'Continue with', who: 'nobody' },
    { name: 'password-reset', path: '/password-reset#token=seeded', shows: 'Set it and sign in', who: 'nobody' },
    { name: 'stores', path: '/stores', shows: 'birch-bakery' },
    { name: 'stores-empty', path: '/stores', shows: 'Open your first store', who: 'newcomer' },
    { name: 'create', path: '/stores?new', shows: 'Choose the admin login yourself', act: typeName },
    { name: 'store', path: store, shows: 'Memory at most' },
    { name: 'store-failed', path: `/stores/${failed}`, shows: 'Why it failed' },
    { name: 'store-provisioning', path: `/stores/${going}`, shows: 'First purchase' },
    { name: 'activity', path: `${store}/activity`, shows: 'Newest first, as they happen' },
    { name: 'pods', path: `${store}/pods`, shows: 'storefront' },
    { name: 'logs', path: `${store}/logs`, shows: /\d\d lines/ },
    { name: 'jobs', path: `/stores/${failed}/jobs`, shows: 'reconcile-store' },
    { name: 'delete', path: `${store}/settings`, shows: 'Danger zone', act: askToDelete },
    { name: 'insights', path: '/insights', shows: /Succeeded/, act: untilPlotted },
    { name: 'cluster', path: '/cluster', shows: 'kubelet' },
    { name: 'palette', path: '/cluster', shows: 'kubelet', act: openPalette },
    { name: 'settings-profile', path: '/settings/profile', shows: 'Ways to sign in' },
    { name: 'settings-sessions', path: '/settings/sessions', shows: 'this one' },
    { name: 'settings-tokens', path: '/settings/tokens', shows: 'Nightly pipeline' },
    { name: 'settings-members', path: '/settings/members', shows: 'priya@acme.example' },
    { name: 'settings-tenant', path: '/settings/tenant', shows: 'Set by the platform' },
    { name: 'settings-audit', path: '/settings/audit', shows: 'invitation.create' },
    { name: 'admin-tenants', path: '/admin/tenants', shows: 'Northwind Traders' },
    { name: 'admin-tenant', path: '/admin/tenants', shows: 'Northwind Traders', act: openTenant },
    { name: 'admin-people', path: '/admin/people', shows: 'ines@northwind.example' },
    { name: 'admin-stores', path: '/admin/stores', shows: 'birch-bakery' },
    { name: 'admin-plans', path: '/admin/plans', shows: 'Large' },
    { name: 'admin-audit', path: '/admin/audit', shows: 'tenant.create' },
    { name: 'not-found', path: '/nowhere', shows: 'There is nothing here' },
  ];
}

function emptyStates({ ready, requested }: Ids): readonly State[] {
  const parts = ['activity', 'pods', 'logs', 'jobs'];
  const settings = ['sessions', 'tokens', 'members', 'tenant', 'audit'];
  const admin = ['tenants', 'people', 'stores', 'plans', 'audit'];
  const heading = (page: string) => `${page.charAt(0).toUpperCase()}${page.slice(1)}`;
  const everywhere = (shows: string | RegExp): readonly View[] =>
    [
      ...['stores', 'insights', 'cluster'].map((page) => ({ name: page, path: `/${page}` })),
      ...['', ...parts].map((part) => ({ name: `store ${part}`, path: `/stores/${ready}/${part}`.replace(/\/$/, '') })),
      ...settings.map((page) => ({ name: `settings, ${page}`, path: `/settings/${page}` })),
      ...admin.map((page) => ({ name: `platform, ${page}`, path: `/admin/${page}` })),
    ].map((view) => ({ ...view, shows }));
  return [
    {
      name: 'loading',
      views: everywhere('Stores'),
      // Never answered; the store itself is known where the page is of one of its parts.
      answer: async () => undefined,
    },
    { name: 'error', views: everywhere('The platform does not answer'), answer: (route) => route.abort() },
    {
      name: 'empty',
      views: [
        { name: 'stores', path: '/stores', shows: 'Open your first store', who: 'newcomer' },
        { name: 'nothing found', path: '/stores?q=zzzz', shows: 'No store fits' },
        { name: 'insights', path: '/insights', shows: 'Nothing to plot yet', who: 'newcomer' },
        ...parts.map((part) => ({
          name: `store, ${part}`,
          path: `/stores/${requested}/${part}`,
          shows: part === 'activity' ? 'requested on plan' : part === 'jobs' ? 'reconcile-store' : /No pod/,
        })),
        { name: 'tokens', path: '/settings/tokens', shows: 'No tokens', who: 'newcomer' },
        { name: 'members', path: '/settings/members', shows: 'noor@quiet.example', who: 'newcomer' },
        ...['tenants', 'people', 'stores'].map((page) => ({
          name: `platform, ${page}`,
          path: `/admin/${page}`,
          shows: heading(page),
          act: searchInVain,
        })),
        { name: 'no such store', path: '/stores/sto_nowhere000', shows: 'There is no such store' },
        { name: 'no such page', path: '/nowhere', shows: 'There is nothing here' },
      ],
    },
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

async function openTenant(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Change Northwind Traders' }).click();
  await page.getByRole('dialog').waitFor();
}

async function untilPlotted(page: Page): Promise<void> {
  await page.locator('.recharts-surface').nth(1).waitFor();
}

async function searchInVain(page: Page): Promise<void> {
  await page.getByPlaceholder('Search', { exact: true }).fill('zzzz');
  await page.getByText(/is called so/).waitFor();
}

/** One load of the page, looked at in every way: it follows the reader's colour scheme and width while it is open. */
async function shoot(
  from: Browser,
  storageState: Cookies,
  { path, shows, act }: View,
  answer?: Answer,
): Promise<Shot[]> {
  const context = await from.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', storageState });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  // There is no cluster beneath: what a pod would have written is said here.
  await page.route('**/api/v1/stores/*/logs?*', (route) => route.fulfill({ contentType: 'text/plain', body: LOG }));
  if (answer !== undefined) {
    const store = /^\/stores\/\w+(?=\/)/.exec(path)?.[0];
    await page.route('**/api/v1/**', async (route) => {
      const { pathname } = new URL(route.request().url());
      const isFrame = pathname === '/api/v1/session' || pathname === `/api/v1${store}`;
      await (isFrame ? route.continue() : answer(route));
    });
  }
  await page.goto(`${platform.url}${path}`);
  await page.getByText(shows).first().waitFor();
  await act?.(page);
  const shots: Shot[] = [];
  for (const look of LOOKS) {
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await page.setViewportSize({ width: look.width, height: look.width < 600 ? 740 : 860 });
    // Dialogs fade in, curves are drawn.
    await page.waitForTimeout(600);
    shots.push({ look, image: await capture(page) });
  }
  await context.close();
  return shots;
}

/** WebP: half of JPEG's size for pages of text and lines. */
async function capture(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  return Buffer.from(data, 'base64');
}

async function makeSheet(
  from: Browser,
  tiles: readonly (Shot & { readonly title: string })[],
  width: number,
): Promise<Buffer> {
  const columns = width < 600 ? 7 : 3;
  const tile = Math.round(width * (width < 600 ? 0.6 : SHEET_SCALE));
  const page = await from.newPage({ viewport: { width: columns * (tile + 16) + 16, height: 600 } });
  const figures = tiles.map(
    ({ title, image }) =>
      `<figure><img src="data:image/webp;base64,${image.toString('base64')}"><figcaption>${title}</figcaption></figure>`,
  );
  await page.setContent(`<style>
    body { margin: 0; padding: 16px; display: grid; grid-template-columns: repeat(${columns}, ${tile}px); gap: 16px; background: #8a8a93;
      font: 13px sans-serif; color: #fff }
    figure { margin: 0 } img { width: 100%; display: block; border-radius: 4px } figcaption { padding-top: 4px }
    </style>${figures.join('')}`);
  await page.waitForFunction('[...document.images].every(({ complete }) => complete)');
  const height = await page.evaluate<number>('document.documentElement.scrollHeight');
  await page.setViewportSize({ width: columns * (tile + 16) + 16, height });
  const image = await capture(page);
  await page.close();
  return image;
}
