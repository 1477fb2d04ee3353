// The HTTP application on a real database, with engines and a cluster reader of the test's own.
import { randomBytes } from 'node:crypto';
import { type Job, type Problem, type Role, type Stats, type Store, sessionStateSchema } from '@souk/contract';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { sql } from 'kysely';
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
import { hashPassword } from '../people/password-hash.ts';
import { ensurePerson } from '../people/person-queries.ts';
import { addSession } from '../people/session-queries.ts';
import { createSessionTokens } from '../people/session-token.ts';
import { ensureMember } from '../tenants/member-queries.ts';
import { hashSecret, newSecret } from '../tenants/secrets.ts';
import { addTenant } from '../tenants/tenant-queries.ts';
import { type AppOptions, createApp } from './app.ts';

export interface TestTenant {
  readonly id: string;
  readonly token: string;
}

/** Signed in; used as a tenant, the JWT is the token. */
export interface TestPerson extends TestTenant {
  readonly sessionId: string;
  readonly status: number;
}

export interface TestApp {
  readonly app: FastifyInstance;
  readonly options: AppOptions;
  readonly db: Db;
  readonly database: TestDatabase;
  readonly hub: EventHub;
  addTenant(quota?: { maxStores?: number; maxParallelProvisions?: number }): Promise<TestTenant>;
  /** A signed-in member. `id` is the person's. */
  addPerson(tenant: TestTenant, role: Role, more: { email?: string; password?: string }): Promise<TestPerson>;
  signIn(email: string, password: string): Promise<TestPerson>;
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

export const TEST_ENGINE: Engine = {
  name: 'test-shop',
  title: 'Test shop',
  summary: 'Sells a mug',
  version: '1.0.0',
  chartPath: '/nowhere',
  images: [],
  provisionTimeoutMs: 60_000,
  adminPath: '/manage',
  workloads: () => [],
  services: () => [],
  secrets: async () => ({}),
  values: () => ({}),
  verify: async () => undefined,
  placeOrder: async () => ({ orderId: '1', displayId: '1' }),
  findOrder: async () => true,
};

export const NO_CLUSTER: StoreReader = { readSecret: async () => null, readLogs: async () => null };

/** Another API process, so to speak, on the database of the first. */
export async function createSecondApp(world: TestApp, more: Partial<AppOptions> = {}): Promise<FastifyInstance> {
  const { db, hub, options } = world;
  const app = await createApp({ ...options, db, hub, ...more });
  await app.ready();
  return app;
}

function defaults(db: Db, hub: EventHub, engines: ReadonlyMap<string, LoadedEngine>): AppOptions {
  return {
    db,
    hub,
    reader: NO_CLUSTER,
    engines,
    log: silentLog(),
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
    maxStores: 0,
    signInsPerMinute: 0,
    platformUrl: 'http://localhost:8080',
    providers: [],
    signUpDomains: [],
    newTenantMaxStores: 5,
    hasMail: false,
    sessionSecret: 'a-session-secret-for-tests-that-is-long',
    isServing: () => true,
  };
}

export async function createTestApp(options: Partial<AppOptions> = {}): Promise<TestApp> {
  const database = await createTestDatabase({ maxConnections: 20, connectPatienceMs: 20_000 });
  const { db } = database;
  await inTransaction(db, (tx) => ensureFirstCluster(tx, 'souk.localhost'));
  const log = silentLog();
  const hub = createEventHub({ db, databaseUrl: database.url, log });
  await hub.start();
  const engines = new Map<string, LoadedEngine>([
    ['test-shop', { engine: TEST_ENGINE, available: true, reason: null }],
    [
      'broken',
      { engine: { ...TEST_ENGINE, name: 'broken' }, available: false, reason: 'its image is not built: broken' },
    ],
  ]);
  const appOptions: AppOptions = { ...defaults(db, hub, engines), ...options };
  const app = await createApp(appOptions);
  await app.ready();
  const sessionTokens = createSessionTokens('a-session-secret-for-tests-that-is-long', 'http://localhost:8080');
  return {
    app,
    options: appOptions,
    db,
    database,
    hub,
    async addTenant(quota = {}) {
      const token = newSecret('souk_');
      const id = newId('ten');
      await inTransaction(db, async (tx) => {
        const { maxStores = 100, maxParallelProvisions = 3 } = quota;
        await addTenant(tx, { id, name: id, maxStores, maxParallelProvisions });
        await sql`
          insert into tokens (id, tenant_id, name, token_hash)
          values (${newId('tok')}, ${id}, 'first', ${hashSecret(token)})`.execute(tx);
      });
      return { id, token };
    },
    async addPerson(tenant, role, { email = `${newId('per')}@example.com`, password }) {
      const passwordHash = password === undefined ? {} : { passwordHash: await hashPassword(password) };
      return await inTransaction(db, async (tx) => {
        const { id } = await ensurePerson(tx, { email, name: 'Somebody', ...passwordHash });
        await ensureMember(tx, { tenantId: tenant.id, personId: id, role });
        const session = {
          personId: id,
          ...(await addSession(tx, { personId: id, method: 'link', address: '', client: null })),
        };
        return { id, token: sessionTokens.issue(session), sessionId: session.sessionId, status: 201 };
      });
    },
    async signIn(email, password) {
      const origin = 'http://localhost:8080';
      const answer = await app.inject({
        method: 'POST',
        url: '/api/v1/session',
        headers: { origin },
        payload: { email, password },
      });
      const state = sessionStateSchema.safeParse(parse(answer.body)).data;
      const token = /^[^=]+=([^;]+)/.exec(String(answer.headers['set-cookie']))?.[1] ?? '';
      return { id: state?.person?.id ?? '', token, sessionId: state?.sessionId ?? '', status: answer.statusCode };
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
