// Brings a database to the schema of this release. Promises: one migration at a time however many processes start together; each in
// a transaction of its own; applied twice is applied once; a migration that was edited after it ran is refused, because databases
// would silently differ from then on. A database that is ahead (the previous release runs beside the next) is left as it is.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Log } from '../log.ts';

export const MIGRATIONS_FOLDER = join(import.meta.dirname, 'migrations');

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

export interface MigrateOptions {
  readonly url: string;
  readonly log: Log;
  readonly folder?: string;
}

/** Answers the names of what it applied. */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  const migrations = await readMigrations(options.folder ?? MIGRATIONS_FOLDER);
  const client = new pg.Client({
    connectionString: options.url,
    application_name: 'souk migrate',
    connectionTimeoutMillis: 10_000,
  });
  // Without this, a connection that breaks between two statements would end the process without a word.
  client.on('error', (error) => options.log.warn({ err: error }, 'the connection of the migration broke'));
  await client.connect();
  try {
    // Held by the session: a second process waits here and then finds everything done. A dead one's lock ends with its connection.
    await client.query(`select pg_advisory_lock(hashtextextended('souk.migrate', 0))`);
    return await applyMissing(client, migrations, options.log);
  } finally {
    await client.end();
  }
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[], log: Log): Promise<readonly string[]> {
  await client.query(`
    create table if not exists migrations (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`);
  const { rows } = await client.query<{ number: number; checksum: string }>('select number, checksum from migrations');
  const applied = new Map(rows.map((row) => [row.number, row.checksum]));
  const names: string[] = [];
  for (const migration of migrations) {
    const checksum = applied.get(migration.number);
    if (checksum === undefined) {
      await apply(client, migration);
      log.info({ migration: migration.name }, 'migration applied');
      names.push(migration.name);
    } else if (checksum !== migration.checksum) {
      throw new Error(`migration ${migration.name} was changed after it ran on this database; add a new one instead`);
    }
  }
  const ahead = [...applied.keys()].filter((number) => !migrations.some((migration) => migration.number === number));
  if (ahead.length > 0) {
    log.warn({ ahead }, 'the database has migrations of a later release');
  }
  return names;
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.text);
    await client.query('insert into migrations (number, name, checksum) values ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    throw new Error(`migration ${migration.name} failed`, { cause });
  }
}

/** In order of their numbers. A number used twice is a mistake of a merge and is refused; a gap is a number that was never needed. */
export async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const numbers = names.map((name) => Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]));
  return Promise.all(
    names.map(async (name, index) => {
      const number = numbers[index] ?? Number.NaN;
      if (Number.isNaN(number) || number < 1 || numbers.indexOf(number) !== index) {
        throw new Error(`${name}: migrations are named NNNN-verb-noun.sql, each with a number of its own from 0001`);
      }
      const text = await readFile(join(folder, name), 'utf8');
      return { number, name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}
