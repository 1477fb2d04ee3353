import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { debianAddresses, readDebianMirror } from './debian-mirror.ts';

let etc = '';
beforeEach(async () => {
  etc = await mkdtemp(path.join(tmpdir(), 'souk-etc-'));
  await mkdir(path.join(etc, 'apt', 'sources.list.d'), { recursive: true });
  await writeFile(path.join(etc, 'os-release'), 'ID=debian\nVERSION_CODENAME=bookworm\n');
});
afterEach(() => rm(etc, { recursive: true }));

const OWN = { archive: 'http://deb.debian.org/debian', security: 'http://deb.debian.org/debian-security' };
const source = (name: string, text: string): Promise<void> =>
  writeFile(path.join(etc, 'apt', 'sources.list.d', name), text);

test('a mirror is found in stanzas, whatever third parties stand beside it', async () => {
  await source('a.list', 'deb [signed-by=/x.gpg] https://packages.example/apt other main\n');
  await source(
    'debian.sources',
    '# http://old.example\nTypes: deb deb-src\nURIs: http://mirror.example/debian/\nSuites: bookworm bookworm-updates\n\n' +
      'Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\n',
  );
  assert.deepEqual(await readDebianMirror(etc), {
    archive: 'http://mirror.example/debian',
    security: 'http://mirror.example/security',
  });
});

test('a mirror is found in single lines, and what it does not have comes from Debian', async () => {
  await writeFile(
    path.join(etc, 'apt', 'sources.list'),
    '# deb http://off.example/debian bookworm main\ndeb [arch=amd64] https://lines.example/debian bookworm main contrib\n',
  );
  assert.deepEqual(await readDebianMirror(etc), { ...OWN, archive: 'https://lines.example/debian' });
});

test('a mirror that is switched off, or whose address holds a password, is not used', async () => {
  await source('a.sources', 'Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\n');
  await source('b.list', 'deb https://me:secret@private.example/debian bookworm main\n');
  assert.deepEqual(await readDebianMirror(etc), OWN);
});

test('a machine that is no Debian says nothing about Debian’s mirrors', async () => {
  await writeFile(path.join(etc, 'os-release'), 'ID=ubuntu\nVERSION_CODENAME=noble\n');
  await source('u.list', 'deb http://archive.example/ubuntu noble main\n');
  assert.deepEqual(await readDebianMirror(etc), OWN);
});

test('a file of Debian is looked for at the mirror first, then at Debian, then as it was when it was pinned', () => {
  const mirror = { archive: 'http://mirror.example/debian', security: 'http://mirror.example/security' };
  assert.deepEqual(debianAddresses(mirror, 'pool/main/w/w_1.deb', '20261121T000000Z'), [
    'http://mirror.example/debian/pool/main/w/w_1.deb',
    `${OWN.archive}/pool/main/w/w_1.deb`,
    'https://snapshot.debian.org/archive/debian/20261121T000000Z/pool/main/w/w_1.deb',
  ]);
});
