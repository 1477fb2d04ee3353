// The checkout that this program runs from, and its test files.
import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url)).replace(/\/$/, '');
export const inRepository = (...parts: string[]): string => path.join(REPOSITORY, ...parts);

/** Files that fit, as absolute paths in a fixed order. */
export async function findFiles(patterns: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pattern of patterns) {
    for await (const file of glob(pattern, { cwd: REPOSITORY, exclude: (name) => name.endsWith('node_modules') })) {
      found.push(inRepository(file));
    }
  }
  return found.sort();
}

export type TestKind = 'architecture' | 'unit' | 'postgres' | 'cluster';

const NEEDS_CLUSTER = /process\.env\.KUBECONFIG|\.\/cluster-namespace\.ts/;
const IS_POSTGRES = /(?:^|\/)test-(?:database|postgres)\.ts$/;
const IMPORTED_FIXTURE = /from '(\.[^']*\/test-[^'/]+\.ts)'/g;

/** What a test file needs is read from the file and the fixtures it imports, so that no list of files can go stale. */
export async function kindOfTest(file: string): Promise<TestKind> {
  if (path.basename(file) === 'architecture.test.ts') return 'architecture';
  if (NEEDS_CLUSTER.test(await readFile(file, 'utf8'))) return 'cluster';
  return (await usesPostgres(file)) ? 'postgres' : 'unit';
}

async function usesPostgres(file: string): Promise<boolean> {
  if (IS_POSTGRES.test(file)) return true;
  for (const [, imported = ''] of (await readFile(file, 'utf8')).matchAll(IMPORTED_FIXTURE)) {
    if (await usesPostgres(path.resolve(path.dirname(file), imported))) return true;
  }
  return false;
}
