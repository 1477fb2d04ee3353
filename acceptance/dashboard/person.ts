// A person at the dashboard: a profile of their own in the one browser of a file of tests, signed in, that notices a reload and what
// the browser complains about.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
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

type Session = Awaited<ReturnType<BrowserContext['storageState']>>;

let browser: Promise<Browser> | undefined;
let session: Session | undefined;
after(async () => await (await browser)?.close());

/** Signed in as the platform's first administrator, on the list of stores: by a link the first time, then with that session. */
export async function asPerson(
  platform: Platform,
  act: (person: Person) => Promise<void>,
  options: PersonOptions = {},
): Promise<void> {
  await asSomebody(
    platform,
    async (person) => {
      await person.page.goto(session === undefined ? await makeLink(platform) : '/stores');
      await person.page.getByRole('heading', { name: 'Stores', level: 1 }).waitFor();
      session ??= await person.context.storageState();
      await act(person);
    },
    options,
    session,
  );
}

/** Signed in as nobody yet. */
export async function asStranger(
  platform: Platform,
  act: (person: Person) => Promise<void>,
  options: PersonOptions = {},
): Promise<void> {
  await asSomebody(platform, act, options);
}

/** Screenshots of a failure go to a folder that is named in the error. */
async function asSomebody(
  platform: Platform,
  act: (person: Person) => Promise<void>,
  { width = 1280, colorScheme = 'light' }: PersonOptions,
  storageState?: Session,
): Promise<void> {
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const context = await (await browser).newContext({
    viewport: { width, height: heightFor(width) },
    baseURL: platform.facts.edgeUrl,
    locale: 'en-GB',
    colorScheme,
    permissions: ['clipboard-read', 'clipboard-write'],
    ...(storageState !== undefined && { storageState }),
  });
  try {
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
    await context.close();
  }
}

export const heightFor = (width: number): number => (width < 600 ? 740 : 900);

/** The one-time link of `souk login`, as a path. */
/** The path of a new one-time link. */
export async function makeLink(platform: Platform): Promise<string> {
  const link = (await platform.souk('login')).trim().split('\n').at(-1) ?? '';
  const { pathname, hash } = new URL(link);
  return `${pathname}${hash}`;
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
