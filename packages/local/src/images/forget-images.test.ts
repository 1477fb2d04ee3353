import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { forgetOldImages } from './forget-images.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-forget-'));
  // Stand in for ctr and kubectl: they tell what lies in a file, and ctr writes down what it was asked to remove.
  await program('ctr', `case "$4" in ls) cat ${folder}/present;; *) shift 4; echo "$*" >>${folder}/removed;; esac`);
  await program('kubectl', `cat ${folder}/workloads`);
  await writeFile(path.join(folder, 'workloads'), '{"items":[]}');
});
afterEach(() => rm(folder, { recursive: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
async function startWith(references: string[], present: string[]): Promise<string[]> {
  await writeFile(path.join(folder, 'removed'), '');
  await writeFile(path.join(folder, 'present'), ['REF TYPE DIGEST SIZE PLATFORMS LABELS', ...present].join('\n'));
  await forgetOldImages({
    references,
    generationsFile: path.join(folder, 'generations.json'),
    ctr: [path.join(folder, 'ctr')],
    kubectl: [path.join(folder, 'kubectl')],
    log: () => undefined,
  });
  return (await readFile(path.join(folder, 'removed'), 'utf8')).split(/\s+/).filter((word) => word !== '');
}

const one = 'souk.local/shop:1111';
const two = 'souk.local/shop:2222';
const three = 'souk.local/shop:3333';
const image = (reference: string, digest: string): string =>
  `${reference} application/x ${digest} 1.0 MiB linux/amd64 -`;

test('the images of this start and of the one before stay, older ones go with their id', async () => {
  const all = [
    image(one, 'sha256:a'),
    image(two, 'sha256:b'),
    image(three, 'sha256:c'),
    image('sha256:id-a', 'sha256:a'),
  ];
  assert.deepEqual(await startWith([one], all.slice(0, 1)), []);
  assert.deepEqual(await startWith([two], all.slice(0, 2)), []);
  assert.deepEqual(await startWith([two], all), [three], 'a start with the same images is no generation of its own');
  assert.deepEqual(await startWith([three], all), [one, 'sha256:id-a']);
});

test('an image that any workload names stays, however old it is', async () => {
  await writeFile(path.join(folder, 'workloads'), `{"items":[{"spec":{"replicas":0,"image":"${one}"}}]}`);
  await startWith([two], []);
  assert.deepEqual(await startWith([three], [image(one, 'sha256:a'), image('souk.local/old:9', 'sha256:z')]), [
    'souk.local/old:9',
  ]);
});

test('an id that a kept image has as well stays, and so do images that are not ours', async () => {
  const present = [
    image(one, 'sha256:a'),
    image(three, 'sha256:a'),
    image('sha256:id-a', 'sha256:a'),
    image('docker.io/x:1', 'sha256:q'),
  ];
  assert.deepEqual(await startWith([three], present), [one]);
});

test('nothing is removed while the cluster does not tell what it uses', async () => {
  await program('kubectl', 'exit 1');
  await assert.rejects(startWith([three], [image(one, 'sha256:a')]));
  assert.equal(await readFile(path.join(folder, 'removed'), 'utf8'), '');
});
