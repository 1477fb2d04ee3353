// Stores of the late engine fail until its image is brought into the node.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Platform } from './platform.ts';

const run = promisify(execFile);
const LATE_IMAGE = '127.0.0.1:1/late-shop-never-pulled:1';
export const LATE_ENGINE = 'late-shop';

export async function bringLateImage(platform: Platform): Promise<void> {
  const built = JSON.parse(readFileSync(path.join(platform.home, 'images.json'), 'utf8')) as Record<string, string>;
  await images(platform, 'tag', '--force', built['test-shop'] ?? '', LATE_IMAGE);
}

/** Also when it is not there. */
export async function removeLateImage(platform: Platform): Promise<void> {
  await images(platform, 'rm', LATE_IMAGE).catch(() => undefined);
}

/** The node's image store. */
async function images({ facts }: Platform, ...args: string[]): Promise<void> {
  const socket = `/run/${facts.netns}/containerd.sock`;
  await run(path.join(facts.programsDir, 'ctr'), ['--address', socket, '--namespace', 'k8s.io', 'images', ...args]);
}
