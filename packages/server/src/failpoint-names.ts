// The list of all failpoints, read from the source text, so that a crash test cannot forget a new one.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SINGLE = /\bfailpoint\(\s*'([a-z0-9-]+)'/g;
const AROUND =
  /\b(?:withFailpoints|act|command|write)\(\s*'([a-z0-9-]+)'|\bwriteUnderFence\(\s*scope,\s*'([a-z0-9-]+)'/g;

/** Every failpoint below a folder, sorted. A name used twice is refused: a test could not say which place it means. */
export async function listFailpointNames(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.includes('.test.')) {
      continue;
    }
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8');
    names.push(...[...text.matchAll(SINGLE)].map((match) => match[1] ?? ''));
    names.push(
      ...[...text.matchAll(AROUND)].flatMap(([, effect, write]) => [
        `before-${effect ?? write}`,
        `after-${effect ?? write}`,
      ]),
    );
  }
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) {
    throw new Error(`failpoint names are used twice: ${[...new Set(twice)].join(', ')}`);
  }
  return names.sort();
}
