// What a release was made from, as one short label: the chart's files, the values, and the store's generation. Equal fingerprints
// mean that installing again would change nothing. The generation is part of it so that asking for a retry always installs again.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type StoreScope, storeHosts } from './store-scope.ts';

/** What this platform would install now. By name, because the settings hold more than an engine may see: the platform's key is among them. */
export function releaseValues(
  scope: Pick<StoreScope, 'engine' | 'store' | 'settings' | 'namespace'>,
): Record<string, unknown> {
  const { engine, store, settings } = scope;
  const { baseDomain, publicScheme, ingressClass, clusterIssuer, storageClass, hasUserNamespaces, images } = settings;
  return engine.values({
    storeId: store.id,
    tenantId: store.tenantId,
    plan: store.plan,
    hosts: storeHosts(scope),
    baseDomain,
    publicScheme,
    ingressClass,
    clusterIssuer,
    storageClass,
    hasUserNamespaces,
    images,
  });
}

/** The same for every store and generation of one chart with the same values: tells whether installing would be an upgrade. */
export async function currentFingerprint(
  scope: Pick<StoreScope, 'engine' | 'store' | 'settings' | 'namespace'>,
): Promise<string> {
  return await releaseFingerprint(scope.engine.chartPath, releaseValues(scope), 0);
}

// A chart does not change under a running process: it is shipped with it.
const chartDigests = new Map<string, Promise<string>>();

export async function releaseFingerprint(
  chartPath: string,
  values: Readonly<Record<string, unknown>>,
  generation: number,
): Promise<string> {
  const chart = chartDigests.get(chartPath) ?? digestFolder(chartPath);
  chartDigests.set(chartPath, chart);
  const text = JSON.stringify([await chart, values, generation]);
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

async function digestFolder(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const path of paths.sort()) {
    hash
      .update(`${relative(folder, path)}\0`)
      .update(await readFile(path))
      .update('\0');
  }
  return hash.digest('hex');
}
