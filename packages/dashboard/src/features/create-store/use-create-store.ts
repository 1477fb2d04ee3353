// Sends the wish, and shows the store in the lists before the answer is there. The key is one for the whole dialog: a wish that is
// sent again after a lost answer makes no second store.
import type { CreateStore, Store } from '@souk/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { client } from '../../lib/client.ts';
import { isWanted, mapItems, placeInLists } from '../../lib/live.ts';
import { queries, type StoreFilter, type StorePages } from '../../lib/queries.ts';
import { tellDone } from '../../lib/tell.ts';

const PENDING = 'pending_store' as Store['id'];

export function useCreateStore(onCreated: () => void) {
  const cache = useQueryClient();
  const lastWish = useRef<{ text: string; key: string } | null>(null);

  const removePending = (): void => {
    for (const [key, pages] of cache.getQueriesData<StorePages>({ queryKey: ['stores'] })) {
      if (pages === undefined) continue;
      cache.setQueryData(
        key,
        mapItems(pages, (items) => items.filter(({ id }) => id !== PENDING)),
      );
    }
  };

  return useMutation({
    meta: { isTold: true },
    mutationFn: (wish: CreateStore) => {
      const text = JSON.stringify(wish);
      // Another wish under the same key would be refused.
      if (lastWish.current?.text !== text) lastWish.current = { text, key: crypto.randomUUID() };
      return client.createStore(wish, { idempotencyKey: lastWish.current.key });
    },
    onMutate: (wish) => {
      const store = pendingStore(wish);
      for (const [key, pages] of cache.getQueriesData<StorePages>({ queryKey: ['stores'] })) {
        if (pages === undefined || !isWanted(store, (key[1] ?? {}) as StoreFilter)) continue;
        cache.setQueryData(
          key,
          mapItems(pages, (items, page) => (page === 0 ? [store, ...items] : items)),
        );
      }
    },
    onError: removePending,
    onSuccess: ({ store }) => {
      removePending();
      cache.setQueryData(queries.store(store.id).queryKey, store);
      placeInLists(store, true);
      void cache.invalidateQueries({ queryKey: ['stats'] });
      tellDone(`${store.name} is on its way`);
      onCreated();
    },
  });
}

function pendingStore(wish: CreateStore): Store {
  const url = `${location.protocol}//${wish.name}.${location.host}`;
  return {
    id: PENDING,
    name: wish.name,
    engine: wish.engine,
    engineVersion: '',
    plan: wish.plan ?? 'standard',
    phase: 'requested',
    health: 'unknown',
    storefrontUrl: url,
    adminUrl: url,
    error: null,
    createdAt: new Date().toISOString(),
    readyAt: null,
    generation: 1,
    observedGeneration: 0,
  };
}
