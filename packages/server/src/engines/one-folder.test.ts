// An engine costs one folder here, one chart, its images, and its tests and pages: no line anywhere else. Looked for by name, in the
// engine that came second; the first is the example in many a test and help text.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));
const NOT_OURS = new Set(['node_modules', '.git', '.next', 'dist']);
const SECOND_ENGINE = /woocommerce/i;
const MAY_NAME_IT = [
  /^packages\/server\/src\/engines\/woocommerce\//,
  /^charts\/woocommerce\//,
  /^charts\/tests\/woocommerce\.test\.ts$/,
  /^images\/woocommerce(-[a-z]+)?\//,
  /^acceptance\/engines\/woocommerce\//,
  /^benchmarks\/woocommerce-[a-z-]+\//,
  /^docs\//,
  /^[^/]+\.md$/,
  /^benchmarks\/README\.md$/,
  /^packages\/server\/src\/engines\/one-folder\.test\.ts$/,
];

async function listFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(path.join(REPOSITORY, folder), { withFileTypes: true })) {
    if (NOT_OURS.has(entry.name)) continue;
    const child = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await listFiles(child)));
    else if (entry.isFile()) found.push(child);
  }
  return found;
}

test('no file but its own names the second engine', async () => {
  const files = (await listFiles('.')).filter((file) => !MAY_NAME_IT.some((pattern) => pattern.test(file)));
  const naming: string[] = [];
  for (const file of files) {
    if (SECOND_ENGINE.test(file) || SECOND_ENGINE.test(await readFile(path.join(REPOSITORY, file), 'utf8'))) {
      naming.push(file);
    }
  }
  assert.deepEqual(naming, []);
});
