import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { copyFolder, hashFolder, listFolder, readIgnoreRules } from './image-folder.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-image-folder-'));
  await mkdir(path.join(folder, 'src'));
  await writeFile(path.join(folder, 'Dockerfile'), 'FROM scratch\n');
  await writeFile(path.join(folder, 'src', 'start'), '#!/bin/sh\n');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function hash(): Promise<string> {
  return await hashFolder(folder, await listFolder(folder, await readIgnoreRules(folder)));
}

test('bytes, names and the executable bit change the hash', async () => {
  const seen = [await hash()];
  await writeFile(path.join(folder, 'src', 'start'), '#!/bin/bash\n');
  seen.push(await hash());
  await chmod(path.join(folder, 'src', 'start'), 0o755);
  seen.push(await hash());
  await rename(path.join(folder, 'src', 'start'), path.join(folder, 'src', 'begin'));
  seen.push(await hash());
  assert.equal(new Set(seen).size, seen.length);
});

test('times and the umask of the checkout do not change the hash', async () => {
  const before = await hash();
  await chmod(path.join(folder, 'src', 'start'), 0o600);
  await utimes(path.join(folder, 'Dockerfile'), 1, 1);
  assert.equal(await hash(), before);
});

test('what .dockerignore names, and installed packages, are no part of an image', async () => {
  await writeFile(path.join(folder, '.dockerignore'), '# comment\n.next/\n**/*.test.ts\nbuild-?\n');
  const before = await hash();
  for (const name of ['.next', 'node_modules', 'src/node_modules', 'build-1']) {
    await mkdir(path.join(folder, name));
    await writeFile(path.join(folder, name, 'file'), 'x');
  }
  await writeFile(path.join(folder, 'src', 'a.test.ts'), 'x');
  assert.equal(await hash(), before);
  await writeFile(path.join(folder, 'src', 'a.ts'), 'x');
  assert.notEqual(await hash(), before);
});

test('an exception in .dockerignore is refused instead of being overlooked', async () => {
  await writeFile(path.join(folder, '.dockerignore'), '!keep\n');
  await assert.rejects(hash(), /exceptions \("!keep"\) are not supported/);
});

test('a copy has the modes that git would give', async () => {
  await chmod(path.join(folder, 'Dockerfile'), 0o600);
  await chmod(path.join(folder, 'src', 'start'), 0o700);
  const target = path.join(folder, 'copy');
  await copyFolder(folder, await listFolder(folder), target);
  assert.equal((await stat(path.join(target, 'Dockerfile'))).mode & 0o777, 0o644);
  assert.equal((await stat(path.join(target, 'src', 'start'))).mode & 0o777, 0o755);
});
