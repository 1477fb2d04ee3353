import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  deleteKindCluster,
  ensureKindCluster,
  hasKindCluster,
  type KindOptions,
  stopKindCluster,
} from './kind-cluster.ts';
import { derivePaths, type PlatformPaths } from './platform-paths.ts';

// docker, kind and kubectl are stand-ins that write down what they were asked: there is no Docker here.
let folder = '';
let paths: PlatformPaths;
let options: KindOptions;
const pathBefore = process.env.PATH;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-kind-'));
  paths = derivePaths(path.join(folder, 'home'), path.join(folder, 'cache'));
  await mkdir(path.join(folder, 'bin'));
  const images = { ingress: 'souk.local/ingress:1111', shop: 'souk.local/shop:2222' };
  options = { programs: path.join(folder, 'bin'), images };
  await program('kind', '');
  await program('kubectl', 'case "$*" in *apply*) cat >/dev/null;; esac');
  // The cluster's container is there once kind has made it, and runs until it is stopped; the node has no image yet.
  await program(
    'docker',
    `case "$1" in
container) cat ${folder}/state 2>/dev/null;;
start) echo true >${folder}/state;;
stop) echo false >${folder}/state;;
exec) cat ${folder}/present 2>/dev/null || true;;
esac`,
  );
  process.env.PATH = `${path.join(folder, 'bin')}:${pathBefore}`;
});
after(async () => {
  process.env.PATH = pathBefore;
  await rm(folder, { recursive: true });
});

async function program(name: string, script: string): Promise<void> {
  const text = `#!/bin/sh\necho "${name} $*" >>${folder}/asked\n${script}\n`;
  await writeFile(path.join(folder, 'bin', name), text, { mode: 0o755 });
}
async function asked(): Promise<string[]> {
  const lines = (await readFile(path.join(folder, 'asked'), 'utf8')).trim().split('\n');
  await writeFile(path.join(folder, 'asked'), '');
  return lines.filter((line) => line !== 'kind version' && !line.startsWith('kubectl'));
}

test('the first start makes the cluster with its own kubeconfig, brings the images in, and reaches the controller', async () => {
  assert.equal(await hasKindCluster(paths), false);
  const { kubeconfig, ingressUrl } = await ensureKindCluster(paths, options);
  const config = path.join(paths.config, 'kind.json');
  const node = `${paths.netns}-control-plane`;
  assert.deepEqual(await asked(), [
    `docker container inspect --format {{.State.Running}} ${node}`,
    `kind create cluster --name ${paths.netns} --config ${config} --kubeconfig ${kubeconfig} --wait 180s`,
    `docker exec ${node} ctr --namespace k8s.io images ls -q`,
    `kind load image-archive ${paths.cache}/images/ingress-1111.oci.tar --name ${paths.netns}`,
    `kind load image-archive ${paths.cache}/images/shop-2222.oci.tar --name ${paths.netns}`,
  ]);
  const { nodes } = JSON.parse(await readFile(config, 'utf8'));
  const [{ containerPort, hostPort, listenAddress }] = nodes[0].extraPortMappings;
  assert.deepEqual({ containerPort, listenAddress }, { containerPort: 30080, listenAddress: '127.0.0.1' });
  assert.equal(ingressUrl, `http://127.0.0.1:${hostPort}`);
  assert.equal(await hasKindCluster(paths), true);
});

test('down stops its container, and the next start starts that one and brings in only what is new', async () => {
  await writeFile(path.join(folder, 'state'), 'true\n');
  await stopKindCluster(paths);
  await writeFile(path.join(folder, 'present'), 'souk.local/ingress:1111\n');
  await ensureKindCluster(paths, options);
  const node = `${paths.netns}-control-plane`;
  assert.deepEqual(await asked(), [
    `docker container inspect --format {{.State.Running}} ${node}`,
    `docker stop ${node}`,
    `docker container inspect --format {{.State.Running}} ${node}`,
    `docker start ${node}`,
    `docker exec ${node} ctr --namespace k8s.io images ls -q`,
    `kind load image-archive ${paths.cache}/images/shop-2222.oci.tar --name ${paths.netns}`,
  ]);
});

test('purge removes the cluster as a whole', async () => {
  await deleteKindCluster(paths);
  const kubeconfig = path.join(paths.config, 'kind.kubeconfig');
  assert.deepEqual(await asked(), [`kind delete cluster --name ${paths.netns} --kubeconfig ${kubeconfig}`]);
});
