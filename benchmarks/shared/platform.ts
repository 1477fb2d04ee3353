// The running platform that a benchmark measures: its facts and a client of its API.
import { readFile } from 'node:fs/promises';
import { createClient, type SoukClient } from '@souk/contract';
import { type PlatformFacts, platformPaths, readPlatformFacts } from '@souk/local';

export interface MeasuredPlatform {
  readonly facts: PlatformFacts;
  readonly client: SoukClient;
  readonly images: Readonly<Record<string, string>>;
}

export async function openPlatform(): Promise<MeasuredPlatform> {
  const paths = platformPaths();
  const facts = await readPlatformFacts(paths);
  if (facts === null) {
    throw new Error(`no platform is up in ${paths.home}: run ./souk up first, or set SOUK_HOME`);
  }
  const token = (await readFile(facts.tokenFile, 'utf8')).trim();
  const images = JSON.parse(await readFile(paths.images, 'utf8')) as Record<string, string>;
  return { facts, client: createClient({ url: facts.apiUrl, token }), images };
}
