// One migrated database per test file, cloned from a template in milliseconds, on one real PostgreSQL that all files share.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { silentLog } from '../log.ts';
import { type Database, type Db, type InOneTrip, openDatabase } from './database.ts';
import { MIGRATIONS_FOLDER, migrate, readMigrations } from './migrate.ts';
import { isConnectable, socketUrl, waitUntilConnectable } from './test-postgres.ts';

export interface TestDatabase {
  readonly url: string;
  readonly db: Db;
  readonly inOneTrip: InOneTrip;
  /** Drops the database too; for `after()`. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  readonly isMigrated?: boolean;
  readonly maxConnections?: number;
  readonly connectPatienceMs?: number;
}

const FOLDER = join(tmpdir(), `souk-test-postgres-${process.getuid?.() ?? 0}`);
const LOCK_FILE = `${FOLDER}.lock`;
const ADMIN_URL = socketUrl(FOLDER, 'postgres');

export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await withAdmin(async (admin) => {
    const template = options.isMigrated === false ? 'template1' : await ensureTemplate(admin);
    await admin.query(`create database ${name} template ${template}`);
  });
  const url = socketUrl(FOLDER, name);
  const database: Database = openDatabase({
    url,
    maxConnections: options.maxConnections ?? 10,
    connectPatienceMs: options.connectPatienceMs ?? 5_000,
    log: silentLog(),
  });
  return {
    url,
    db: database.db,
    inOneTrip: database.inOneTrip,
    async close() {
      await database.close();
      await withAdmin((admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

async function withAdmin<T>(run: (admin: pg.Client) => Promise<T>): Promise<T> {
  await ensureServer();
  const admin = new pg.Client({ connectionString: ADMIN_URL });
  await admin.connect();
  try {
    // A template cannot be cloned by two at once, nor while it is being made.
    await admin.query('select pg_advisory_lock(1)');
    return await run(admin);
  } finally {
    await admin.end();
  }
}

async function ensureTemplate(admin: pg.Client): Promise<string> {
  const migrations = await readMigrations(MIGRATIONS_FOLDER);
  const hash = createHash('sha256').update(migrations.map((migration) => migration.checksum).join());
  const name = `template_${hash.digest('hex').slice(0, 16)}`;
  const { rows } = await admin.query('select from pg_database where datname = $1', [name]);
  if (rows.length === 0) {
    // Renamed only when whole: a test run that is killed here leaves no half template under the right name.
    await admin.query(`drop database if exists ${name}_half with (force)`);
    await admin.query(`create database ${name}_half template template1`);
    await migrate({ url: socketUrl(FOLDER, `${name}_half`), log: silentLog() });
    await admin.query(`alter database ${name}_half rename to ${name}`);
  }
  return name;
}

async function ensureServer(): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isConnectable(ADMIN_URL)) {
      return;
    }
    if (await takeLock()) {
      try {
        if (!(await isConnectable(ADMIN_URL))) {
          await startServer();
        }
        return;
      } finally {
        await rm(LOCK_FILE, { force: true });
      }
    }
    await delay(50);
  }
  throw new Error(`the test PostgreSQL in ${FOLDER} did not start`);
}

async function startServer(): Promise<void> {
  await rm(FOLDER, { recursive: true, force: true });
  spawn(process.execPath, [join(import.meta.dirname, 'test-postgres-host.ts'), FOLDER], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
  }).unref();
  await waitUntilConnectable(ADMIN_URL, 30_000);
}

async function takeLock(): Promise<boolean> {
  try {
    const file = await open(LOCK_FILE, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch {
    const holder = Number(await readFile(LOCK_FILE, 'utf8').catch(() => '0'));
    // A holder that was killed would lock everyone out for ever.
    if (holder > 0 && !isAlive(holder)) {
      await rm(LOCK_FILE, { force: true });
    }
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
