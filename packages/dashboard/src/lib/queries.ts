// What is asked of the platform and under which key it is kept. Everything about stores is kept true by lib/live.ts, so it never
// goes stale by itself; what nothing tells of (figures, quota) is asked for again when somebody looks.
import { type ListStoresOptions, RefusedError, type StoreList, type StoreProgress } from '@souk/contract';
import {
  type InfiniteData,
  infiniteQueryOptions,
  MutationCache,
  QueryCache,
  QueryClient,
  queryOptions,
} from '@tanstack/react-query';
import { client } from './client.ts';
import { tellRefusal } from './tell.ts';

export type StoreFilter = Pick<ListStoresOptions, 'phase' | 'engine' | 'q' | 'sort'>;
export type StorePages = InfiniteData<StoreList, string | undefined>;
export type ProgressMap = Readonly<Record<string, StoreProgress>>;

const PAGE = 50;
const MINUTE_MS = 60_000;

function onRefusal(error: unknown): void {
  if (error instanceof RefusedError && error.code === 'unauthenticated') {
    void queryClient.invalidateQueries({ queryKey: ['session'] });
  }
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: onRefusal }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      onRefusal(error);
      // A form shows its refusal beside the field; everything else is told in a corner.
      if (mutation.meta?.isTold !== true) tellRefusal(error);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 5 * MINUTE_MS,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // The client has its own retries, and knows which errors are worth one.
      retry: false,
      // A browser that thinks itself offline still reaches a platform on the same machine.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always', retry: false },
  },
});

export const queries = {
  stores: (filter: StoreFilter) =>
    infiniteQueryOptions({
      queryKey: ['stores', filter] as const,
      queryFn: ({ pageParam, signal }) =>
        client.listStores({ ...filter, limit: PAGE, signal, ...(pageParam === undefined ? {} : { after: pageParam }) }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
    }),
  progress: () =>
    queryOptions({
      queryKey: ['progress'] as const,
      queryFn: async ({ signal }): Promise<ProgressMap> =>
        Object.fromEntries((await client.listProgress({ signal })).map((progress) => [progress.storeId, progress])),
    }),
  store: (id: string) =>
    queryOptions({ queryKey: ['store', id] as const, queryFn: ({ signal }) => client.getStore(id, { signal }) }),
  events: (id: string) =>
    queryOptions({
      queryKey: ['store', id, 'events'] as const,
      queryFn: async ({ signal }) => (await client.listStoreEvents(id, { limit: 500, signal })).items,
    }),
  pods: (id: string) =>
    queryOptions({
      queryKey: ['store', id, 'pods'] as const,
      queryFn: ({ signal }) => client.listStorePods(id, { signal }),
    }),
  jobs: (id: string) =>
    queryOptions({
      queryKey: ['store', id, 'jobs'] as const,
      queryFn: ({ signal }) => client.listStoreJobs(id, { signal }),
    }),
  usage: (id: string) =>
    queryOptions({
      queryKey: ['store', id, 'usage'] as const,
      queryFn: ({ signal }) => client.getStoreUsage(id, { signal }),
      staleTime: 10_000,
      // Figures, not facts: no event tells of them, so they are asked for while somebody looks.
      refetchInterval: 15_000,
    }),
  insights: () =>
    queryOptions({
      queryKey: ['insights'] as const,
      queryFn: ({ signal }) => client.getInsights({ signal }),
      staleTime: MINUTE_MS,
    }),
  engines: () =>
    queryOptions({
      queryKey: ['engines'] as const,
      queryFn: ({ signal }) => client.listEngines({ signal }),
      staleTime: 5 * MINUTE_MS,
    }),
  plans: () => queryOptions({ queryKey: ['plans'] as const, queryFn: ({ signal }) => client.listPlans({ signal }) }),
  stats: () => queryOptions({ queryKey: ['stats'] as const, queryFn: ({ signal }) => client.getStats({ signal }) }),
  health: () =>
    queryOptions({
      queryKey: ['health'] as const,
      queryFn: ({ signal }) => client.getHealth({ signal }),
      staleTime: 15_000,
      // Nothing tells of a node's health: asked for while somebody looks at it, and only then.
      refetchInterval: 20_000,
    }),
  nameCheck: (name: string) =>
    queryOptions({
      queryKey: ['name', name] as const,
      queryFn: ({ signal }) => client.checkName(name, { signal }),
      staleTime: 5_000,
      gcTime: 10_000,
    }),
};
