// The real API process on a real PostgreSQL with seeded rows and no cluster: what lists, streams and pages are measured against.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Db, openDatabase } from '@souk/server/db/database.ts';
import { migrate } from '@souk/server/db/migrate.ts';
import { createTestPostgres } from '@souk/server/db/test-postgres.ts';
import { silentLog } from '@souk/server/log.ts';
import { sql } from 'kysely';
import { seedStores, seedUsage } from './seed-stores.ts';

export interface SeededPlatform {
  readonly url: string;
  readonly token: string;
  readonly tenantId: string;
  readonly db: Db;
  /** Resident memory of the API process. */
  readonly readApiMemoryMib: () => Promise<number>;
  /** SIGKILL, as a crash would; the port stays the same. */
  readonly killApi: () => Promise<void>;
  readonly startApi: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface SeedOptions {
  readonly stores: number;
  readonly port?: number;
  /** Further settings of the API process. */
  readonly settings?: NodeJS.ProcessEnv;
}

const API = fileURLToPath(new URL('../../packages/server/src/main/api.ts', import.meta.url));
const TEST_ENGINE = fileURLToPath(new URL('../../acceptance/test-engine', import.meta.url));
const BEAT_MS = 3_000;
const NO_CLUSTER = `apiVersion: v1
kind: Config
current-context: none
contexts: [{ name: none, context: { cluster: none, user: none } }]
clusters: [{ name: none, cluster: { server: "http://127.0.0.1:1" } }]
users: [{ name: none, user: { token: none } }]
`;

export async function startSeededPlatform({ stores, port, settings = {} }: SeedOptions): Promise<SeededPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'souk-seeded-'));
  const postgres = await createTestPostgres(await mkdtemp(join(tmpdir(), 'souk-seeded-postgres-')), false);
  const databaseUrl = postgres.urlOf('postgres');
  const log = silentLog();
  await migrate({ url: databaseUrl, log });
  const { db, close } = openDatabase({ url: databaseUrl, maxConnections: 4, log, statementTimeoutMs: 120_000 });
  const token = `souk_${'seeded'.repeat(8)}`;
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const apiPort = port ?? (await freePort());
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    KUBECONFIG: await file('kubeconfig', NO_CLUSTER),
    PLATFORM_KEY_FILE: await file('key', '0'.repeat(64)),
    API_TOKEN_FILE: await file('token', token),
    IMAGES_FILE: await file(
      'images.json',
      '{"medusa":"x","medusa-storefront":"x","medusa-database":"x","valkey":"x","postgres":"x","test-shop":"x"}',
    ),
    ENGINE_FOLDERS: TEST_ENGINE,
    API_PORT: String(apiPort),
    PUBLIC_PORT: String(apiPort),
    FIRST_TENANT_MAX_STORES: String(stores + 10),
    TOKEN_REQUESTS_PER_MINUTE: '0',
    ADDRESS_REQUESTS_PER_MINUTE: '0',
    LOG_LEVEL: 'warn',
    ...settings,
  };
  const url = `http://127.0.0.1:${apiPort}`;
  let api: ChildProcess | undefined;
  const startApi = async (): Promise<void> => {
    api = spawn(process.execPath, ['--max-old-space-size=96', '--max-semi-space-size=1', API], {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await untilReady(url, api);
  };
  const killApi = async (): Promise<void> => {
    if (api === undefined || api.exitCode !== null || api.signalCode !== null) return;
    const exited = once(api, 'exit');
    api.kill('SIGKILL');
    await exited;
  };
  try {
    await startApi();
  } catch (error) {
    await killApi();
    await close();
    await postgres.stop();
    throw error;
  }
  const { rows } = await sql<{ id: string }>`select id from tenants order by created_at limit 1`.execute(db);
  const tenantId = rows[0]?.id ?? '';
  if (stores > 0) await seedStores(db, { tenantId, stores });
  await sql`
    update clusters set observed_at = now(), observed = ${JSON.stringify({
      version: 'v1.36.1',
      nodes: [{ name: 'node-1', ready: true }],
    })}::jsonb`.execute(db);
  await seedUsage(db);
  await sql`insert into worker_heartbeats (worker) values ('worker-seed-1'), ('worker-seed-2')`.execute(db);
  // What workers would do; without it the platform soon says that nothing is worked on.
  const beat = setInterval(() => {
    sql`update worker_heartbeats set beat_at = now()`.execute(db).catch(() => undefined);
    sql`update clusters set observed_at = now()`.execute(db).catch(() => undefined);
  }, BEAT_MS);
  return {
    url,
    token,
    tenantId,
    db,
    readApiMemoryMib: async () => {
      const status = await readFile(`/proc/${api?.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    },
    killApi,
    startApi,
    close: async () => {
      clearInterval(beat);
      await killApi();
      await close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = performance.now() + 120_000; performance.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`the API ended with code ${child.exitCode}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await delay(50);
  }
  throw new Error('the API did not answer within 120 s');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
