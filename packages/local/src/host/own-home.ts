// Whether SOUK_HOME is a folder that may be swept and removed. A mistyped variable must never cost anybody a folder of their own.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { PlatformError } from '../platform-error.ts';
import type { PlatformPaths } from '../platform-paths.ts';

// What a platform makes first; a home that was given up half made holds nothing else.
const FIRST_FOLDERS: readonly string[] = ['secrets', 'pki', 'logs', 'run', 'config', 'network.json', 'images.json'];

/** Passes for a folder that is not there, that is empty, or that an earlier platform made; refuses every other. */
export async function assertOwnHome({ home }: Pick<PlatformPaths, 'home'>): Promise<void> {
  const remedy = 'set SOUK_HOME to a folder of its own, such as /var/lib/souk, or to one that does not exist yet';
  if (home.split(path.sep).filter((part) => part !== '').length < 2) {
    throw new PlatformError(`SOUK_HOME (${home}) is too near the root of the file system`, { remedy });
  }
  const found: readonly string[] = await readdir(home).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[];
    throw new PlatformError(`SOUK_HOME (${home}) cannot be read: ${error.message}`, { remedy, cause: error });
  });
  const isPlatform = found.includes('secrets') && found.includes('logs');
  if (!isPlatform && !found.every((name) => FIRST_FOLDERS.includes(name))) {
    throw new PlatformError(`SOUK_HOME (${home}) holds things that are not Souk's; nothing was touched`, { remedy });
  }
}
