// How long a route takes: from the write of an Ingress object to the first request that its service answers, and from its removal to
// the first that is answered 404 again. Asked through the ingress controller's address with the route's Host, one request after
// another. Beside it the floor: the write alone, and the same request to a route that is there all the time. Needs a running platform.
//
//   node benchmarks/route/run.ts [--rounds 50]
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectKube } from '@souk/server/kube/connect-kube.ts';
import type { Manifest } from '@souk/server/kube/kinds.ts';
import { formatRows } from '../shared/distribution.ts';
import { openPlatform } from '../shared/platform.ts';

const DEADLINE_MS = 60_000;
// Between two requests: small against what is measured, and the controller has the processor too.
const PAUSE_MS = 2;
const PORT = 8080;
const SERVE = `require('node:http').createServer((_, answer) => answer.end('here')).listen(${PORT});`;

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '50' } } });
const rounds = Number(options.rounds);

const { facts, images } = await openPlatform();
const kube = await connectKube({ kubeconfig: facts.kubeconfig, context: null });
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const namespace = `route-${Date.now().toString(36).slice(-5)}`;
const writeMs: number[] = [];
const liveMs: number[] = [];
const removalMs: number[] = [];
const goneMs: number[] = [];
const requestMs: number[] = [];

try {
  await kube.createIfAbsent('Namespace', { metadata: { name: namespace } });
  await startService();
  const standing = hostOf('standing');
  await kube.createIfAbsent('Ingress', ingress('standing'));
  await untilAnswered(standing, 200);
  for (let round = 1; round <= rounds; round += 1) {
    await measureRoute(`round-${round}`);
    const askedAt = performance.now();
    await untilAnswered(standing, 200);
    requestMs.push(performance.now() - askedAt);
  }
  const rows = [
    { name: 'written → served', samplesMs: liveMs },
    { name: '  the write alone', samplesMs: writeMs },
    { name: 'removed → 404', samplesMs: goneMs },
    { name: '  the removal alone', samplesMs: removalMs },
    { name: 'floor: a request to a standing route', samplesMs: requestMs },
  ];
  console.log('a route of the ingress controller, seconds');
  console.log(formatRows(rows, 3));
} finally {
  const found = await kube.get('Namespace', { name: namespace });
  if (found !== null) {
    await kube.delete('Namespace', { name: namespace }, { uid: found.metadata.uid });
  }
  agent.destroy();
  kube.close();
}

/** Both counted from before the call: what the API server takes is part of what somebody waits for. */
async function measureRoute(name: string): Promise<void> {
  const host = hostOf(name);
  await untilAnswered(host, 404);
  const writtenAt = performance.now();
  await kube.createIfAbsent('Ingress', ingress(name));
  writeMs.push(performance.now() - writtenAt);
  await untilAnswered(host, 200);
  liveMs.push(performance.now() - writtenAt);
  const route = await kube.get('Ingress', { name, namespace });
  if (route === null) {
    throw new Error(`the route ${name} went away`);
  }
  const removedAt = performance.now();
  await kube.delete('Ingress', { name, namespace }, { uid: route.metadata.uid });
  removalMs.push(performance.now() - removedAt);
  await untilAnswered(host, 404);
  goneMs.push(performance.now() - removedAt);
}

async function startService(): Promise<void> {
  const labels = { app: 'route' };
  await kube.createIfAbsent('Service', {
    metadata: { name: 'route', namespace },
    spec: { selector: labels, ports: [{ name: 'http', port: PORT }] },
  });
  await kube.createIfAbsent('Pod', {
    metadata: { name: 'route', namespace, labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'route',
          image: images.node,
          command: ['node', '-e', SERVE],
          readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
        },
      ],
    },
  });
}

function hostOf(name: string): string {
  return `${name}.${namespace}.${facts.baseDomain}`;
}

function ingress(name: string): Manifest {
  const backend = { service: { name: 'route', port: { name: 'http' } } };
  return {
    metadata: { name, namespace },
    spec: {
      ingressClassName: 'souk',
      rules: [{ host: hostOf(name), http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

async function untilAnswered(host: string, wanted: number): Promise<void> {
  const giveUpAt = performance.now() + DEADLINE_MS;
  for (;;) {
    const status = await ask(host);
    if (status === wanted) {
      return;
    }
    if (performance.now() > giveUpAt) {
      throw new Error(`${host} answers ${status} and not ${wanted}`);
    }
    await delay(PAUSE_MS);
  }
}

async function ask(host: string): Promise<number> {
  const answered = Promise.withResolvers<number>();
  const sent = request(facts.ingressUrl, { agent, headers: { host }, timeout: 10_000 }, (answer) => {
    answer.resume().once('end', () => answered.resolve(answer.statusCode ?? 0));
    answer.once('error', answered.reject);
  });
  sent.once('timeout', () => sent.destroy(new Error(`${host} had no answer within 10 s`)));
  sent.once('error', answered.reject);
  sent.end();
  return await answered.promise;
}
