// The store itself: its name and where a new shopper starts. Medusa's store API tells neither, so the backend image adds the
// small route asked for here.
import { BackendRefusal, requestBackend } from './request-backend.ts';
import { catalogueCache } from './short-cache.ts';

export interface Store {
  name: string;
  defaultRegionId: string | null;
}

const NEUTRAL_NAME = 'Shop';

/** Never fails because of a backend without that route: such a shop goes by a neutral name. */
export function readStore(): Promise<Store> {
  return catalogueCache.get('store', async () => {
    try {
      const store = await requestBackend<{ name?: string | null; default_region_id?: string | null }>('/store/souk');
      return { name: store.name?.trim() || NEUTRAL_NAME, defaultRegionId: store.default_region_id ?? null };
    } catch (error) {
      if (error instanceof BackendRefusal) return { name: NEUTRAL_NAME, defaultRegionId: null };
      throw error;
    }
  });
}
