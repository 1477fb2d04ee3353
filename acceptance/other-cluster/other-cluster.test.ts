// A second platform without a node: it uses the cluster of the first one, as it would use anybody's.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createClient } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { makeStore, namespaceOf, removeStore } from '../stores.ts';

const run = promisify(execFile);
const SOUK = path.resolve(import.meta.dirname, '../../souk');
const ENGINE = path.resolve(import.meta.dirname, '../test-engine');

type End = { code: number; stderr: string };

describe('a platform in a cluster that is there already', { skip: whyNoPlatform() }, () => {
  let first: Platform;
  let folder: string;
  let home: string;
  let kubeconfig: string;
  let port: number;
  before(async () => {
    first = connectToPlatform();
    folder = await mkdtemp(path.join(tmpdir(), 'souk-other-'));
    home = `${first.home}-other`;
    kubeconfig = path.join(folder, 'kubeconfig');
    port = await freePort();
    // The current context leads nowhere: only --context finds the cluster.
    const own = JSON.parse(await first.kubectl('config', 'view', '--raw', '--flatten', '--output=json'));
    own.clusters.push({ name: 'nowhere', cluster: { server: 'https://127.0.0.1:1' } });
    own.contexts.push({ name: 'nowhere', context: { cluster: 'nowhere', user: own.users[0].name } });
    own.contexts.push({ name: 'the-one', context: own.contexts[0].context });
    own['current-context'] = 'nowhere';
    await writeFile(kubeconfig, JSON.stringify(own), { mode: 0o600 });
  });
  after(async () => {
    await souk({}, 'down', '--purge');
    await rm(folder, { recursive: true, force: true });
    first.close();
  });

  const souk = async (env: NodeJS.ProcessEnv, ...args: string[]): Promise<End> => {
    const options = { env: { ...process.env, KUBECONFIG: '', ...env, SOUK_HOME: home } };
    return await run(SOUK, args, options).then(
      ({ stderr }) => ({ code: 0, stderr }),
      ({ code, stderr }: End) => ({ code, stderr }),
    );
  };
  const up = async (env: NodeJS.ProcessEnv, ...more: string[]): Promise<End> => {
    const images = { IMAGES_FILE: path.join(first.home, 'images.json') };
    const always = ['--detach', '--port', String(port), '--engine-folder', ENGINE];
    return await souk({ ...images, ...env }, 'up', ...always, ...more);
  };
  const given = (...more: string[]): string[] => {
    const { ingressUrl } = readFacts(first.home);
    return ['--kubeconfig', kubeconfig, '--ingress-url', ingressUrl, ...more];
  };

  it('is told at once when the cluster does not answer', { timeout: 60_000 }, async () => {
    const { code, stderr } = await up({}, ...given());
    assert.equal(code, 1);
    assert.match(stderr, /the cluster does not answer/);
  });

  it('is told what the cluster lacks and which variable names it', { timeout: 60_000 }, async () => {
    const wrong = { INGRESS_CLASS: 'nginx', INGRESS_NAMESPACE: 'ingress-nginx', STORAGE_CLASS: 'fast' };
    const { code, stderr } = await up(wrong, ...given('--context', 'the-one'));
    assert.equal(code, 1);
    assert.match(stderr, /no IngressClass "nginx" but: souk; set INGRESS_CLASS/);
    assert.match(stderr, /namespace ingress-nginx has no pods labelled .* set INGRESS_NAMESPACE/);
    assert.match(stderr, /no StorageClass "fast" but: local-path/);
  });

  it('makes stores there, and is not removed while one is left', { timeout: 240_000 }, async () => {
    const started = await up({ STORAGE_CLASS: 'local-path' }, ...given('--context', 'the-one'));
    assert.equal(started.code, 0, started.stderr);
    const token = readFileSync(path.join(home, 'secrets', 'api-token'), 'utf8').trim();
    const client = createClient({ url: `http://127.0.0.1:${port}`, token });
    const store = await makeStore(client, 'elsewhere');
    const namespace = JSON.parse(await first.kubectl('get', 'namespace', namespaceOf(store), '--output=json'));
    assert.equal(namespace.status.phase, 'Active');

    const refused = await souk({}, 'down', '--purge');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /1 stores of this platform live in the cluster at https:/);
    assert.equal((await client.getStore(store.id)).phase, 'ready', 'the platform was stopped all the same');

    assert.equal((await souk({}, 'down')).code, 0);
    const stopped = await souk({}, 'down', '--purge');
    assert.equal(stopped.code, 1);
    assert.match(
      stopped.stderr,
      new RegExp(`holds namespaces of stores: .*${namespaceOf(store)}.*nothing was removed`),
    );

    // What the file and the controller's address are is found out as well as given.
    const again = await up({ KUBECONFIG: kubeconfig }, '--context', 'the-one');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(readFacts(home).ingressUrl, readFacts(first.home).ingressUrl);
    assert.equal((await client.getStore(store.id)).phase, 'ready');
    await removeStore(client, store.id);
    assert.equal((await souk({}, 'down', '--purge')).code, 0);
    assert.equal(existsSync(home), false);
  });
});

function readFacts(home: string): { ingressUrl: string } {
  return JSON.parse(readFileSync(path.join(home, 'platform.json'), 'utf8')) as { ingressUrl: string };
}

/** Below the range that outgoing connections take theirs from. */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = randomInt(20_000, 30_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
  throw new Error('50 ports in a row were taken');
}
