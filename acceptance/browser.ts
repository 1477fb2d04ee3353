// Debian's Chromium, driven for a person who looks at a shop on a machine without a way to the internet.
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
// Nothing here may wait for a server of the browser's maker.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const STEP_WITHIN_MS = 60_000;

/** Why no browser can be driven here, or false. */
export function whyNoBrowser(): string | false {
  return existsSync(CHROMIUM) ? false : `there is no browser at ${CHROMIUM} (Debian: apt-get install chromium)`;
}

export interface Visit {
  readonly page: Page;
  /** What the browser complained about: errors of scripts and answers of 500 and more. */
  readonly complaints: readonly string[];
  readonly shoot: (name: string) => Promise<void>;
}

/** One person with a browser of their own. Screenshots go to a folder that is printed when something fails. */
export async function visit(who: string, act: (visit: Visit) => Promise<void>): Promise<void> {
  const folder = process.env.SOUK_SCREENSHOTS ?? mkdtempSync(path.join(tmpdir(), 'souk-screenshots-'));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  let context: BrowserContext | null = null;
  const complaints: string[] = [];
  try {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_WITHIN_MS);
    page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`);
    });
    const shoot = async (name: string): Promise<void> => {
      await page.screenshot({ path: path.join(folder, `${who}-${name}.png`), fullPage: false });
    };
    try {
      await act({ page, complaints, shoot });
    } catch (error) {
      await shoot('failure').catch(() => undefined);
      throw new Error(
        `${who} at ${page.url()} (screenshots: ${folder}; complaints: ${complaints.join('; ') || 'none'})`,
        {
          cause: error,
        },
      );
    }
  } finally {
    await context?.close();
    await browser.close();
  }
}
