// Regions decide currency, countries and taxes. A new shopper starts in the store's default one; a choice is kept in a cookie.
import { requestBackend } from './request-backend.ts';
import type { Region } from './shapes.ts';
import { catalogueCache } from './short-cache.ts';
import { readStore } from './store.ts';

export function listRegions(): Promise<Region[]> {
  return catalogueCache.get('regions', async () => {
    const { regions } = await requestBackend<{ regions: Region[] }>('/store/regions', {
      query: { fields: 'id,name,currency_code,*countries', order: 'created_at', limit: 50 },
    });
    return regions;
  });
}

/** Falls back to the store's default, then to the first region, so that a stale cookie never breaks the shop. */
export async function findRegion(regionId: string | undefined): Promise<Region> {
  const [regions, { defaultRegionId }] = await Promise.all([listRegions(), readStore()]);
  const find = (wanted: string | null | undefined) => regions.find(({ id }) => id === wanted);
  const region = find(regionId) ?? find(defaultRegionId) ?? regions[0];
  if (region === undefined) throw new Error('The store has no region: add one in the admin dashboard.');
  return region;
}
