import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { type Archive, ArchiveMissing, archiveLabels, obtainArchives, pinArchives } from './archives.ts';

let root = '';
let image = '';
let cacheDir = '';
let server: Server;
let answers: Record<string, Buffer> = {};
let asked: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'souk-archives-'));
  image = path.join(root, 'image');
  cacheDir = path.join(root, 'cache');
  await mkdir(image);
  await mkdir(path.join(cacheDir, 'archives'), { recursive: true });
  answers = {};
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const bytes = answers[request.url ?? ''];
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.close();
  await rm(root, { recursive: true });
});

function url(at: string): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${at}`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function describe(more: Partial<Archive>): Promise<void> {
  const archive: Archive = {
    name: 'plugin.zip',
    title: 'Plugin',
    version: '1.2.3',
    sha256: null,
    cachedAs: 'plugin-1.2.3.zip',
    urls: [url('/first.zip'), url('/second.zip')],
    versionIn: 'plugin/plugin.php',
    ...more,
  };
  await writeFile(path.join(image, 'archives.json'), JSON.stringify([archive]));
}

async function obtain(): Promise<Map<string, string>> {
  return await obtainArchives(await pinArchives(image, ['plugin.zip'], cacheDir), cacheDir, () => {});
}

const given = (): string => path.join(cacheDir, 'archives', 'plugin-1.2.3.zip');

/** A zip file of one entry, written as the format says. */
function zip(name: string, text: string): Buffer {
  const packed = deflateRawSync(text);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt16LE(name.length, 28);
  const body = Buffer.concat([local, Buffer.from(name), packed]);
  const directory = Buffer.concat([entry, Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(body.length, 16);
  return Buffer.concat([body, directory, end]);
}

const plugin = (version: string): Buffer => zip('plugin/plugin.php', `<?php\n/**\n * Version: ${version}\n */\n`);

test('a pinned archive is downloaded once, from the first address that has its very bytes', async () => {
  const bytes = Buffer.from('the right bytes');
  answers = { '/first.zip': Buffer.from('other bytes'), '/second.zip': bytes };
  await describe({ sha256: sha256(bytes) });
  const file = (await obtain()).get('plugin.zip') ?? '';
  assert.equal(await readFile(file, 'utf8'), 'the right bytes');
  assert.deepEqual(asked, ['/first.zip', '/second.zip']);
  await obtain();
  assert.equal(asked.length, 2, 'the cache has it now');
});

test('bytes with another digest than the pinned one are never used, wherever they come from', async () => {
  await writeFile(given(), 'forged');
  answers = { '/first.zip': Buffer.from('forged') };
  await describe({ sha256: sha256(Buffer.from('the right bytes')) });
  await assert.rejects(obtain(), (error) => {
    assert.ok(error instanceof ArchiveMissing);
    assert.match(
      error.message,
      /could not be downloaded .*its sha256 is .*it answered 404.*save it as .*plugin-1\.2\.3\.zip/,
    );
    return true;
  });
});

test('without a known digest nothing is downloaded, and the reason says where to put the file', async () => {
  answers = { '/first.zip': plugin('1.2.3') };
  await describe({});
  await assert.rejects(obtain(), (error) => {
    assert.ok(error instanceof ArchiveMissing);
    assert.match(
      error.message,
      /Plugin 1\.2\.3 is in no package registry .*download .*first\.zip yourself, save it as /,
    );
    return true;
  });
  assert.deepEqual(asked, []);
});

test('a file put there by hand is taken when its header names the version, and its digest is recorded', async () => {
  await writeFile(given(), plugin('1.2.3'));
  await describe({});
  const pinned = await pinArchives(image, ['plugin.zip'], cacheDir);
  const digest = sha256(plugin('1.2.3'));
  assert.equal(pinned[0]?.sha256, digest);
  assert.deepEqual(archiveLabels(pinned), { 'dev.souk.archive.plugin.zip': `1.2.3@sha256:${digest}` });
});

test('a file of another version, or one that is no zip file, is refused with what it is', async () => {
  await describe({});
  await writeFile(given(), plugin('1.2.4'));
  await assert.rejects(
    obtain(),
    /is not Plugin 1\.2\.3: its plugin\/plugin\.php names version 1\.2\.4; put the archive of 1\.2\.3/,
  );
  await writeFile(given(), '<html>not found</html>');
  await assert.rejects(obtain(), /is not Plugin 1\.2\.3: its plugin\/plugin\.php names no version/);
  await writeFile(given(), zip('other/other.php', 'Version: 1.2.3'));
  await assert.rejects(obtain(), /names no version/);
});

test('a name that archives.json does not know is a mistake, not a missing archive', async () => {
  await describe({});
  await assert.rejects(pinArchives(image, ['other.zip'], cacheDir), (error) => !(error instanceof ArchiveMissing));
});
