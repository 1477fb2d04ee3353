// A store's shop as its owner has it: the public address and the revealed credentials. The walk of a shopper is the engine's own;
// the engines' folder is the one part of the server that acceptance tests may import (docs/decisions/0011).
import { fileURLToPath } from 'node:url';
import type { Engine as ListedEngine, Store } from '@souk/contract';
import type { Engine, ShopClient } from '@souk/server/engines/engine.ts';
import { loadEngines } from '@souk/server/engines/registry.ts';
import { connectAsOwner } from '@souk/server/engines/shop-transport.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';

const ENGINES_OF_TESTS = [fileURLToPath(new URL('../test-engine', import.meta.url))];
// Their stores fail unless a test brings the image in.
const NOT_SHOPS = ['late-shop', 'hasty-shop'];
const ANSWER_WITHIN_MS = 30_000;

export async function loadEngine(name: string): Promise<Engine> {
  const engine = (await loadEngines({ extraFolders: ENGINES_OF_TESTS, images: {} })).get(name)?.engine;
  if (engine === undefined) throw new Error(`there is no folder of an engine "${name}"`);
  return engine;
}

export async function openShop(platform: Platform, store: Store): Promise<ShopClient> {
  const connectTo = new URL(platform.facts.edgeUrl);
  const publicUrl = new URL(store.storefrontUrl);
  const credentials = await platform.client.revealCredentials(store.id);
  const limits = { signal: new AbortController().signal, timeoutMs: ANSWER_WITHIN_MS };
  return connectAsOwner({ connectTo, publicUrl, ...limits }, credentials);
}

/** Why no store of it can be made, in the few words of a test's report; false when one can. */
export function whyUnavailable(engine: ListedEngine | undefined, title: string): string | false {
  if (engine === undefined) return `this platform has no engine ${title}`;
  if (engine.available) return false;
  return /download|sha256|archive/.test(engine.reason ?? '') ? `no ${title} archive` : `${title}: ${engine.reason}`;
}

/** Every engine of the platform under test that is meant to sell, with why it cannot be tried; one that tells why there is no platform. */
export async function listShops(): Promise<{ name: string; title: string; skip: string | false }[]> {
  const noPlatform = whyNoPlatform();
  if (noPlatform !== false) return [{ name: 'any', title: 'any', skip: noPlatform }];
  const platform = connectToPlatform();
  try {
    const engines = await platform.client.listEngines();
    return engines
      .filter(({ name }) => !NOT_SHOPS.includes(name))
      .map((engine) => ({ name: engine.name, title: engine.title, skip: whyUnavailable(engine, engine.title) }));
  } finally {
    platform.close();
  }
}
