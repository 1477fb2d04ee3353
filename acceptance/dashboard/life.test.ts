// A person's way through the dashboard with a real store on a real cluster, and what a second person sees meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { whyNoBrowser } from '../browser.ts';
import { listShops } from '../engines/shopping.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName, removeStore } from '../stores.ts';
import { until } from '../until.ts';
import { asPerson } from './person.ts';

const READY_WITHIN_MS = 240_000;
const GONE_WITHIN_MS = 120_000;

const shops = await listShops();

describe('the dashboard', { skip: whyNoPlatform() || whyNoBrowser() }, () => {
  let platform: Platform;
  const names = new Set<string>();
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    const { items } = await platform.client.listStores({ limit: 200 });
    await Promise.all(items.filter(({ name }) => names.has(name)).map(({ id }) => removeStore(platform.client, id)));
    platform.close();
  });

  for (const { name: engine, title, skip } of shops) {
    it(`leads from no store to a ${engine} shop and back to none, without a reload`, { skip }, async (t) => {
      const name = freshName('shown');
      names.add(name);
      await asPerson(platform, async ({ page, context, countLoads }) => {
        await asPerson(platform, async (other) => {
          await create(page, name, title);
          const row = page.getByRole('row').filter({ hasText: name });
          await row
            .getByText(/\d of 6|Requested|Provisioning|Ready/)
            .first()
            .waitFor();
          const created = await seenBySecond(
            other.page,
            'the new row',
            async (rows) => (await rows.filter({ hasText: name }).count()) === 1,
          );

          await row.getByRole('link', { name }).click();
          await page.getByRole('link', { name: 'Open shop' }).waitFor({ timeout: READY_WITHIN_MS });
          const ready = await seenBySecond(
            other.page,
            'the store being ready',
            async (rows) => (await rows.filter({ hasText: name }).filter({ hasText: /Ready/ }).count()) === 1,
          );

          const opened = context.waitForEvent('page');
          await page.getByRole('link', { name: 'Open shop' }).click();
          const shop = await opened;
          await shop.waitForLoadState('domcontentloaded');
          assert.match(shop.url(), new RegExp(`//${name}\\.`));
          await shop.close();

          await page.getByRole('button', { name: 'Reveal' }).click();
          await page.getByRole('button', { name: 'Copy password' }).click();
          const copied = await page.evaluate<string>('navigator.clipboard.readText()');
          assert.match(copied, /^\S{12,}$/);

          await followLogs(page);
          await removeByHand(page, name);
          await page.getByText('The store is gone.').waitFor({ timeout: GONE_WITHIN_MS });
          const gone = await seenBySecond(
            other.page,
            'it gone',
            async (rows) => (await rows.filter({ hasText: name }).count()) === 0,
          );
          t.diagnostic(
            `the second person saw the new row after ${created} ms, it ready after ${ready} ms, it gone after ${gone} ms`,
          );
          assert.equal(countLoads(), 1, 'the page was loaded again');
          assert.equal(other.countLoads(), 1, "the second person's page was loaded again");
        });
      });
    });
  }

  it('says why a create failed, with what the cluster told, and offers another try', async (t) => {
    const engines = await platform.client.listEngines();
    if (!engines.some(({ name }) => name === 'late-shop')) {
      t.skip('the platform was started without the engine whose image is missing');
      return;
    }
    const name = freshName('late');
    names.add(name);
    await asPerson(platform, async ({ page }) => {
      await create(page, name, /late/i);
      await page.getByRole('row').filter({ hasText: name }).getByRole('link', { name }).click();
      const why = page.getByRole('region', { name: 'Why it failed' });
      await why.waitFor({ timeout: 120_000 });
      assert.match((await why.textContent()) ?? '', /image|pull/i);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page
        .getByText(/Provisioning|Requested/)
        .first()
        .waitFor();
    });
  });

  it('offers no engine that cannot be used, and says why', async () => {
    const reason = 'it is in no package registry: save it as /archives/shop.zip';
    await asPerson(platform, async ({ page }) => {
      await page.route('**/api/v1/engines', async (route) => {
        const answer = await route.fetch();
        const { items } = (await answer.json()) as { items: { name: string }[] };
        const change = (engine: { name: string }) =>
          engine.name === 'test-shop' ? { ...engine, available: false, reason } : engine;
        await route.fulfill({ response: answer, json: { items: items.map(change) } });
      });
      await page.reload();
      await page.getByRole('button', { name: 'New store' }).first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(`Not available: ${reason}`).waitFor();
      assert.equal(await dialog.getByRole('radio', { name: 'Test shop' }).isDisabled(), true);
    });
  });

  /** Milliseconds after the first person's screen; within a second, and a little more for the test's own looking. */
  async function seenBySecond(page: Page, what: string, isSeen: (rows: Locator) => Promise<boolean>): Promise<number> {
    const startedAt = performance.now();
    await until(`the second person to see ${what}`, 1_500, async () => await isSeen(page.getByRole('row')));
    return Math.round(performance.now() - startedAt);
  }
});

async function create(page: Page, name: string, title: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: 'New store' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  await dialog.getByLabel('The name is free').waitFor();
  await dialog.getByRole('radio', { name: title }).click();
  await dialog.getByRole('button', { name: 'Create store' }).click();
  await dialog.waitFor({ state: 'detached' });
}

async function followLogs(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Logs' }).click();
  const log = page.getByRole('log');
  await until('a line of the log', 30_000, async () => ((await log.textContent()) ?? '').trim() !== '');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  assert.match((await download).suggestedFilename(), /\.log$/);
}

async function removeByHand(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Delete store' }).click();
  const confirm = page.getByRole('button', { name: 'Delete for good' });
  await page.getByLabel(/to confirm/).fill(`${name}x`);
  assert.equal(await confirm.isDisabled(), true, 'another name confirmed the deletion');
  await page.getByLabel(/to confirm/).fill(name);
  await confirm.click();
}
