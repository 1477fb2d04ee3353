// What the platform's administrators do in a browser, over all tenants.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { whyNoBrowser } from '../browser.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName } from '../stores.ts';
import { asPerson, asStranger, takeInvitation } from './person.ts';

describe('the pages of platform administrators', { skip: whyNoPlatform() || whyNoBrowser() }, () => {
  let platform: Platform;
  before(() => {
    platform = connectToPlatform();
  });
  after(() => platform.close());

  it('make a tenant with an owner, change its limits, shut a person out, and delete the tenant', async () => {
    const name = freshName('tenant');
    const email = `${freshName('owner')}@example.com`;
    await asPerson(platform, async ({ page }) => {
      await page.goto('/admin/tenants');
      await page.getByRole('button', { name: 'New tenant' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name', { exact: true }).fill(name);
      await dialog.getByLabel('Owner’s e-mail').fill(email);
      await dialog.getByLabel('Stores at most').fill('2');
      await dialog.getByRole('button', { name: 'Make tenant' }).click();
      const link = ((await dialog.getByRole('status').locator('code').textContent()) ?? '').trim();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });

      await asStranger(platform, async (owner) => {
        await takeInvitation(owner.page, link, { name: 'Olga Owner', password: 'a password, long enough' });
        await owner.page.getByText('Open your first store').waitFor();
        // Who owns a tenant is no administrator of the platform.
        assert.equal(await owner.page.getByRole('link', { name: 'Platform' }).count(), 0);

        await page.getByLabel('Search the tenants').fill(name);
        const row = page.getByRole('row').filter({ hasText: name });
        await row.getByText('0 of 2').waitFor();
        await page.getByRole('button', { name: `Change ${name}` }).click();
        await dialog.getByLabel('Stores at most').fill('3');
        await dialog.getByRole('button', { name: 'Save' }).click();
        await row.getByText('0 of 3').waitFor();

        await page.goto('/admin/people');
        await page.getByLabel('Search the people').fill(email);
        await page.getByRole('button', { name: `Disable ${email}` }).click();
        await page.getByRole('button', { name: `Enable ${email}` }).waitFor();
        await owner.page.goto('/stores');
        await owner.page.getByRole('heading', { name: 'Sign in to Souk' }).waitFor();
      });

      await page.goto('/admin/tenants');
      await page.getByLabel('Search the tenants').fill(name);
      await page.getByRole('button', { name: `Change ${name}` }).click();
      await dialog.getByRole('button', { name: 'Delete…' }).click();
      const really = dialog.getByRole('button', { name: 'Delete', exact: true });
      assert.equal(await really.isDisabled(), true, 'a tenant can be deleted without its name');
      await dialog.getByLabel(/^Type/).fill(name);
      await really.click();
      await dialog.waitFor({ state: 'detached' });
      await page
        .getByText(/being deleted|None is called so/)
        .first()
        .waitFor();
    });
  });

  it('show plans and the stores of all tenants, and prove that nobody changed the audit log', async () => {
    await asPerson(platform, async ({ page }) => {
      await page.goto('/admin/plans');
      for (const plan of ['Small', 'Standard', 'Large']) await page.getByRole('cell', { name: plan }).waitFor();
      await page.goto('/admin/stores');
      await page.getByLabel('Search the stores').fill('no-store-is-called-so');
      await page.getByText('None is called so.').waitFor();
      await page.goto('/admin/audit');
      await page.getByRole('button', { name: 'Verify the chain' }).click();
      await page.getByText(/entries, each as it was written/).waitFor();
      await page.getByLabel('What', { exact: true }).fill('no-such-action');
      await page.getByText('Nothing fits what you look for.').waitFor();
    });
  });
});
