import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { adoptCluster } from './existing-cluster.ts';
import { PlatformError } from './platform-error.ts';
import { derivePaths, type PlatformPaths } from './platform-paths.ts';

let folder = '';
let paths: PlatformPaths;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-existing-'));
  paths = derivePaths(path.join(folder, 'home'), path.join(folder, 'cache'));
  await mkdir(path.join(folder, 'bin'));
  await kubectl(`case "$*" in
*"config view"*) echo '{"clusters":[{"cluster":{"server":"https://one"}}]}';;
*namespace*) echo uid-of-one;;
*ingressclasses*) printf souk;;
*pods*) echo pod/controller;;
*storageclasses*) echo '{"items":[{"metadata":{"name":"fast","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}]}';;
esac`);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A stand-in that writes down what it is asked. */
async function kubectl(script: string): Promise<void> {
  const text = `#!/bin/sh\necho "$*" >>${folder}/asked\n${script}\n`;
  await writeFile(path.join(folder, 'bin', 'kubectl'), text, { mode: 0o755 });
}
const adopt = (cluster: Parameters<typeof adoptCluster>[1]) => adoptCluster(paths, cluster, path.join(folder, 'bin'));
const firstAsked = async (): Promise<string | undefined> =>
  (await readFile(path.join(folder, 'asked'), 'utf8')).split('\n')[0];

test('a context alone is looked for where kubectl looks by itself', async () => {
  await adopt({ context: 'two', ingressUrl: 'http://192.0.2.1' });
  assert.match((await firstAsked()) ?? '', /^--context=two config view --minify/);
});

test('a file is taken instead of any that the environment names', async () => {
  const { kubeconfig, ingressUrl } = await adopt({ kubeconfig: '/etc/some', ingressUrl: 'http://192.0.2.1' });
  assert.match((await firstAsked()) ?? '', /^--kubeconfig=\/etc\/some config view --minify/);
  assert.deepEqual({ kubeconfig, ingressUrl }, { kubeconfig: paths.kubeconfig, ingressUrl: 'http://192.0.2.1' });
});

test('a cluster that cannot be used is told with where it was looked for and what to do', async () => {
  const before = process.env.KUBECONFIG;
  delete process.env.KUBECONFIG;
  await kubectl('echo "error: context \\"two\\" does not exist" >&2; exit 1');
  try {
    await assert.rejects(adopt({ context: 'two' }), (error: unknown) => {
      assert.ok(error instanceof PlatformError);
      assert.match(error.message, /^~\/\.kube\/config can't be used: error: context "two" does not exist/);
      assert.match(error.remedy, /--kubeconfig/);
      return true;
    });
  } finally {
    if (before !== undefined) process.env.KUBECONFIG = before;
  }
});
