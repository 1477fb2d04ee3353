// What concerns a person and their tenant, by hand in a browser: joining by an invitation, a password, sessions, tokens, leaving.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createClient, isRefusal } from '@souk/contract';
import type { Page } from 'playwright-core';
import { whyNoBrowser } from '../browser.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName } from '../stores.ts';
import { asPerson, asStranger, makeLink, signInWithPassword, takeInvitation } from './person.ts';

const PASSWORD = 'a first password, long enough';
const NEW_PASSWORD = 'another password, long enough';

describe('the settings', { skip: whyNoPlatform() || whyNoBrowser() }, () => {
  let platform: Platform;
  before(() => {
    platform = connectToPlatform();
  });
  after(() => platform.close());

  it('are reached by a new link in the tab in which a spent one was opened', async () => {
    await asStranger(platform, async ({ page }) => {
      await page.goto('/sign-in#link=not-a-link');
      await page.getByLabel('E-mail').waitFor();
      // Only what stands behind the # differs, so that the browser loads nothing by itself.
      await page.goto(await makeLink(platform));
      await page.getByRole('heading', { name: 'Stores', level: 1 }).waitFor();
    });
  });

  it('let an invited person join, name themselves, change the password and be taken out again', async () => {
    const email = `${freshName('guest')}@example.com`;
    await asPerson(platform, async ({ page }) => {
      await page.goto('/settings/members');
      await page.getByLabel('E-mail', { exact: true }).fill(email);
      await page.getByRole('button', { name: 'Invite', exact: true }).click();
      const link = await secretIn(page, 'Invitation link');
      await page.getByRole('cell', { name: email, exact: true }).waitFor();

      await asStranger(platform, async (guest) => {
        await takeInvitation(guest.page, link, { name: 'Gwen Guest', password: PASSWORD });
        await guest.page.goto('/settings/profile');
        await guest.page.getByLabel('Name', { exact: true }).fill('Gwendolyn Guest');
        await guest.page.getByRole('button', { name: 'Save' }).click();
        await guest.page.getByText('Your name is changed').waitFor();
        await guest.page.getByText('E-mail and password').waitFor();

        // Elsewhere the same person is signed in too, until the password changes.
        await asStranger(platform, async (elsewhere) => {
          await signInWithPassword(elsewhere.page, email, PASSWORD);
          await guest.page.getByLabel('Current password').fill('not the password at all');
          await guest.page.getByLabel('New password').fill(NEW_PASSWORD);
          await guest.page.getByRole('button', { name: 'Set password' }).click();
          await guest.page.locator('.mantine-InputWrapper-error').waitFor();
          await guest.page.getByLabel('Current password').fill(PASSWORD);
          await guest.page.getByRole('button', { name: 'Set password' }).click();
          await guest.page.getByText('your other sessions have ended').waitFor();
          await elsewhere.page.goto('/settings/profile');
          await elsewhere.page.getByRole('heading', { name: 'Sign in to Souk' }).waitFor();
          await signInWithPassword(elsewhere.page, email, NEW_PASSWORD);

          await guest.page.goto('/settings/sessions');
          await guest.page.getByText('this one').waitFor();
          await guest.page.getByRole('button', { name: /^End the session/ }).click();
          await guest.page.getByRole('button', { name: /^End the session/ }).waitFor({ state: 'detached' });
          await elsewhere.page.goto('/settings/sessions');
          await elsewhere.page.getByRole('heading', { name: 'Sign in to Souk' }).waitFor();
        });

        await page.reload();
        const row = page.getByRole('row').filter({ hasText: email });
        await row.getByText('Gwendolyn Guest').waitFor();
        await row.getByRole('button', { name: /^Remove/ }).click();
        await page.getByRole('button', { name: 'Remove for good' }).click();
        await page.getByText(`${email} is no longer a member`).waitFor();
        await guest.page.goto('/stores');
        await guest.page.getByText('You are in no tenant').waitFor();
      });
    });
  });

  it('withdraw an invitation, whose link then leads nowhere', async () => {
    const email = `${freshName('unwanted')}@example.com`;
    await asPerson(platform, async ({ page }) => {
      await page.goto('/settings/members');
      await page.getByLabel('E-mail', { exact: true }).fill(email);
      await page.getByRole('button', { name: 'Invite', exact: true }).click();
      const link = await secretIn(page, 'Invitation link');
      const withdraw = page.getByRole('button', { name: `Withdraw the invitation of ${email}` });
      await withdraw.click();
      await withdraw.waitFor({ state: 'detached' });
      await asStranger(platform, async (guest) => {
        const { pathname, hash } = new URL(link);
        await guest.page.goto(`${pathname}${hash}`);
        await guest.page.getByRole('alert').waitFor();
      });
    });
  });

  it('make a token that is shown once, may only what was ticked, and is worth nothing once revoked', async () => {
    const name = freshName('token');
    await asPerson(platform, async ({ page }) => {
      await page.goto('/settings/tokens');
      await page.getByLabel('What it is for').fill(name);
      await page.getByRole('button', { name: 'Make token' }).click();
      const secret = await secretIn(page, 'Token');
      const client = createClient({ url: platform.facts.edgeUrl, token: secret });
      await client.listStores({ limit: 1 });
      await assert.rejects(client.createStore({ name, engine: 'medusa' }), (error) => isRefusal(error, 'forbidden'));

      await page.reload();
      const revoke = page.getByRole('button', { name: `Revoke ${name}` });
      await revoke.waitFor();
      assert.equal(await page.getByText(secret).count(), 0, 'the secret is shown a second time');
      await revoke.click();
      await page.getByRole('button', { name: 'Revoke for good' }).click();
      await page.getByRole('row').filter({ hasText: name }).getByText('Revoked').waitFor();
      await assert.rejects(client.listStores({ limit: 1 }), (error) => isRefusal(error, 'unauthenticated'));
    });
  });

  it('rename the tenant, which the navigation shows at once, and put it into the audit log', async () => {
    await asPerson(platform, async ({ page }) => {
      const { name: before } = await platform.client.getTenant();
      const name = freshName('tenant');
      await page.goto('/settings/tenant');
      await page.getByLabel('Name', { exact: true }).fill(name);
      await page.getByRole('button', { name: 'Rename' }).click();
      await page.getByText('The tenant is renamed').waitFor();
      await page.goto('/settings/audit');
      await page.getByLabel('What', { exact: true }).fill('tenant');
      await page
        .getByRole('row')
        .filter({ hasText: /tenant\./ })
        .first()
        .waitFor();
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      assert.match((await download).suggestedFilename(), /\.csv$/);
      await platform.client.renameTenant(before);
    });
  });

  it('say in plain words why a sign-in by a provider did not work', async () => {
    await asStranger(platform, async ({ page }) => {
      await page.goto('/sign-in?error=not_invited');
      await page.getByText('Nobody has invited this account yet.').waitFor();
      await page.goto('/sign-in?error=<b>nonsense</b>');
      await page.getByText('The sign-in did not work. Try again.').waitFor();
    });
  });
});

/** What is shown this once under that title. */
async function secretIn(page: Page, title: string): Promise<string> {
  const box = page.getByRole('status').filter({ hasText: title });
  return ((await box.locator('code').textContent()) ?? '').trim();
}
