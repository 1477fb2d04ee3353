import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { findIngressUrl, type Kubectl } from './find-ingress-url.ts';
import { PlatformError } from './platform-error.ts';

const CONTROLLER = {
  ingressClass: 'nginx',
  namespace: 'ingress-nginx',
  podLabels: 'app.kubernetes.io/name=ingress-nginx',
};
const LABELS = { 'app.kubernetes.io/name': 'ingress-nginx', 'app.kubernetes.io/component': 'controller' };

// It knows no store, and says so: all that is asked of it is to answer.
const controller = createServer((_, response) => response.writeHead(404).end());
let port = 0;
before(async () => {
  await once(controller.listen(0, '127.0.0.1'), 'listening');
  port = (controller.address() as AddressInfo).port;
});
after(() => controller.close());

interface Ports {
  readonly name?: string;
  readonly port: number;
  readonly nodePort?: number;
}

function service(ports: readonly Ports[], { selector = LABELS as object, ingress = [] as object[] } = {}) {
  return { metadata: { name: 'controller' }, spec: { selector, ports }, status: { loadBalancer: { ingress } } };
}

function pod(hostIP: string, phase = 'Running') {
  return { metadata: { labels: LABELS }, status: { phase, hostIP } };
}

/** Answers with these, and refuses to be asked for anything but the controller's namespace. */
function cluster(pods: readonly object[], services: readonly object[]): Kubectl {
  return async (verb, kind, namespace) => {
    assert.deepEqual([verb, namespace], ['get', '--namespace=ingress-nginx']);
    const items = kind === 'pods' ? pods : services;
    return { code: 0, signal: null, stdout: JSON.stringify({ items }), stderr: '' };
  };
}

test('the address of the load balancer is taken where the Service has one', async () => {
  const ports = [
    { name: 'https', port: 443 },
    { name: 'http', port, nodePort: 1 },
  ];
  const balanced = service(ports, { ingress: [{ ip: '127.0.0.1' }] });
  assert.equal(await findIngressUrl(cluster([pod('203.0.113.1')], [balanced]), CONTROLLER), `http://127.0.0.1:${port}`);
  const named = service(ports, { ingress: [{ hostname: 'localhost' }] });
  assert.equal(await findIngressUrl(cluster([pod('203.0.113.1')], [named]), CONTROLLER), `http://localhost:${port}`);
});

test('without one it is the node port, on a node where the controller runs', async () => {
  const waiting = service([
    { port: 443, nodePort: 1 },
    { port: 80, nodePort: port },
  ]);
  const pods = [pod('203.0.113.1', 'Pending'), pod('127.0.0.1')];
  assert.equal(await findIngressUrl(cluster(pods, [waiting]), CONTROLLER), `http://127.0.0.1:${port}`);
});

test('Services of others, and those for other things than http, are passed over', async () => {
  const others = service([{ port: 80, nodePort: 1 }], { selector: { app: 'another' } });
  const withoutPods = service([{ port: 80, nodePort: 1 }], { selector: {} });
  const webhook = service([{ name: 'https-webhook', port: 443, nodePort: 1 }]);
  const right = service([{ port: 80, nodePort: port }]);
  const asked = cluster([pod('127.0.0.1')], [others, withoutPods, webhook, right]);
  assert.equal(await findIngressUrl(asked, CONTROLLER), `http://127.0.0.1:${port}`);
});

for (const [what, asked, says] of [
  [
    'nothing leads there from outside',
    cluster([pod('127.0.0.1')], [service([{ port: 80 }])]),
    /no Service in namespace/,
  ],
  ['no pod of it runs', cluster([], [service([{ port: 80, nodePort: 1 }])]), /no Service in namespace/],
  // Port 1 of this machine: nobody listens there.
  [
    'the address does not answer',
    cluster([pod('127.0.0.1')], [service([{ port: 80, nodePort: 1 }])]),
    /does not answer/,
  ],
  [
    'one may not look',
    async () => ({ code: 1, signal: null, stdout: '', stderr: 'services is forbidden' }),
    /services is forbidden/,
  ],
] as const) {
  test(`where ${what}, that is said with the option that names the address`, async () => {
    await assert.rejects(findIngressUrl(asked, CONTROLLER), (error: unknown) => {
      assert.ok(error instanceof PlatformError);
      assert.match(error.message, says);
      assert.match(error.remedy, /--ingress-url/);
      return true;
    });
  });
}
