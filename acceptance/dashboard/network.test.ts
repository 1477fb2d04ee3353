// The platform goes away under an open page and comes back: the page says so, loses nothing, and catches up by itself.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Route } from 'playwright-core';
import { whyNoBrowser } from '../browser.ts';
import { awaitAllReady, crash, findPart } from '../crashes/parts.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName, removeStore, requestStore } from '../stores.ts';
import { asPerson } from './person.ts';

const AWAY_MS = 60_000;

describe('a dashboard whose platform goes away', { skip: whyNoPlatform() || whyNoBrowser() }, () => {
  let platform: Platform;
  const made: string[] = [];
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    await Promise.all(made.map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  it('shows a banner, keeps what was typed, and shows afterwards what happened meanwhile', async () => {
    await asPerson(platform, async ({ page, context, complaints, countLoads }) => {
      await page.getByRole('button', { name: 'New store' }).first().click();
      const typed = freshName('typed');
      await page.getByLabel('Name', { exact: true }).fill(typed);
      // The stream that is open breaks with the API's process; everything that is asked for afterwards gets nowhere.
      const cut = (route: Route): Promise<void> => route.abort();
      await context.route('**/api/v1/**', cut);
      crash(await findPart(platform, 'api'), platform.home);
      await page.getByText('The platform does not answer.').first().waitFor();
      await awaitAllReady(platform);
      const store = await requestStore(platform.client, 'meanwhile');
      made.push(store.id);
      await page.waitForTimeout(AWAY_MS);
      assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), typed);
      // Only this one: signing in may have set another.
      await context.unroute('**/api/v1/**', cut);
      await page.getByText('The platform does not answer.').waitFor({ state: 'detached' });
      await page.keyboard.press('Escape');
      await page.getByRole('row').filter({ hasText: store.name }).waitFor();
      assert.equal(countLoads(), 1);
      // A proxy may answer 503 in the moment between; that is what the banner is for.
      (complaints as string[]).length = 0;
    });
  });
});
