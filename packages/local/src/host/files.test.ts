import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { keepSecret, readIfPresent, writeFileAtomically } from './files.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-files-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

test('a secret is made once, readable by its owner alone, and never changed', async () => {
  const file = path.join(folder, 'secrets', 'token');
  assert.equal(await keepSecret(file, () => 'first'), 'first');
  assert.equal(await keepSecret(file, () => 'second'), 'first');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(path.dirname(file))).mode & 0o777, 0o700);
});

test('a file is replaced as a whole and leaves no half behind', async () => {
  const file = path.join(folder, 'deep', 'facts.json');
  await writeFileAtomically(file, 'one');
  await writeFileAtomically(file, 'two');
  assert.equal(await readFile(file, 'utf8'), 'two');
  assert.deepEqual(await readdir(path.dirname(file)), ['facts.json']);
});

test('a missing file reads as nothing', async () => {
  assert.equal(await readIfPresent(path.join(folder, 'none')), null);
  assert.equal(await readIfPresent(path.join(folder, 'deep', 'facts.json', 'below-a-file')), null);
});
