import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { silentLog } from '../log.ts';
import { MIGRATIONS_FOLDER, migrate, readMigrations } from './migrate.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

const log = silentLog();

describe('migrate', () => {
  let database: TestDatabase;
  let folder: string;
  before(async () => {
    database = await createTestDatabase({ isMigrated: false });
    folder = await mkdtemp(join(tmpdir(), 'souk-migrations-'));
    await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  test('many processes that start together apply each migration exactly once', async () => {
    const { url } = database;
    const results = await Promise.all(Array.from({ length: 5 }, () => migrate({ url, log, folder })));
    const expected = (await readMigrations(folder)).map((migration) => migration.name);
    assert.deepEqual(results.flat(), expected);
  });

  test('applying them again changes nothing', async () => {
    assert.deepEqual(await migrate({ url: database.url, log, folder }), []);
  });

  test('a failing migration leaves nothing of itself and is named', async () => {
    const next = ((await readMigrations(folder)).at(-1)?.number ?? 0) + 1;
    const name = `${String(next).padStart(4, '0')}-break-things.sql`;
    await writeFile(join(folder, name), 'create table half_done (id text); select 1 / 0;');
    await assert.rejects(migrate({ url: database.url, log, folder }), new RegExp(name));
    const { rows } = await sql<{ name: string | null }>`select to_regclass('half_done') as name`.execute(database.db);
    assert.equal(rows[0]?.name, null);
    await rm(join(folder, name));
  });

  test('a migration that was edited after it ran is refused', async () => {
    await appendFile(join(folder, '0001-create-core.sql'), '\n-- a late idea\n');
    await assert.rejects(migrate({ url: database.url, log, folder }), /0001-create-core\.sql was changed after it ran/);
  });

  test('a number that is used twice is refused', async () => {
    await writeFile(join(folder, '0001-another-first.sql'), 'select 1;');
    await assert.rejects(readMigrations(folder), /a number of its own/);
  });
});
