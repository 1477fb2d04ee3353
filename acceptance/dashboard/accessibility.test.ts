// Every page and dialog, in both colour schemes, looked at by axe; and at 360 px, whether anything sticks out.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Store } from '@souk/contract';
import type { Page } from 'playwright-core';
import { whyNoBrowser } from '../browser.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName, makeStore, removeStore } from '../stores.ts';
import { until } from '../until.ts';
import { asPerson, asStranger, heightFor, takeInvitation } from './person.ts';

interface View {
  readonly name: string;
  readonly path: string;
  readonly shows: string | RegExp;
  readonly act?: (page: Page) => Promise<void>;
}

const LOOKS = [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 360 },
] as const;

describe('every page of the dashboard', { skip: whyNoPlatform() || whyNoBrowser() }, () => {
  let platform: Platform;
  let store: Store;
  before(async () => {
    platform = connectToPlatform();
    store = await makeStore(platform.client, 'axe');
  });
  after(async () => {
    await removeStore(platform.client, store.id);
    platform.close();
  });

  const views = (): readonly View[] => [
    { name: 'stores', path: '/stores', shows: store.name },
    {
      name: 'menu of a store',
      path: '/stores',
      shows: store.name,
      act: async (page) => {
        await page.getByRole('button', { name: `What to do with ${store.name}` }).click();
        await page.getByRole('menuitem', { name: 'Open its admin' }).waitFor();
      },
    },
    { name: 'nothing found', path: '/stores?q=zzzz', shows: 'No store fits' },
    { name: 'create dialog', path: '/stores?new', shows: 'Choose the admin login yourself' },
    { name: 'store', path: `/stores/${store.id}`, shows: 'First purchase' },
    {
      name: 'credentials',
      path: `/stores/${store.id}`,
      shows: 'Admin login',
      act: async (page) => {
        await page.getByRole('button', { name: 'Reveal' }).click();
        await page.getByText('Password', { exact: true }).waitFor();
      },
    },
    { name: 'activity', path: `/stores/${store.id}/activity`, shows: 'Newest first, as they happen' },
    { name: 'pods', path: `/stores/${store.id}/pods`, shows: 'As the platform sees them now' },
    { name: 'logs', path: `/stores/${store.id}/logs`, shows: /\d lines/ },
    { name: 'jobs', path: `/stores/${store.id}/jobs`, shows: 'reconcile-store' },
    {
      name: 'delete dialog',
      path: `/stores/${store.id}/settings`,
      shows: 'Danger zone',
      act: async (page) => {
        await page.getByRole('button', { name: 'Delete store' }).click();
        await page.getByRole('dialog').waitFor();
      },
    },
    { name: 'insights', path: '/insights', shows: 'Where the time goes' },
    { name: 'cluster', path: '/cluster', shows: 'Kubernetes' },
    {
      name: 'palette',
      path: '/cluster',
      shows: 'Kubernetes',
      act: async (page) => {
        await page.keyboard.press('Control+k');
        await page.getByRole('option').first().waitFor();
      },
    },
    { name: 'profile', path: '/settings/profile', shows: 'Ways to sign in' },
    { name: 'sessions', path: '/settings/sessions', shows: 'this one' },
    { name: 'tokens', path: '/settings/tokens', shows: 'Days until it ends' },
    { name: 'members', path: '/settings/members', shows: 'Last signed in' },
    {
      name: 'leaving',
      path: '/settings/members',
      shows: 'Last signed in',
      act: async (page) => {
        await page.getByRole('button', { name: 'Leave this tenant' }).click();
        await page.getByRole('button', { name: 'Leave for good' }).waitFor();
      },
    },
    { name: 'tenant', path: '/settings/tenant', shows: 'Set by the platform' },
    { name: 'audit log', path: '/settings/audit', shows: 'Only ever appended to' },
    { name: 'tenants', path: '/admin/tenants', shows: 'Largest plan' },
    {
      name: 'tenant dialog',
      path: '/admin/tenants',
      shows: 'Largest plan',
      act: async (page) => {
        await page.getByRole('button', { name: 'New tenant' }).click();
        await page.getByRole('dialog').waitFor();
      },
    },
    { name: 'people', path: '/admin/people', shows: 'Platform admin' },
    { name: 'all stores', path: '/admin/stores', shows: store.name },
    { name: 'plans', path: '/admin/plans', shows: 'Standard' },
    { name: 'platform audit', path: '/admin/audit', shows: 'Verify the chain' },
    { name: 'not found', path: '/nowhere', shows: 'There is nothing here' },
  ];
  const OUTSIDE: readonly View[] = [
    { name: 'sign-in', path: '/sign-in?error=not_invited', shows: 'Nobody has invited' },
    { name: 'password reset', path: '/password-reset#token=nonsense', shows: 'Set it and sign in' },
    { name: 'invitation', path: '/invitation#token=nonsense', shows: /invitation/i },
  ];

  it('has no serious finding by axe and fits, light at 1280 px and dark at 360 px', async () => {
    const found: string[] = [];
    // Loaded once: a page follows its reader's colour scheme and width while it is open.
    const look = async (page: Page, { name, path, shows, act }: View): Promise<void> => {
      await page.goto(path);
      await page.getByText(shows).first().waitFor();
      await act?.(page);
      for (const { colorScheme, width } of LOOKS) {
        const where = `${name}, ${colorScheme} at ${width} px`;
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: heightFor(width) });
        await untilStill(page, colorScheme);
        // In the page itself: there are no frames of others, and a blank page for each result would take as long as axe.
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
        for (const { id, impact, nodes } of violations) {
          if (impact !== 'serious' && impact !== 'critical') continue;
          found.push(`${where}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
        }
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${where}: ${overflow} px stick out`);
      }
    };
    await asStranger(platform, async ({ page }) => {
      for (const view of OUTSIDE) await look(page, view);
    });
    await asStranger(platform, async ({ page }) => {
      // What can be done with other people is shown only where there are some.
      const { url } = await platform.client.createInvitation(`${freshName('axe')}@example.com`, 'member');
      await takeInvitation(page, url, { name: 'Axel Axe', password: 'a password, long enough' });
    });
    await asPerson(platform, async ({ page }) => {
      for (const view of views()) await look(page, view);
    });
    assert.deepEqual(found, []);
  });
});

/** Dialogs fade in, colours change slowly: half-transparent text has no contrast. */
async function untilStill(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  const look = `document.documentElement.dataset.mantineColorScheme === '${colorScheme}' &&
    [...document.querySelectorAll('[role=dialog], [role=menu]')].every((open) => getComputedStyle(open).opacity === '1') &&
    document.getAnimations().every(({ playState, effect }) =>
      playState !== 'running' || effect.getComputedTiming().endTime === Infinity)`;
  await until('the page to stand still', 30_000, async () => await page.evaluate<boolean>(look), 50);
}
