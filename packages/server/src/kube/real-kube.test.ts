// What a cluster that has just been made cannot be had to say; the rest is in the conformance suite.
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { KubeError } from './kube-error.ts';
import { createKubeTransport } from './kube-transport.ts';
import { createRealKube } from './real-kube.ts';

const EXPIRED = {
  kind: 'Status',
  status: 'Failure',
  reason: 'Expired',
  code: 410,
  message: 'too old resource version',
};
const answers: Readonly<Record<string, RequestListener>> = {
  'in its answer': (_request, response) => response.writeHead(410).end(JSON.stringify(EXPIRED)),
  'as an event of a watch that has begun': (_request, response) =>
    response.end(`${JSON.stringify({ type: 'ERROR', object: EXPIRED })}\n`),
};

for (const [how, answer] of Object.entries(answers)) {
  it(`takes a version for expired where the server says so ${how}`, async () => {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const access = { ca: undefined, cert: undefined, key: undefined, isInsecure: false, authorize: async () => null };
    const kube = createRealKube(createKubeTransport({ ...access, server: url }), () => {
      throw new Error('no kubelet is asked here');
    });
    const watching = async () => {
      for await (const _ of kube.watch('Pod', { resourceVersion: '1' })) assert.fail('something was told');
    };
    try {
      await assert.rejects(watching(), (error) => error instanceof KubeError && error.isExpired);
    } finally {
      kube.close();
      server.close();
    }
  });
}
