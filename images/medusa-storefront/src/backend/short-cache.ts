// Keeps answers that are the same for every shopper for a few seconds, in memory only. Concurrent misses share one load,
// failures are never kept, and the oldest entry leaves first, so that the cache cannot grow with what shoppers type.

export interface ShortCache {
  get<Value>(key: string, load: () => Promise<Value>): Promise<Value>;
}

interface Entry {
  value: Promise<unknown>;
  loadedAtMs: number;
}

export interface ShortCacheOptions {
  lifetimeMs: number;
  maxEntries: number;
  now?: () => number;
}

export function createShortCache({ lifetimeMs, maxEntries, now = Date.now }: ShortCacheOptions): ShortCache {
  const entries = new Map<string, Entry>();
  return {
    get<Value>(key: string, load: () => Promise<Value>): Promise<Value> {
      const known = entries.get(key);
      if (known !== undefined && now() - known.loadedAtMs < lifetimeMs) return known.value as Promise<Value>;
      const value = load();
      const entry: Entry = { value, loadedAtMs: now() };
      // Deleting first moves the key to the end: the map's order stays the order of age.
      entries.delete(key);
      entries.set(key, entry);
      value.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries) break;
        entries.delete(oldest);
      }
      return value;
    },
  };
}

/** For the catalogue: a changed price or title is seen within these five seconds. Never for carts, stock at checkout, or orders. */
export const catalogueCache = createShortCache({ lifetimeMs: 5_000, maxEntries: 60 });
