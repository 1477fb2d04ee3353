import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderConfigPage } from './config-page.ts';
import { renderSchemaPage } from './db/schema-page.ts';
import { createTestDatabase } from './db/test-database.ts';

const REMEDY = 'run "npm run docs --workspace packages/server"';
const readPage = (name: string) => readFile(join(import.meta.dirname, '..', '..', '..', 'docs', name), 'utf8');

test('docs/configuration.md says what the processes read', async () => {
  assert.equal(await readPage('configuration.md'), renderConfigPage(), REMEDY);
});

test('docs/schema.md says what the migrations come to', async () => {
  const database = await createTestDatabase();
  try {
    assert.equal(await readPage('schema.md'), await renderSchemaPage(database.db), REMEDY);
  } finally {
    await database.close();
  }
});
