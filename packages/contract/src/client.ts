// The typed client of the platform, for CLI, dashboard and tests: one function a route, answers checked against the contract.
// Built on fetch alone, so it runs in a browser as it does in Node.
import type { z } from 'zod';
import { accountCalls } from './account-calls.ts';
import { UnexpectedAnswerError, UnreachableError } from './client-errors.ts';
import { type Event, type EventList, eventListSchema } from './event.ts';
import { type StreamOptions, streamEvents } from './event-stream.ts';
import { type Connection, type Exchange, exchange, exchangeText, parseJson } from './http-exchange.ts';
import { type Job, jobListSchema } from './job.ts';
import {
  type Engine,
  engineListSchema,
  type Insights,
  insightsSchema,
  type Plan,
  type PlatformHealth,
  planListSchema,
  platformHealthSchema,
  type Stats,
  type StoreAndJob,
  statsSchema,
  storeAndJobSchema,
} from './platform.ts';
import { readLines } from './sse.ts';
import {
  type CreateStore,
  type Credentials,
  credentialsSchema,
  type NameCheck,
  nameCheckSchema,
  type Phase,
  type Pod,
  podListSchema,
  type Store,
  type StoreList,
  type StoreProgress,
  type StoreSort,
  type StoreUsage,
  storeListSchema,
  storeProgressListSchema,
  storeSchema,
  storeUsageSchema,
} from './store.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}
export interface ListStoresOptions extends CallOptions {
  readonly limit?: number;
  readonly after?: string;
  readonly sort?: StoreSort;
  readonly phase?: Phase;
  readonly engine?: string;
  readonly q?: string;
}
export interface LogOptions extends CallOptions {
  readonly pod: string;
  readonly container?: string;
  readonly tail?: number;
  readonly follow?: boolean;
}

export type SoukClient = ReturnType<typeof createClient>;

export function createClient(connection: Connection) {
  const at = (id: string, rest = ''): string => `/api/v1/stores/${encodeURIComponent(id)}${rest}`;

  async function call<T>(schema: z.ZodType<T>, request: Exchange): Promise<T> {
    const answer = schema.safeParse(parseJson(await exchangeText(connection, request)));
    if (answer.success) return answer.data;
    throw new UnexpectedAnswerError(
      `${request.method} ${request.path} answered something unexpected; client and platform may differ in version`,
      { cause: answer.error },
    );
  }

  async function get<T>(
    schema: z.ZodType<T>,
    path: string,
    signal: AbortSignal | undefined,
    query: NonNullable<Exchange['query']> = {},
  ): Promise<T> {
    return await call(schema, { method: 'GET', path, query, signal, isRepeatable: true });
  }

  const accounts = accountCalls({
    get: async (schema, path, { signal, query } = {}) => await get(schema, path, signal, query),
    send: async (schema, method, path, body, { signal } = {}) =>
      await call(schema, { method, path, body, signal, isRepeatable: false }),
    sendOnly: async (method, path, body, { signal } = {}) => {
      await (await exchange(connection, { method, path, body, signal, isRepeatable: false })).body?.cancel();
    },
    read: async (path, query, { signal } = {}) =>
      await exchange(connection, {
        method: 'GET',
        path,
        ...(query && { query }),
        headers: { accept: '*/*' },
        signal,
        isRepeatable: true,
      }),
  });

  // A command is sent once: after a lost answer nobody knows whether it was obeyed, and the second answer would mislead.
  async function command<T>(schema: z.ZodType<T>, method: 'POST' | 'DELETE', path: string, options: CallOptions = {}) {
    return await call(schema, { method, path, signal: options.signal, isRepeatable: false });
  }

  const client = {
    ...accounts,
    /** The idempotency key makes a repeated create give the same store, so a lost answer is simply asked for again. */
    async createStore(
      store: CreateStore,
      { idempotencyKey = crypto.randomUUID(), signal }: CallOptions & { readonly idempotencyKey?: string } = {},
    ): Promise<StoreAndJob> {
      const headers = { 'idempotency-key': idempotencyKey };
      const path = '/api/v1/stores';
      return await call(storeAndJobSchema, { method: 'POST', path, headers, body: store, signal, isRepeatable: true });
    },
    listStores: async ({ signal, ...query }: ListStoresOptions = {}): Promise<StoreList> =>
      await get(storeListSchema, '/api/v1/stores', signal, query),
    /** The step that each store under way is in. */
    listProgress: async ({ signal }: CallOptions = {}): Promise<StoreProgress[]> =>
      (await get(storeProgressListSchema, '/api/v1/progress', signal)).items,
    checkName: async (name: string, { signal }: CallOptions = {}): Promise<NameCheck> =>
      await get(nameCheckSchema, '/api/v1/names', signal, { name }),
    getStore: async (id: string, { signal }: CallOptions = {}): Promise<Store> =>
      await get(storeSchema, at(id), signal),
    /** A lost answer is looked up: a store that is being deleted after we asked for it is what we asked for. */
    async deleteStore(id: string, options: CallOptions = {}): Promise<StoreAndJob> {
      try {
        return await command(storeAndJobSchema, 'DELETE', at(id), options);
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        const store = await client.getStore(id, options);
        if (store.phase !== 'deleting' && store.phase !== 'deleted') {
          return await command(storeAndJobSchema, 'DELETE', at(id), options);
        }
        const [job] = await client.listStoreJobs(id, options);
        if (job === undefined) throw error;
        return { store, job };
      }
    },
    retryStore: async (id: string, options?: CallOptions): Promise<StoreAndJob> =>
      await command(storeAndJobSchema, 'POST', at(id, '/retry'), options),
    repairStore: async (id: string, options?: CallOptions): Promise<StoreAndJob> =>
      await command(storeAndJobSchema, 'POST', at(id, '/repair'), options),
    listStoreEvents: async (
      id: string,
      { signal, ...query }: CallOptions & { readonly limit?: number; readonly after?: string } = {},
    ): Promise<EventList> => await get(eventListSchema, at(id, '/events'), signal, query),
    listStorePods: async (id: string, { signal }: CallOptions = {}): Promise<Pod[]> =>
      (await get(podListSchema, at(id, '/pods'), signal)).items,
    getStoreUsage: async (id: string, { signal }: CallOptions = {}): Promise<StoreUsage> =>
      await get(storeUsageSchema, at(id, '/usage'), signal),
    listStoreJobs: async (id: string, { signal }: CallOptions = {}): Promise<Job[]> =>
      (await get(jobListSchema, at(id, '/jobs'), signal)).items,
    revealCredentials: async (id: string, options?: CallOptions): Promise<Credentials> =>
      await command(credentialsSchema, 'POST', at(id, '/credentials'), options),
    resetCredentials: async (id: string, options?: CallOptions): Promise<Credentials> =>
      await command(credentialsSchema, 'POST', at(id, '/credentials/reset'), options),

    /** Line by line. Ends with the log, with `follow` only when the container or the caller does. */
    async *readStoreLogs(id: string, { signal, ...query }: LogOptions): AsyncGenerator<string, void> {
      const headers = { accept: 'text/plain' };
      const path = at(id, '/logs');
      const response = await exchange(connection, { method: 'GET', path, query, headers, signal, isRepeatable: true });
      if (response.body !== null) yield* readLines(response.body);
    },

    listEngines: async ({ signal }: CallOptions = {}): Promise<Engine[]> =>
      (await get(engineListSchema, '/api/v1/engines', signal)).items,
    listPlans: async ({ signal }: CallOptions = {}): Promise<Plan[]> =>
      (await get(planListSchema, '/api/v1/plans', signal)).items,
    getStats: async ({ signal }: CallOptions = {}): Promise<Stats> => await get(statsSchema, '/api/v1/stats', signal),
    getInsights: async ({ signal }: CallOptions = {}): Promise<Insights> =>
      await get(insightsSchema, '/api/v1/insights', signal),
    getHealth: async ({ signal }: CallOptions = {}): Promise<PlatformHealth> =>
      await get(platformHealthSchema, '/api/v1/health', signal),

    streamEvents: (options?: StreamOptions): AsyncGenerator<Event, void> => streamEvents(connection, options),

    /** Every store that fits, page by page. */
    async *eachStore(options: Omit<ListStoresOptions, 'after'> = {}): AsyncGenerator<Store, void> {
      let after: string | undefined;
      do {
        const page = await client.listStores({ ...options, ...(after === undefined ? {} : { after }) });
        yield* page.items;
        after = page.next ?? undefined;
      } while (after !== undefined);
    },
  };
  return client;
}
