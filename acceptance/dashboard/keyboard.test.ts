// The whole way from create to delete without a mouse.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { whyNoBrowser } from '../browser.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName, removeStore } from '../stores.ts';
import { until } from '../until.ts';
import { asPerson } from './person.ts';

const MOST_TABS = 60;

describe('the dashboard by keyboard alone', { skip: whyNoPlatform() || whyNoBrowser() }, () => {
  let platform: Platform;
  const name = freshName('keys');
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    const { items } = await platform.client.listStores({ q: name });
    await Promise.all(items.map(({ id }) => removeStore(platform.client, id)));
    platform.close();
  });

  it('creates a store, looks into its menu, goes to it by the palette, and deletes it', async () => {
    await asPerson(platform, async ({ page }) => {
      const { keyboard } = page;
      await tabTo(page, 'New store');
      await keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      assert.equal(await focusedName(page), 'Name', 'the dialog does not begin at the name');
      await keyboard.type(name);
      await page.getByLabel('The name is free').waitFor();
      await tabTo(page, /Medusa|Test shop/);
      await page.getByRole('radio', { name: 'Test shop' }).focus();
      await keyboard.press('Space');
      await tabTo(page, 'Create store');
      await keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });

      // The row's menu opens from its button, and gives the focus back.
      await tabTo(page, `What to do with ${name}`);
      await keyboard.press('Enter');
      await page.getByRole('menu', { name: `What to do with ${name}` }).waitFor();
      await until('the first of the menu', 5_000, async () => (await focusedName(page)) === 'Logs');
      await keyboard.press('ArrowDown');
      await until('the second of the menu', 5_000, async () => (await focusedName(page)) === 'Delete…');
      await keyboard.press('Escape');
      await page.getByRole('menu').waitFor({ state: 'detached' });
      await until(
        'the focus on the button',
        5_000,
        async () => (await focusedName(page)) === `What to do with ${name}`,
      );

      await keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Search stores and commands' }).waitFor();
      await keyboard.type(name);
      await page.getByRole('option', { name: new RegExp(name) }).waitFor();
      await keyboard.press('Enter');
      await page.getByRole('heading', { name, level: 1 }).waitFor();

      await tabTo(page, 'Overview');
      for (let step = 0; step < 5; step += 1) await keyboard.press('ArrowRight');
      await page.getByRole('heading', { name: 'Danger zone' }).waitFor();
      await tabTo(page, 'Delete store');
      await keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await keyboard.type(name);
      await keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page
        .getByText(/Deleting|Deleted/)
        .first()
        .waitFor();
    });
  });
});

async function tabTo(page: Page, wanted: string | RegExp): Promise<void> {
  for (let step = 0; step < MOST_TABS; step += 1) {
    const name = await focusedName(page);
    if (typeof wanted === 'string' ? name === wanted : wanted.test(name)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${MOST_TABS} tabs do not reach ${wanted}`);
}

/** What a screen reader would call the focused element, near enough. */
async function focusedName(page: Page): Promise<string> {
  return await page.evaluate<string>(`(() => {
    const element = document.activeElement;
    const label = element?.getAttribute('aria-label') ?? element?.labels?.[0]?.textContent;
    return (label ?? element?.textContent ?? '').trim();
  })()`);
}
