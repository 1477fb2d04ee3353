import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { builtName, GO_FOLDER } from './ensure-programs.ts';
import { moduleVersion, PROGRAMS, versionSettings } from './program-list.ts';

test('the name that the compiler gives a program is known from its import path', () => {
  assert.equal(builtName('./cmd/kubernetes'), 'kubernetes');
  assert.equal(builtName('helm.sh/helm/v3/cmd/helm'), 'helm');
  assert.equal(builtName('go.etcd.io/etcd/server/v3'), 'server');
});

test('programs report the versions that go.mod pins', async () => {
  const goMod = await readFile(path.join(GO_FOLDER, 'go.mod'), 'utf8');
  const version = moduleVersion(goMod, 'k8s.io/kubernetes');
  assert.match(version, /^v1\.\d+\.\d+$/);
  assert.ok(versionSettings(goMod).includes(`-X k8s.io/component-base/version.gitVersion=${version}`));
});

test('a module that go.mod does not pin is refused by name', () => {
  assert.throws(() => moduleVersion('module x\n', 'example.org/none'), /example\.org\/none/);
});

test('no two programs share a file name', () => {
  const names = PROGRAMS.flatMap(({ name, links }) => [name, ...(links ?? [])]);
  assert.equal(new Set(names).size, names.length);
});
