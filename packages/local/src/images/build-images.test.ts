import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { archiveOf, type BuiltImages, buildImages } from './build-images.ts';
import type { Build, Builder } from './builder.ts';
import { listImageNames } from './image-plan.ts';

let root = '';
let images = '';
let cacheDir = '';

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'souk-build-images-'));
  images = path.join(root, 'images');
  cacheDir = path.join(root, 'cache');
  await defineImage('zz-base', 'FROM scratch\n');
  await defineImage('zz-middle', 'FROM souk.local/zz-base\n');
  await defineImage('zz-top', 'FROM souk.local/zz-middle\nCOPY --from=souk.local/zz-base /a /a\n');
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function defineImage(name: string, dockerfile: string): Promise<void> {
  await mkdir(path.join(images, name), { recursive: true });
  await writeFile(path.join(images, name, 'Dockerfile'), dockerfile);
}

/** Builds nothing, but keeps to what a builder promises and tells what it was asked for. */
class FakeBuilder implements Builder {
  readonly name = 'buildah';
  readonly base = 'localhost/base:1';
  readonly asked: string[] = [];
  readonly dockerfiles = new Map<string, string>();
  readonly contexts = new Map<string, Record<string, string[]>>();
  readonly labels = new Map<string, Readonly<Record<string, string>>>();
  readonly known = new Set<string>();
  failsOn = '';

  async has(reference: string): Promise<boolean> {
    return this.known.has(reference);
  }
  async ensureBase(): Promise<void> {
    this.asked.push('base');
  }
  async build(build: Build): Promise<void> {
    this.asked.push(`build ${nameOf(build.reference)}`);
    this.dockerfiles.set(nameOf(build.reference), await readFile(build.dockerfile, 'utf8'));
    this.contexts.set(nameOf(build.reference), await readContexts(build));
    this.labels.set(nameOf(build.reference), build.labels);
    this.known.add(build.reference);
  }
  async save(reference: string, archive: string): Promise<void> {
    await writeFile(archive, 'half of an archive');
    if (nameOf(reference) === this.failsOn) throw new Error('the disk is full');
  }
  async load(reference: string): Promise<void> {
    this.asked.push(`load ${nameOf(reference)}`);
    this.known.add(reference);
  }
}

function nameOf(reference: string): string {
  return /^souk\.local\/(.*):/.exec(reference)?.[1] ?? '';
}

async function build(builder: Builder, ...names: string[]): Promise<Record<string, string>> {
  return (await buildAll(builder, ...names)).images;
}

async function buildAll(builder: Builder, ...names: string[]): Promise<BuiltImages> {
  return await buildImages({ names, cacheDir, log: () => {}, moreImagesDirs: [images], builder });
}

async function readContexts({ contexts }: Build): Promise<Record<string, string[]>> {
  const listed = Object.entries(contexts).map(
    async ([name, folder]) => [name, (await readdir(folder)).sort()] as const,
  );
  return Object.fromEntries(await Promise.all(listed));
}

async function archives(): Promise<string[]> {
  return (await readdir(path.join(cacheDir, 'images'))).filter((name) => name !== 'logs').sort();
}

test('images are built after those that they stand on, each from pinned references', async () => {
  const builder = new FakeBuilder();
  const references = await build(builder, 'zz-top');
  assert.deepEqual(builder.asked, ['build zz-base', 'build zz-middle', 'build zz-top']);
  assert.deepEqual(Object.keys(references), ['zz-top']);
  assert.match(references['zz-top'] ?? '', /^souk\.local\/zz-top:[0-9a-f]{16}$/);
  assert.match(
    builder.dockerfiles.get('zz-top') ?? '',
    /^FROM souk\.local\/zz-middle:[0-9a-f]{16}\nCOPY --from=souk\.local\/zz-base:[0-9a-f]{16} /,
  );
});

test('what is in the cache is not built again, whoever asks', async () => {
  const first = await build(new FakeBuilder(), 'zz-top');
  const builder = new FakeBuilder();
  assert.deepEqual(await build(builder, 'zz-top'), first);
  assert.deepEqual(builder.asked, []);
});

test('a change below renames and rebuilds everything above it and nothing else', async () => {
  await defineImage('zz-other', 'FROM scratch\n');
  const before = await build(new FakeBuilder(), 'zz-top', 'zz-other');
  await defineImage('zz-base', 'FROM scratch\nENV A=1\n');
  const builder = new FakeBuilder();
  const after = await build(builder, 'zz-top', 'zz-other');
  assert.deepEqual(builder.asked, ['build zz-base', 'build zz-middle', 'build zz-top']);
  assert.notEqual(after['zz-top'], before['zz-top']);
  assert.equal(after['zz-other'], before['zz-other']);
});

test('a builder that lost an image gets it back from the cache instead of building it again', async () => {
  await build(new FakeBuilder(), 'zz-base');
  const builder = new FakeBuilder();
  await build(builder, 'zz-middle');
  assert.deepEqual(builder.asked, ['load zz-base', 'build zz-middle']);
});

test('a build that fails leaves no archive, and the next one succeeds', async () => {
  const builder = new FakeBuilder();
  builder.failsOn = 'zz-middle';
  await assert.rejects(build(builder, 'zz-middle'), /the disk is full/);
  assert.deepEqual(
    (await archives()).map((name) => name.replace(/-[0-9a-f]{16}/, '')),
    ['zz-base.oci.tar'],
  );
  builder.failsOn = '';
  const reference = (await build(builder, 'zz-middle'))['zz-middle'] ?? '';
  assert.equal(await readFile(archiveOf(cacheDir, reference), 'utf8'), 'half of an archive');
});

test('a circle, an unknown name and a missing program are refused by name', async () => {
  await defineImage('zz-one', 'FROM souk.local/zz-two\n');
  await defineImage('zz-two', 'FROM souk.local/zz-one\n');
  await defineImage('zz-needy', 'FROM scratch\nCOPY --from=programs coredns /coredns\n');
  await assert.rejects(build(new FakeBuilder(), 'zz-one'), /circle: zz-one → zz-two → zz-one/);
  await assert.rejects(build(new FakeBuilder(), 'zz-nothing'), /no image "zz-nothing"; known: .*zz-base/);
  await assert.rejects(build(new FakeBuilder(), 'zz-needy'), /coredns is needed/);
});

test('a program that goes in is part of the hash', async () => {
  await defineImage('zz-needy', 'FROM scratch\nCOPY --from=programs coredns /coredns\n');
  const programsDir = path.join(root, 'programs');
  await mkdir(programsDir);
  const buildWith = async (content: string): Promise<string | undefined> => {
    await writeFile(path.join(programsDir, 'coredns'), content);
    const options = { cacheDir, programsDir, log: () => {}, moreImagesDirs: [images], builder: new FakeBuilder() };
    return (await buildImages({ ...options, names: ['zz-needy'] })).images['zz-needy'];
  };
  assert.notEqual(await buildWith('one'), await buildWith('two'));
});

async function defineArchive(digest: string | null): Promise<void> {
  const archive = { name: 'a.zip', title: 'A', version: '1', sha256: digest, cachedAs: 'a-1.zip', urls: [] };
  await writeFile(path.join(images, 'zz-archived', 'archives.json'), JSON.stringify([archive]));
}

test('an image whose archive is missing is left out with the reason, as is what stands on it, and all else is built', async () => {
  await defineImage('zz-archived', 'FROM scratch\nCOPY --from=archives a.zip /\n');
  await defineImage('zz-above', 'FROM souk.local/zz-archived\n');
  await defineArchive(null);
  const builder = new FakeBuilder();
  const built = await buildAll(builder, 'zz-base', 'zz-above', 'zz-archived');
  assert.deepEqual(Object.keys(built.images), ['zz-base']);
  assert.deepEqual(Object.keys(built.missing).sort(), ['zz-above', 'zz-archived']);
  assert.match(built.missing['zz-above'] ?? '', /A 1 is in no package registry/);

  await defineArchive('0'.repeat(64));
  const failed = await buildAll(builder, 'zz-above');
  assert.match(failed.missing['zz-above'] ?? '', /A 1 could not be downloaded/);
  assert.deepEqual(failed.images, {});
});

test('an archive goes into the build, its digest into the labels and into the name of every image above', async () => {
  await defineImage('zz-archived', 'FROM scratch\nCOPY --from=archives a.zip /\n');
  await defineImage('zz-above', 'FROM souk.local/zz-archived\n');
  await defineArchive(null);
  await mkdir(path.join(cacheDir, 'archives'), { recursive: true });
  await writeFile(path.join(cacheDir, 'archives', 'a-1.zip'), 'first');
  const builder = new FakeBuilder();
  const first = await build(builder, 'zz-above');
  assert.deepEqual(builder.contexts.get('zz-archived')?.archives, ['a.zip']);
  assert.match(builder.labels.get('zz-archived')?.['dev.souk.archive.a.zip'] ?? '', /^1@sha256:[0-9a-f]{64}$/);
  await writeFile(path.join(cacheDir, 'archives', 'a-1.zip'), 'second');
  assert.notDeepEqual(await build(new FakeBuilder(), 'zz-above'), first);
});

test('an image from which only others are made is not brought to nodes', async () => {
  await defineImage('zz-only', 'FROM scratch\nLABEL dev.souk.build-only=true\n');
  assert.ok((await listImageNames([images])).includes('zz-only'));
  assert.ok(!(await listImageNames([images], { forPods: true })).includes('zz-only'));
});
