import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { run } from '../host/run.ts';
import { downloadPrograms, type Limits } from './download-programs.ts';
import { BUILT_ONLY, DOWNLOADS, type Download } from './downloads.ts';
import { GO_FOLDER } from './ensure-programs.ts';
import { moduleVersion, PROGRAMS } from './program-list.ts';

const LIMITS: Limits = { answersWithinMs: 300, silentMs: 300, wholeMs: 5_000 };
const PROGRAM = Buffer.from('#!/bin/sh\necho tool version 1.2.3\n');
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

let folder = '';
let server: Server;
let asked: string[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-download-'));
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

function site(): string {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return `http://127.0.0.1:${address.port}`;
}
function download(name: string, content: Buffer, more: Partial<Download> = {}): Download {
  const digest = sha256(content);
  return {
    version: 'v1.2.3',
    module: 'example.org/tool',
    url: `${site()}/${name}`,
    sha256: { amd64: digest, arm64: digest },
    versionArguments: ['--version'],
    ...more,
  };
}
async function fetchAll(
  downloads: Record<string, Download>,
): Promise<{ fetched: string[]; log: string; tookMs: number }> {
  const startedAt = performance.now();
  const logFile = path.join(folder, 'log', 'build.log');
  const target = path.join(folder, 'set');
  await mkdir(target, { recursive: true });
  const fetched = await downloadPrograms(new Map(Object.entries(downloads)), {
    folder: target,
    log: () => undefined,
    logFile,
    limits: LIMITS,
  });
  const left = (await readdir(target)).filter((name) => name.startsWith('.'));
  assert.deepEqual(left, [], 'half a download stays behind');
  for (const name of fetched) await access(path.join(target, name));
  return { fetched: [...fetched], log: await readFile(logFile, 'utf8'), tookMs: performance.now() - startedAt };
}

test('a release with the right digest and version is taken, also behind a redirect', async () => {
  answer = (request, response) => {
    if (request.url === '/tool') response.writeHead(302, { location: '/elsewhere' }).end();
    else response.end(PROGRAM);
  };
  const { fetched, log } = await fetchAll({ tool: download('tool', PROGRAM) });
  assert.deepEqual(fetched, ['tool']);
  assert.match(log, /downloaded tool v1\.2\.3/);
  assert.equal(await run([path.join(folder, 'set', 'tool')]), 'tool version 1.2.3\n');
});

test('a program is taken out of its archive', async () => {
  await mkdir(path.join(folder, 'inner'));
  await writeFile(path.join(folder, 'inner', 'tool'), PROGRAM);
  await run(['tar', '-czf', path.join(folder, 'archive'), '-C', folder, 'inner/tool']);
  const archive = await readFile(path.join(folder, 'archive'));
  answer = (_, response) => response.end(archive);
  const { fetched } = await fetchAll({ tool: download('tool.tar.gz', archive, { member: 'inner/tool' }) });
  assert.deepEqual(fetched, ['tool']);
});

test('a wrong digest is told loudly, and the program is left to be built', async () => {
  answer = (_, response) => response.end(Buffer.from('#!/bin/sh\necho tool version 1.2.3 # and more\n'));
  const { fetched, log } = await fetchAll({ tool: download('tool', PROGRAM) });
  assert.deepEqual(fetched, []);
  assert.match(log, new RegExp(`WRONG DIGEST: .*/tool has SHA-256 [0-9a-f]{64} and should have ${sha256(PROGRAM)}`));
});

test('a program that does not run or says another version is not taken', async () => {
  const other = Buffer.from('#!/bin/sh\necho tool version 1.2.4\n');
  const broken = Buffer.from('#!/bin/sh\nexit 3\n');
  answer = (request, response) => response.end(request.url === '/other' ? other : broken);
  const { fetched, log } = await fetchAll({ other: download('other', other), broken: download('broken', broken) });
  assert.deepEqual(fetched, []);
  assert.match(log, /other was not downloaded.*it says "tool version 1\.2\.4" and not v1\.2\.3/);
  assert.match(log, /broken was not downloaded.*ended with 3/);
});

test('a release that is not there costs only itself', async () => {
  answer = (request, response) => {
    if (request.url === '/gone') response.writeHead(404).end();
    else response.end(PROGRAM);
  };
  const { fetched, log } = await fetchAll({ gone: download('gone', PROGRAM), tool: download('tool', PROGRAM) });
  assert.deepEqual(fetched, ['tool']);
  assert.match(log, /gone was not downloaded.*answered 404/);
});

for (const [how, behaviour] of Object.entries({
  'says nothing': () => undefined,
  'goes silent in the middle': (response: ServerResponse) => response.write(PROGRAM.subarray(0, 5)),
  'cuts the connection': (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write(PROGRAM, () => response.socket?.destroy());
  },
})) {
  test(`a site that ${how} is given up soon and not asked again`, async () => {
    answer = (_, response) => void behaviour(response);
    const wanted = { one: download('one', PROGRAM), two: download('two', PROGRAM), three: download('three', PROGRAM) };
    const { fetched, log, tookMs } = await fetchAll(wanted);
    assert.deepEqual(fetched, []);
    assert.deepEqual(asked, ['/one']);
    assert.match(log, /127\.0\.0\.1:\d+ is not asked again/);
    assert.ok(tookMs < 2_000, `took ${tookMs} ms`);
  });
}

test('a site that refuses connections costs next to nothing', async () => {
  const wanted = { one: download('one', PROGRAM), two: download('two', PROGRAM) };
  server.close();
  const { fetched, log } = await fetchAll(wanted);
  assert.deepEqual(fetched, []);
  assert.match(log, /ECONNREFUSED/);
});

test('every program is either in the table of releases, in the version of go.mod, or built for a reason', async () => {
  const goMod = await readFile(path.join(GO_FOLDER, 'go.mod'), 'utf8');
  for (const { name } of PROGRAMS) {
    const release = DOWNLOADS[name];
    assert.notEqual(release === undefined, BUILT_ONLY[name] === undefined, name);
    if (release === undefined) continue;
    assert.equal(release.version, moduleVersion(goMod, release.module), name);
    assert.ok(release.url.includes(release.version), `${name}: the URL is of another version`);
    for (const digest of Object.values(release.sha256)) assert.match(digest, /^[0-9a-f]{64}$/);
  }
});
