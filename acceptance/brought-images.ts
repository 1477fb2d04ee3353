// Images that engines of the tests ask for and nobody has built: a test brings one into the node, under the name of another.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Platform } from './platform.ts';

const run = promisify(execFile);
const LATE_IMAGE = '127.0.0.1:1/late-shop-never-pulled:1';
const HASTY_IMAGE = '127.0.0.1:1/hasty-shop-never-pulled:1';

/** Its stores fail until its image is brought. */
export const LATE_ENGINE = 'late-shop';
/** Its stores have a Deployment too, and half a minute to get ready. */
export const HASTY_ENGINE = 'hasty-shop';

export async function bringLateImage(platform: Platform): Promise<void> {
  await bring(platform, 'test-shop', LATE_IMAGE);
}

/** Also when it is not there. */
export async function removeLateImage(platform: Platform): Promise<void> {
  await images(platform, 'rm', LATE_IMAGE).catch(() => undefined);
}

/** The right one is the test shop's; any other starts and never sells. */
export async function bringHastyImage(platform: Platform, built: string): Promise<void> {
  await bring(platform, built, HASTY_IMAGE);
}

async function bring(platform: Platform, built: string, name: string): Promise<void> {
  const all = JSON.parse(readFileSync(path.join(platform.home, 'images.json'), 'utf8')) as Record<string, string>;
  await images(platform, 'tag', '--force', all[built] ?? '', name);
}

/** The node's image store. */
async function images({ facts }: Platform, ...args: string[]): Promise<void> {
  const socket = `/run/${facts.netns}/containerd.sock`;
  await run(path.join(facts.programsDir, 'ctr'), ['--address', socket, '--namespace', 'k8s.io', 'images', ...args]);
}
