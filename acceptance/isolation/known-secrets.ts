// The secrets of a platform and of a store, read where they lawfully are, so that they can be looked for everywhere else.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Platform } from '../platform.ts';
import { callAs } from './cluster-identity.ts';
import type { Canary } from './search.ts';

// What everybody may know of a store, and the hash, which its database is made for.
const NOT_SECRET: ReadonlySet<string> = new Set([
  'username',
  'adminEmail',
  'title',
  'publishableKey',
  'adminPasswordHash',
]);
// Shorter ones would be found in any text by chance.
const SHORTEST = 12;

export async function readPlatformSecrets({ home }: Platform): Promise<Canary[]> {
  const folder = path.join(home, 'secrets');
  const canaries: Canary[] = [];
  for (const name of await readdir(folder)) {
    const value = (await readFile(path.join(folder, name), 'utf8')).trim();
    // The URL is looked for by the password in it.
    if (!value.includes('://')) canaries.push({ what: `the platform's ${name}`, value });
  }
  assert.ok(canaries.length >= 4 && canaries.every(({ value }) => value.length >= SHORTEST));
  return canaries;
}

export async function readStoreSecrets(platform: Platform, namespace: string): Promise<Canary[]> {
  const asked = ['-n', namespace, 'get', 'secrets', '-l', 'souk.dev/store', '-o', 'json'];
  const { items } = JSON.parse((await callAs(platform, 'admin', asked)).stdout) as {
    items: { metadata: { name: string }; data: Record<string, string> }[];
  };
  return items.flatMap(({ metadata, data }) =>
    Object.entries(data)
      .filter(([key]) => !NOT_SECRET.has(key))
      .map(([key, value]) => ({
        what: `${key} in ${namespace}/${metadata.name}`,
        value: Buffer.from(value, 'base64').toString(),
      }))
      .filter(({ value }) => value.length >= SHORTEST),
  );
}
