// Signing in by a provider's account, in a browser that goes there and comes back. The provider is a real one (npm's oidc-provider) on
// loopback; the platform was told of it when it was started.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { startRealProvider, type TestProvider } from '@souk/server/people/providers/test-providers.ts';
import type { Page } from 'playwright-core';
import { whyNoBrowser } from '../browser.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName } from '../stores.ts';
import { asPerson, asStranger } from './person.ts';

const FILE = process.env.OIDC_PROVIDERS_FILE ?? '';
const whyNoProvider = FILE === '' && 'OIDC_PROVIDERS_FILE names no provider that the platform knows';

describe('signing in by a provider', { skip: whyNoPlatform() || whyNoBrowser() || whyNoProvider }, () => {
  let platform: Platform;
  let provider: TestProvider;
  let home: string;
  before(async () => {
    platform = connectToPlatform();
    // A browser comes back to the name by which the platform knows itself, so that is where it has to begin.
    home = new URL(await platform.souk('login')).origin;
    const [known] = JSON.parse(readFileSync(FILE, 'utf8')) as [TestProvider['config']];
    provider = await startRealProvider(known, `${home}/auth/oidc/${known.name}/callback`);
  });
  after(async () => {
    await provider.close();
    platform.close();
  });

  it('brings whoever an administrator has invited to the page that they wanted, signed in', async () => {
    const who = freshName('ann');
    await asPerson(platform, async ({ page }) => {
      await page.goto('/settings/members');
      await page.getByLabel('E-mail', { exact: true }).fill(`${who}@example.com`);
      await page.getByRole('button', { name: 'Invite', exact: true }).click();
      await page.getByRole('cell', { name: `${who}@example.com`, exact: true }).waitFor();
    });
    await asStranger(platform, async ({ page }) => {
      await page.goto(`${home}/insights`);
      await leaveForProvider(page);
      await signInThere(page, who);
      await page.getByRole('heading', { name: 'Insights', level: 1 }).waitFor();
      assert.equal(page.url(), `${home}/insights`);
      await page.getByText(`The ${who}`).first().waitFor();

      // It is a session like any other: it outlives a reload, and ends when it is ended.
      await page.reload();
      await page.getByRole('heading', { name: 'Insights', level: 1 }).waitFor();
      await page.getByRole('button', { name: `The ${who}` }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Souk' }).waitFor();
    });
  });

  it('says that the provider refused when somebody breaks it off there, and lets them try again', async () => {
    await asStranger(platform, async ({ page }) => {
      await page.goto(`${home}/sign-in`);
      await leaveForProvider(page);
      await page.getByRole('link', { name: 'Cancel' }).click();
      await alertOf(page, 'The sign-in was refused by the provider, or broken off.');

      await leaveForProvider(page);
      await signInThere(page, freshName('nobody-invited'));
      await alertOf(page, 'Nobody has invited this account yet.');
      assert.equal((await page.context().cookies()).filter(({ name }) => name === 'souk_session').length, 0);
    });
  });

  it('says that an address must be verified before it counts, though it is invited', async () => {
    const who = freshName('unverified');
    await platform.client.createInvitation(`${who}@example.com`, 'member');
    await asStranger(platform, async ({ page }) => {
      await page.goto(`${home}/sign-in`);
      await leaveForProvider(page);
      await signInThere(page, who);
      await alertOf(page, 'The provider has not verified your e-mail address.');
    });
  });

  async function leaveForProvider(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Continue with Test' }).click();
    await page.waitForURL(`${provider.config.issuer}/**`);
  }
});

/** The provider asks who it is and whether Souk may know it. */
async function signInThere(page: Page, who: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(who);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function alertOf(page: Page, text: string): Promise<void> {
  await page.getByRole('alert').filter({ hasText: text }).waitFor();
  await page.getByRole('heading', { name: 'Sign in to Souk' }).waitFor();
}
