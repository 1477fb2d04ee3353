// The launcher in a checkout without packages, on a machine whose node, npm and df are stand-ins.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { inRepository } from './testing/repository.ts';

const GIB_IN_KB = 1024 * 1024;

let folder = '';
let checkout = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-launcher-'));
  checkout = path.join(folder, 'checkout');
  for (const made of [checkout, path.join(folder, 'bin'), path.join(folder, 'tmp')]) await mkdir(made);
  await cp(inRepository('souk'), path.join(checkout, 'souk'));
  await writeFile(path.join(checkout, 'package-lock.json'), '{}');
  await standIn('node', 'case "$1" in -p) echo 24;; *) echo v24.0.0;; esac');
  await standIn('npm', `touch ${folder}/npm-was-asked; exit 1`);
  await hasFree(100 * GIB_IN_KB);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function standIn(name: string, script: string): Promise<void> {
  const file = path.join(folder, 'bin', name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

async function hasFree(kilobytes: number): Promise<void> {
  const lines = ['Filesystem 1024-blocks Used Available Capacity Mounted on', `/dev/vda 9 9  ${kilobytes} 9% /`];
  await standIn('df', `printf '%s\\n' '${lines.join("' '")}'`);
}

function launch(): { code: number | null; error: string } {
  const env = { PATH: `${path.join(folder, 'bin')}:${process.env.PATH}`, TMPDIR: path.join(folder, 'tmp') };
  const { status, stderr } = spawnSync(path.join(checkout, 'souk'), ['status'], { env, encoding: 'utf8' });
  return { code: status, error: stderr };
}

const wasAsked = async (): Promise<boolean> => (await readdir(folder)).includes('npm-was-asked');

test('a disk without room for the packages is told before npm is asked for them', async () => {
  await hasFree(GIB_IN_KB - 1024);
  const { code, error } = launch();
  assert.equal(code, 1);
  assert.match(error, new RegExp(`only 1023 MB are free for ${checkout}; 1024 MB are needed`));
  assert.match(error, /what to do: make room on that disk/);
  assert.equal(await wasAsked(), false);
});

test('a disk that is full before npm has ended is blamed, and not the registry', async () => {
  await standIn('npm', 'echo "npm error code ENOSPC"; exit 228');
  const { code, error } = launch();
  assert.equal(code, 1);
  assert.match(error, /npm error code ENOSPC[\s\S]*the disk is full[\s\S]*what to do: make room/);
  assert.doesNotMatch(error, /registry/);
});

test('packages that npm cannot get are told with its log and the registry', async () => {
  const { code, error } = launch();
  assert.equal(code, 1);
  assert.match(error, /npm install failed; the whole log: [\s\S]*what to do: see that the npm registry can be reached/);
  assert.equal(await wasAsked(), true);
});

test('a Node that is too old or not there is told with what to do', async () => {
  await standIn('node', 'case "$1" in -p) echo 18;; *) echo v18.1.0;; esac');
  assert.match(
    launch().error,
    /Node\.js v18\.1\.0 is too old; 20 or newer is needed\.\nsouk: what to do: install a newer/,
  );
  assert.equal(await wasAsked(), false);
});
