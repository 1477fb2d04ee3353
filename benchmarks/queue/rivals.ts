// The libraries that the queue is measured against, from a folder of their own that is filled when they are first wanted.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('rivals', import.meta.url));

export async function installRivals(): Promise<void> {
  if (!existsSync(`${FOLDER}/node_modules`)) {
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: FOLDER });
  }
}

/** Without types: they are of interest to this benchmark alone. */
// biome-ignore lint/suspicious/noExplicitAny: the rivals' types are not installed where this is checked.
export async function importRival(name: 'pg-boss' | 'graphile-worker'): Promise<any> {
  const path = createRequire(`${FOLDER}/package.json`).resolve(name);
  return await import(pathToFileURL(path).href);
}
