// The list of a tenant with many stores: how long a page takes while a hundred a second are asked for, in every order and with every
// filter; and, in a real browser, whether scrolling, searching, sorting and filtering ever hold up the page.
// node benchmarks/list/run.ts [--stores 10000] [--rate 100] [--seconds 30] [--dashboard FOLDER]
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createClient, type ListStoresOptions } from '@souk/contract';
import { chromium } from 'playwright-core';
import { distributionOf } from '../shared/distribution.ts';
import { type SeededPlatform, startSeededPlatform } from '../shared/seeded-platform.ts';

const { values } = parseArgs({
  options: {
    stores: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '30' },
    dashboard: { type: 'string' },
  },
});
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const WARM_UP = 50;

const platform = await startSeededPlatform({
  stores: Number(values.stores),
  ...(values.dashboard === undefined ? {} : { settings: { DASHBOARD_FOLDER: values.dashboard } }),
});
try {
  const times = await askForPages(platform, Number(values.rate), Number(values.seconds));
  const api = { ...distributionOf(times), memoryMib: Math.round(await platform.readApiMemoryMib()) };
  const browser = values.dashboard !== undefined && existsSync(CHROMIUM) ? await scrollAndFilter(platform) : null;
  process.stdout.write(
    `${JSON.stringify({ stores: Number(values.stores), rate: Number(values.rate), api, browser }, null, 2)}\n`,
  );
} finally {
  await platform.close();
}

/** Sent by the clock, not by the answers: a slow answer does not spare the next one. Milliseconds each. */
async function askForPages({ url, token }: SeededPlatform, rate: number, seconds: number): Promise<number[]> {
  const client = createClient({ url, token });
  const queries = await makeQueries(client);
  for (let index = 0; index < WARM_UP; index += 1) await client.listStores(queries[index % queries.length]);
  const times: number[] = [];
  const pending: Promise<void>[] = [];
  const began = performance.now();
  for (let index = 0; index < rate * seconds; index += 1) {
    const dueMs = (index / rate) * 1000 - (performance.now() - began);
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    const sentAt = performance.now();
    pending.push(
      client.listStores(queries[index % queries.length]).then(() => void times.push(performance.now() - sentAt)),
    );
  }
  await Promise.all(pending);
  return times;
}

/** First pages and pages from the middle, as people and their scrolling ask for them. */
async function makeQueries(client: ReturnType<typeof createClient>): Promise<readonly ListStoresOptions[]> {
  const deep: ListStoresOptions[] = [];
  for (const sort of ['newest', 'name'] as const) {
    let after: string | undefined;
    for (let page = 0; page < 20; page += 1) {
      const { next } = await client.listStores({ sort, limit: 200, ...(after === undefined ? {} : { after }) });
      if (next === null) break;
      after = next;
    }
    deep.push({ sort, ...(after === undefined ? {} : { after }) });
  }
  return [
    {},
    { sort: 'name' },
    { sort: 'oldest' },
    { q: 'coffee' },
    { phase: 'failed' },
    { engine: 'medusa' },
    ...deep,
  ];
}

/** The longest tasks of the page's main thread, in milliseconds, while somebody scrolls far, types a search, sorts and filters. */
async function scrollAndFilter({ url, token }: SeededPlatform): Promise<object> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const context = await browser.newContext({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
    const page = await context.newPage();
    await page.goto(`${url}/stores`);
    await page.getByRole('row').nth(5).waitFor();
    await page.evaluate(`window.tasks = [];
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });`);
    for (let turn = 0; turn < 60; turn += 1) {
      await page.mouse.wheel(0, 3_000);
      await page.waitForTimeout(100);
    }
    const rows = await page.getByRole('row').count();
    await page.getByLabel('Search by name').pressSequentially('coffee', { delay: 80 });
    await page.waitForTimeout(1_500);
    await page.getByLabel('Clear the search').click();
    for (const [field, choice] of [
      ['Order', 'By name'],
      ['Phase', 'Failed'],
    ] as const) {
      await page.waitForTimeout(1_000);
      await page.getByRole('combobox', { name: field }).click();
      await page.getByRole('option', { name: choice }).click();
    }
    await page.waitForTimeout(1_000);
    const tasks = await page.evaluate<number[]>('window.tasks');
    return {
      longTasksMs: tasks
        .map(Math.round)
        .sort((a, b) => b - a)
        .slice(0, 5),
      rowsInTheDocument: rows,
    };
  } finally {
    await browser.close();
  }
}
