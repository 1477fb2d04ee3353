// Keeps the query cache true by the platform's event stream: one connection a tab, no polling. Promises: what a list or a store page
// shows follows within a second; many events at once cost one update a frame and few requests; after a cut the stream goes on from
// the last event, and when that is no longer kept everything is asked for anew.
import { type Event, isRefusal, type Store } from '@souk/contract';
import { client } from './client.ts';
import { connection } from './connection-state.ts';
import { type ProgressMap, queries, queryClient, type StoreFilter, type StorePages } from './queries.ts';

// Above this many stores at once, lists are asked for anew instead of store by store.
const MANY = 20;
const GATHER_MS = 80;

const TOUCHES_ONLY_PROGRESS: ReadonlySet<Event['type']> = new Set([
  'store.step_started',
  'store.step_completed',
  'store.step_failed',
  'store.worker_lost',
  'store.credentials_revealed',
  'store.diagnosis_recorded',
]);

/** Runs until the signal is aborted. */
export async function followPlatform(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const takenAt = Date.now();
      const { cursor } = await client.listStores({ limit: 1, signal });
      // What was asked for before the cursor was taken may miss what happened in between.
      await queryClient.invalidateQueries({
        predicate: ({ state, queryKey }) => isLive(queryKey) && state.dataUpdatedAt < takenAt,
      });
      await followFrom(cursor, signal);
    } catch (error) {
      if (signal.aborted || isRefusal(error, 'unauthenticated')) return;
      connection.set('away');
      if (!isRefusal(error, 'cursor_expired')) await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
}

const isLive = ([head]: readonly unknown[]): boolean => head === 'stores' || head === 'store' || head === 'progress';

async function followFrom(cursor: string, signal: AbortSignal): Promise<void> {
  let waiting: Event[] = [];
  const observed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    const events = waiting;
    waiting = [];
    const seen = [...observed];
    observed.clear();
    applyEvents(events);
    refreshObserved(seen);
  };
  const gather = (): void => {
    timer ??= setTimeout(flush, GATHER_MS);
  };
  const events = client.streamEvents({
    after: cursor,
    signal,
    onConnection: (isConnected) => {
      if (isConnected && connection.get() === 'away') refreshWhatNothingTells();
      connection.set(isConnected ? 'live' : 'away');
    },
    onObserved: (storeId) => {
      observed.add(storeId);
      gather();
    },
  });
  try {
    for await (const event of events) {
      waiting.push(event);
      gather();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Health, pods and figures are told of only while connected. */
function refreshWhatNothingTells(): void {
  void queryClient.invalidateQueries({
    predicate: ({ queryKey: [head, , part] }) =>
      head === 'stores' || head === 'stats' || head === 'health' || (head === 'store' && part !== 'events'),
  });
}

function applyEvents(events: readonly Event[]): void {
  const changed = new Set<string>();
  const appeared = new Set<string>();
  for (const event of events) {
    if (event.storeId === null) continue;
    if (event.type === 'store.requested') appeared.add(event.storeId);
    else if (!TOUCHES_ONLY_PROGRESS.has(event.type)) changed.add(event.storeId);
    appendToTimeline(event.storeId, event);
  }
  updateProgress(events);
  if (changed.size + appeared.size > 0) void queryClient.invalidateQueries({ queryKey: ['stats'] });
  for (const id of new Set(events.map(({ storeId }) => storeId))) {
    if (id !== null) void queryClient.invalidateQueries({ queryKey: ['store', id, 'jobs'] });
  }
  if (changed.size + appeared.size > MANY) {
    void queryClient.invalidateQueries({ queryKey: ['stores'] });
    for (const id of changed) void queryClient.invalidateQueries({ queryKey: ['store', id], exact: true });
    return;
  }
  for (const id of new Set([...changed, ...appeared])) void refreshStore(id, appeared.has(id));
}

function refreshObserved(storeIds: readonly string[]): void {
  if (storeIds.length > MANY) {
    void queryClient.invalidateQueries({ queryKey: ['stores'] });
    return;
  }
  for (const id of storeIds) {
    void queryClient.invalidateQueries({ queryKey: ['store', id, 'pods'] });
    void queryClient.invalidateQueries({ queryKey: ['store', id, 'usage'] });
    if (isShown(id)) void refreshStore(id, false);
  }
}

/** Whether any list or page holds the store. */
function isShown(id: string): boolean {
  if (queryClient.getQueryData(queries.store(id).queryKey) !== undefined) return true;
  return queryClient
    .getQueriesData<StorePages>({ queryKey: ['stores'] })
    .some(([, pages]) => pages?.pages.some(({ items }) => items.some((store) => store.id === id)));
}

async function refreshStore(id: string, isNew: boolean): Promise<void> {
  try {
    const store = await client.getStore(id);
    queryClient.setQueryData(queries.store(id).queryKey, store);
    placeInLists(store, isNew);
  } catch (error) {
    if (!isRefusal(error, 'store_not_found')) void queryClient.invalidateQueries({ queryKey: ['stores'] });
  }
}

/** Puts a store where each list that is shown would have it; a list whose order cannot tell is asked for anew. */
export function placeInLists(store: Store, isNew: boolean): void {
  for (const [key, pages] of queryClient.getQueriesData<StorePages>({ queryKey: ['stores'] })) {
    if (pages === undefined) continue;
    const filter = (key[1] ?? {}) as StoreFilter;
    const isThere = pages.pages.some(({ items }) => items.some(({ id }) => id === store.id));
    const belongs = isWanted(store, filter);
    if (isThere) {
      const next = mapItems(pages, (items) =>
        belongs
          ? items.map((item) => (item.id === store.id ? store : item))
          : items.filter(({ id }) => id !== store.id),
      );
      queryClient.setQueryData(key, next);
    } else if (belongs && isNew && (filter.sort ?? 'newest') === 'newest') {
      queryClient.setQueryData(
        key,
        mapItems(pages, (items, page) => (page === 0 ? [store, ...items] : items)),
      );
    } else if (belongs) {
      void queryClient.invalidateQueries({ queryKey: key });
    }
  }
}

export function isWanted(store: Store, { phase, engine, q }: StoreFilter): boolean {
  return (
    (phase === undefined ? store.phase !== 'deleted' : store.phase === phase) &&
    (engine === undefined || store.engine === engine) &&
    (q === undefined || store.name.includes(q.toLowerCase()))
  );
}

export function mapItems(pages: StorePages, map: (items: Store[], page: number) => Store[]): StorePages {
  return { ...pages, pages: pages.pages.map((page, index) => ({ ...page, items: map(page.items, index) })) };
}

function appendToTimeline(storeId: string, event: Event): void {
  queryClient.setQueryData(queries.events(storeId).queryKey, (events) =>
    events === undefined || events.some(({ id }) => id === event.id) ? events : [...events, event],
  );
}

function updateProgress(events: readonly Event[]): void {
  queryClient.setQueryData(queries.progress().queryKey, (before): ProgressMap | undefined => {
    if (before === undefined) return before;
    const after = { ...before };
    for (const { storeId, type, step, at } of events) {
      if (storeId === null) continue;
      if (type === 'store.step_started' && step !== null) {
        after[storeId] = { storeId: storeId as Store['id'], step, startedAt: at };
      } else if (type === 'store.ready' || type === 'store.provisioning_failed' || type === 'store.deleted') {
        delete after[storeId];
      }
    }
    return after;
  });
}
