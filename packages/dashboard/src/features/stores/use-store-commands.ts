// What can be asked of a store that exists. The answer is put into every list and page at once; the event stream follows.
import type { Store, StoreAndJob } from '@souk/contract';
import { useMutation } from '@tanstack/react-query';
import { client } from '../../lib/client.ts';
import { placeInLists } from '../../lib/live.ts';
import { queries, queryClient } from '../../lib/queries.ts';
import { tellDone } from '../../lib/tell.ts';

function takeOver({ store }: StoreAndJob): void {
  queryClient.setQueryData(queries.store(store.id).queryKey, store);
  placeInLists(store, false);
}

export function useRetryStore(store: Pick<Store, 'id' | 'name'>) {
  return useMutation({
    mutationFn: () => client.retryStore(store.id),
    onSuccess: (answer) => {
      takeOver(answer);
      tellDone(`${store.name} is being tried again`);
    },
  });
}

export function useDeleteStore(store: Pick<Store, 'id' | 'name'>) {
  return useMutation({
    meta: { isTold: true },
    mutationFn: () => client.deleteStore(store.id),
    onSuccess: (answer) => {
      takeOver(answer);
      tellDone(`${store.name} is being deleted`);
    },
  });
}
