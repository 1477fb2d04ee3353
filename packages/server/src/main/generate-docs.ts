// Writes the pages that are drawn from code: docs/configuration.md and docs/schema.md. Given `--check` it writes nothing and fails
// when one of them is not up to date.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderConfigPage } from '../config-page.ts';
import { renderSchemaPage } from '../db/schema-page.ts';
import { createTestDatabase } from '../db/test-database.ts';

const folder = join(import.meta.dirname, '..', '..', '..', '..', 'docs');
const database = await createTestDatabase();
const pages = { 'configuration.md': renderConfigPage(), 'schema.md': await renderSchemaPage(database.db) };
await database.close();
for (const [name, text] of Object.entries(pages)) {
  const path = join(folder, name);
  if (!process.argv.includes('--check')) {
    await writeFile(path, text);
  } else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`docs/${name} is not up to date: run "npm run docs --workspace packages/server"\n`);
    process.exitCode = 1;
  }
}
