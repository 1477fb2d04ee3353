// The HTTP application on a real database, with engines and a cluster reader of the test's own.
import { randomBytes } from 'node:crypto';
import type { Job, Problem, Stats, Store } from '@souk/contract';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { ensureFirstCluster } from '../clusters/cluster-queries.ts';
import { type Db, inTransaction } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import type { Engine } from '../engines/engine.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { createEventHub, type EventHub } from '../events/event-hub.ts';
import { newId } from '../ids.ts';
import type { StoreReader } from '../kube/kube.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { addTenant, hashToken } from '../tenants/tenant-queries.ts';
import { type AppOptions, createApp } from './app.ts';

export interface TestTenant {
  readonly id: string;
  readonly token: string;
}

export interface TestApp {
  readonly app: FastifyInstance;
  readonly db: Db;
  readonly database: TestDatabase;
  readonly hub: EventHub;
  addTenant(quota?: { maxStores?: number; maxParallelProvisions?: number }): Promise<TestTenant>;
  /** One request as a tenant, or as nobody. Objects are sent as JSON. */
  call(
    tenant: TestTenant | null,
    method: string,
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<TestAnswer>;
  close(): Promise<void>;
}

/** What any of the answers may hold. */
interface AnswerJson {
  readonly store: Store;
  readonly job: Job;
  readonly items: readonly {
    readonly id: string;
    readonly name: string;
    readonly type: string;
    readonly message: string;
  }[];
  readonly next: string | null;
  readonly cursor: string;
  readonly phase: string;
  readonly generation: number;
  readonly error: unknown;
  readonly quota: Stats['quota'];
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly limit: Problem['limit'];
  readonly errors: NonNullable<Problem['errors']>;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The body as JSON; what a test reads of it is checked by what it asserts. */
  readonly json: AnswerJson;
}

const ENGINE: Engine = {
  name: 'test-shop',
  title: 'Test shop',
  version: '1.0.0',
  chartPath: '/nowhere',
  images: [],
  provisionTimeoutMs: 60_000,
  adminPath: '/manage',
  workloads: () => [],
  secrets: async () => ({}),
  values: () => ({}),
  verify: async () => undefined,
  placeOrder: async () => ({ orderId: '1', displayId: '1' }),
  findOrder: async () => true,
};

export const NO_CLUSTER: StoreReader = { readSecret: async () => null, readLogs: async () => null };

export async function createTestApp(options: Partial<AppOptions> = {}): Promise<TestApp> {
  const database = await createTestDatabase({ maxConnections: 20, connectPatienceMs: 20_000 });
  const { db } = database;
  await inTransaction(db, (tx) => ensureFirstCluster(tx, 'souk.localhost'));
  const log = silentLog();
  const hub = createEventHub({ db, databaseUrl: database.url, log });
  await hub.start();
  const engines = new Map<string, LoadedEngine>([
    ['test-shop', { engine: ENGINE, available: true, reason: null }],
    ['broken', { engine: { ...ENGINE, name: 'broken' }, available: false, reason: 'its image is not built: broken' }],
  ]);
  const app = await createApp({
    db,
    hub,
    reader: NO_CLUSTER,
    engines,
    log,
    metrics: createMetrics('test'),
    version: '0.0.0',
    address: { scheme: 'http', baseDomain: 'souk.localhost', port: 8080 },
    platformKey: randomBytes(32),
    profile: 'local',
    corsOrigins: [],
    trustedProxies: ['127.0.0.1'],
    tokenRequestsPerMinute: 0,
    addressRequestsPerMinute: 0,
    storeCreatesPerHour: 0,
    isServing: () => true,
    ...options,
  });
  await app.ready();
  return {
    app,
    db,
    database,
    hub,
    async addTenant(quota = {}) {
      const token = `souk_${randomBytes(24).toString('hex')}`;
      const id = newId('ten');
      await inTransaction(db, (tx) =>
        addTenant(tx, {
          id,
          name: id,
          tokenHash: hashToken(token),
          maxStores: quota.maxStores ?? 100,
          maxParallelProvisions: quota.maxParallelProvisions ?? 3,
        }),
      );
      return { id, token };
    },
    async call(tenant, method, url, body, headers = {}) {
      const answer = await app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url,
        headers: { ...(tenant !== null && { authorization: `Bearer ${tenant.token}` }), ...headers },
        ...(body !== undefined && { payload: body as NonNullable<InjectOptions['payload']> }),
      });
      const text = answer.body;
      return { status: answer.statusCode, headers: answer.headers, text, json: parse(text) };
    },
    async close() {
      await hub.stop();
      await app.close();
      await database.close();
    },
  };
}

function parse(text: string): AnswerJson {
  try {
    return JSON.parse(text);
  } catch {
    // Pages and logs are no JSON.
    return {} as AnswerJson;
  }
}
