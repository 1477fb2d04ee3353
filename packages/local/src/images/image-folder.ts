// One folder under images/: which files belong to it and what their content hash is. Only what git keeps of a file counts
// (path, executable bit, bytes), so two checkouts of one commit agree whatever the umask. What `.dockerignore` names is
// neither hashed nor built from.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

export type FolderFile = { path: string; kind: 'file' | 'program' | 'link' };

export async function listFolder(
  root: string,
  isIgnored: (relativePath: string) => boolean = () => false,
): Promise<FolderFile[]> {
  const found: FolderFile[] = [];
  const visit = async (relative: string): Promise<void> => {
    for (const entry of await readdir(path.join(root, relative), { withFileTypes: true })) {
      const child = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (isIgnored(child)) continue;
      if (entry.isDirectory()) await visit(child);
      else if (entry.isSymbolicLink()) found.push({ path: child, kind: 'link' });
      else if (entry.isFile()) {
        const { mode } = await lstat(path.join(root, child));
        found.push({ path: child, kind: (mode & 0o100) === 0 ? 'file' : 'program' });
      }
    }
  };
  await visit('');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export async function readIgnoreRules(root: string): Promise<(relativePath: string) => boolean> {
  const text = await readFile(path.join(root, '.dockerignore'), 'utf8').catch(() => '');
  const patterns = text
    .split('\n')
    .map((line) => line.trim().replace(/\/$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) throw new Error(`${root}/.dockerignore: exceptions ("${pattern}") are not supported`);
  }
  // Tools leave these beside sources; no image is built from a developer's copy of them.
  const expressions = ['**/node_modules', '**/.git', ...patterns].map(patternToExpression);
  return (relativePath) => expressions.some((expression) => expression.test(relativePath));
}

function patternToExpression(pattern: string): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*\*\/|\*\*|\*|\?/g, (wildcard) => {
    if (wildcard === '**/') return '(?:.*/)?';
    if (wildcard === '**') return '.*';
    return wildcard === '*' ? '[^/]*' : '[^/]';
  });
  return new RegExp(`^${source}$`);
}

export async function hashFolder(root: string, files: readonly FolderFile[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file.kind}\0${file.path}\0${await hashOne(root, file)}\n`);
  }
  return hash.digest('hex');
}

async function hashOne(root: string, file: FolderFile): Promise<string> {
  const hash = createHash('sha256');
  const full = path.join(root, file.path);
  if (file.kind === 'link') return hash.update(await readlink(full)).digest('hex');
  await pipeline(createReadStream(full), hash);
  return hash.digest('hex');
}

/** Copies the files with the modes git would give them, so that a build result does not depend on the umask of the checkout. */
export async function copyFolder(root: string, files: readonly FolderFile[], target: string): Promise<void> {
  for (const file of files) {
    const to = path.join(target, file.path);
    await mkdir(path.dirname(to), { recursive: true, mode: 0o755 });
    if (file.kind === 'link') {
      await symlink(await readlink(path.join(root, file.path)), to);
      continue;
    }
    await copyFile(path.join(root, file.path), to);
    await chmod(to, file.kind === 'program' ? 0o755 : 0o644);
  }
}
