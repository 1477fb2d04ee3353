// The two ways from outside to a store's pod that Kubernetes itself carries: a route of the ingress controller, and a forwarded port.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { freshName, makeStore, namespaceOf, removeStore } from '../stores.ts';
import { ROUTE_CHANGES_WITHIN_MS, until } from '../until.ts';

const FORWARDED_WITHIN_MS = 20_000;

describe('a pod of a store', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  let store: Store;
  let folder: string;
  before(async () => {
    platform = connectToPlatform();
    folder = await mkdtemp(path.join(tmpdir(), 'souk-route-'));
    store = await makeStore(platform.client, 'reach');
  });
  after(async () => {
    await removeStore(platform.client, store.id);
    await rm(folder, { recursive: true, force: true });
    platform.close();
  });

  it('answers through a forwarded port', { timeout: 3 * FORWARDED_WITHIN_MS }, async () => {
    const { facts } = platform;
    const signal = AbortSignal.timeout(FORWARDED_WITHIN_MS);
    // No port of its own: kubectl takes a free one and says which.
    const forwarding = spawn(
      path.join(facts.programsDir, 'kubectl'),
      ['--kubeconfig', facts.kubeconfig, 'port-forward', '-n', namespaceOf(store), 'pod/shop-0', ':8080'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const ended = once(forwarding, 'exit');
    const complaints = text(forwarding.stderr);
    try {
      const [line] = await Promise.race([
        once(createInterface(forwarding.stdout), 'line', { signal }),
        ended.then(async () => assert.fail(`kubectl ended: ${await complaints}`)),
      ]);
      const port = Number(/^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/.exec(String(line))?.[1]);
      assert.ok(port > 0, String(line));
      const [answer] = await once(request({ host: '127.0.0.1', port, path: '/products', signal }).end(), 'response');
      assert.equal(answer.statusCode, 200);
      const { products } = JSON.parse(await text(answer)) as { products: unknown[] };
      assert.ok(products.length > 0);
    } finally {
      forwarding.kill('SIGKILL');
      await ended;
    }
  });

  it('is served under a new route, and no longer when the route is removed', async (t) => {
    const name = freshName('route');
    const host = `${name}.${platform.facts.baseDomain}`;
    const status = async (): Promise<number> =>
      (await platform.shop({ storefrontUrl: `http://${host}` }, '/products')).status;
    const backend = { service: { name: 'shop', port: { name: 'http' } } };
    const file = path.join(folder, 'ingress.json');
    const ingress = {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
      metadata: { name, namespace: namespaceOf(store) },
      spec: {
        ingressClassName: 'souk',
        rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    };
    await writeFile(file, JSON.stringify(ingress));
    assert.equal(await status(), 404);

    for (const [words, verb, wanted] of [
      ['a new route was served', 'create', 200],
      ['a removed route was closed', 'delete', 404],
    ] as const) {
      await platform.kubectl(verb, '-f', file);
      // The object changed some moments before kubectl has ended, which costs this figure and no promise.
      const changedAt = performance.now();
      await until(words, ROUTE_CHANGES_WITHIN_MS, async () => (await status()) === wanted, 5);
      t.diagnostic(`${words} ${Math.round(performance.now() - changedAt)} ms after kubectl had ended`);
    }
  });
});
