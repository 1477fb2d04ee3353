// Every page and dialog, in both colour schemes, looked at by axe; and at 360 px, whether anything sticks out.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Store } from '@souk/contract';
import type { Page } from 'playwright-core';
import { whyNoBrowser } from '../browser.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { makeStore, removeStore } from '../stores.ts';
import { asPerson, asStranger } from './person.ts';

interface View {
  readonly name: string;
  readonly path: string;
  readonly shows: string | RegExp;
  readonly act?: (page: Page) => Promise<void>;
}

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

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 360],
  ] as const) {
    it(`has no serious finding by axe and fits, ${colorScheme} at ${width} px`, async () => {
      const found: string[] = [];
      const look = async (page: Page, { name, path, shows, act }: View): Promise<void> => {
        await page.goto(path);
        await page.getByText(shows).first().waitFor();
        await act?.(page);
        // Dialogs fade in; half-transparent text has no contrast.
        await page.waitForTimeout(300);
        const { violations } = await new AxeBuilder({ page }).analyze();
        for (const { id, impact, nodes } of violations) {
          if (impact !== 'serious' && impact !== 'critical') continue;
          found.push(`${name}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
        }
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${name}: ${overflow} px stick out at ${width} px`);
      };
      await asStranger(
        platform,
        async ({ page }) => {
          for (const view of OUTSIDE) await look(page, view);
        },
        { colorScheme, width },
      );
      await asPerson(
        platform,
        async ({ page }) => {
          for (const view of views()) await look(page, view);
        },
        { colorScheme, width },
      );
      assert.deepEqual(found, []);
    });
  }
});
