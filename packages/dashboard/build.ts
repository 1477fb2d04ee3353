// Builds the dashboard into a folder, with each file compressed beforehand as small as it gets: `node build.ts <folder>`.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node build.ts <folder>');

// Fonts are compressed by their own format.
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.svg', '.json']);
const LEAST_BYTES = 512;

process.chdir(import.meta.dirname);
await build({ logLevel: 'warn', build: { outDir: folder, emptyOutDir: true } });

const entries = await readdir(folder, { recursive: true, withFileTypes: true });
for (const entry of entries) {
  if (!entry.isFile() || !COMPRESSIBLE.has(extname(entry.name))) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  if (bytes.length < LEAST_BYTES) continue;
  const [small, gzipped] = await Promise.all([
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    promisify(gzip)(bytes, { level: 9 }),
  ]);
  await writeFile(`${path}.br`, small);
  await writeFile(`${path}.gz`, gzipped);
}
