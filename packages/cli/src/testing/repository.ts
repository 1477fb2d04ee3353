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

export type TestKind = 'unit' | 'postgres' | 'cluster';

const NEEDS_CLUSTER = /process\.env\.KUBECONFIG|\.\/cluster-namespace\.ts/;
const NEEDS_POSTGRES = /\/test-(?:database|postgres)(?:-host)?\.ts'/;

/** What a test file needs is read from the file itself, so that no list of files can go stale. */
export async function kindOfTest(file: string): Promise<TestKind> {
  const text = await readFile(file, 'utf8');
  if (NEEDS_CLUSTER.test(text)) return 'cluster';
  return NEEDS_POSTGRES.test(text) ? 'postgres' : 'unit';
}
