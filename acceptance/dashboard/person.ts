// A person at the dashboard: a browser of their own, signed in, that notices a reload and what the browser complains about.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Platform } from '../platform.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const STEP_WITHIN_MS = 30_000;

export interface PersonOptions {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, answers of 500 and more, refusals of the page's security policy. */
  readonly complaints: readonly string[];
  /** How often the page was loaded as a whole: 1 is no reload. */
  readonly countLoads: () => number;
}

/** Signed in as the platform's first administrator, on the list of stores. */
export async function asPerson(
  platform: Platform,
  act: (person: Person) => Promise<void>,
  options: PersonOptions = {},
): Promise<void> {
  await asStranger(
    platform,
    async (person) => {
      await signIn(platform, person.page);
      await act(person);
    },
    options,
  );
}

/** Signed in as nobody yet. Screenshots of a failure go to a folder that is named in the error. */
export async function asStranger(
  platform: Platform,
  act: (person: Person) => Promise<void>,
  { width = 1280, colorScheme = 'light' }: PersonOptions = {},
): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const context = await browser.newContext({
      viewport: { width, height: width < 600 ? 740 : 900 },
      baseURL: platform.facts.edgeUrl,
      locale: 'en-GB',
      colorScheme,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_WITHIN_MS);
    const complaints: string[] = [];
    let loads = 0;
    page.on('domcontentloaded', () => {
      loads += 1;
    });
    page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
    });
    page.on('response', (response) => {
      if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`);
    });
    try {
      await act({ page, context, complaints, countLoads: () => loads });
    } catch (error) {
      const file = path.join(mkdtempSync(path.join(tmpdir(), 'souk-dashboard-')), 'failure.png');
      await page.screenshot({ path: file }).catch(() => undefined);
      throw new Error(`at ${page.url()} (screenshot: ${file}; complaints: ${complaints.join('; ') || 'none'})`, {
        cause: error,
      });
    }
    assert.deepEqual(complaints, [], 'the browser complained');
  } finally {
    await browser.close();
  }
}

/** By the one-time link of `souk login`. */
async function signIn(platform: Platform, page: Page): Promise<void> {
  const link = (await platform.souk('login')).trim().split('\n').at(-1) ?? '';
  const { pathname, hash } = new URL(link);
  await page.goto(`${pathname}${hash}`);
  await page.getByRole('heading', { name: 'Stores', level: 1 }).waitFor();
}

export async function signInWithPassword(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Stores', level: 1 }).waitFor();
}

/** By somebody who has no account yet. */
export async function takeInvitation(page: Page, link: string, who: { name: string; password: string }): Promise<void> {
  const { pathname, hash } = new URL(link);
  await page.goto(`${pathname}${hash}`);
  await page.getByLabel('Your name').fill(who.name);
  await page.getByLabel('Password', { exact: true }).fill(who.password);
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.getByRole('heading', { name: 'Stores', level: 1 }).waitFor();
}
