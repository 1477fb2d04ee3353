// How long a pod's start waits for its network policies, with few and with many stores: namespaces with the policies that a store
// really has, and pods that are objects alone (nobody schedules them). A new pod is created and attached as the CNI attaches it;
// the enforcer's answer means that the pod's rules are in the kernel. Before the namespaces are made, the same is measured for
// the floor. Needs a running local platform that nobody else uses, because its pod addresses are taken from the end of the range.
//
//   node benchmarks/network-policies/run.ts [--stores 200] [--pods-per-store 4] [--samples 50]
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { parseArgs, promisify } from 'node:util';
import { platformPaths } from '@souk/local';
import { connectKube } from '@souk/server/kube/connect-kube.ts';
import type { Manifest } from '@souk/server/kube/kinds.ts';
import { guardrailObjects } from '@souk/server/reconcile/guardrail-objects.ts';
import { PLANS } from '@souk/server/tenants/plans.ts';
import { distributionOf } from '../shared/distribution.ts';
import { openPlatform } from '../shared/platform.ts';

const run = promisify(execFile);
const AT_ONCE = 8;
const LABEL = 'souk.dev/benchmark';

const { values: options } = parseArgs({
  options: {
    stores: { type: 'string', default: '200' },
    'pods-per-store': { type: 'string', default: '4' },
    samples: { type: 'string', default: '50' },
  },
});
const stores = Number(options.stores);
const podsPerStore = Number(options['pods-per-store']);
const samples = Number(options.samples);

type Attached = { container: string; address: string; namespace: string; name: string; uid: string };

const paths = platformPaths();
const { facts, images } = await openPlatform();
const kube = await connectKube({ kubeconfig: facts.kubeconfig, context: null });
const prefix = `policies-${Date.now().toString(36).slice(-5)}`;
const attached: Attached[] = [];
const namespaces: string[] = [];

try {
  await makeStore(0);
  const floor = await measure(0);
  const startedAt = performance.now();
  for (let made = 1; made < stores; made += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, stores - made) }, (_, index) => made + index);
    await Promise.all(numbers.map(makeStore));
  }
  console.error(`${stores} namespaces made in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  const full = await measure(stores - 1);
  const rows = [
    ['1 store: attach → in the kernel', floor.attachMs],
    ['1 store: pod created → in the kernel', floor.createMs],
    [`${stores} stores: attach → in the kernel`, full.attachMs],
    [`${stores} stores: pod created → in the kernel`, full.createMs],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  console.log(
    `${''.padEnd(width)}  ${['n', 'min', 'p50', 'p95', 'max'].map((title) => title.padStart(7)).join(' ')}  milliseconds`,
  );
  for (const [name, times] of rows) {
    const { count, min, p50, p95, max } = distributionOf(times);
    const figures = [min, p50, p95, max].map((ms) => ms.toFixed(1).padStart(7)).join(' ');
    console.log(`${name.padEnd(width)}  ${String(count).padStart(7)} ${figures}`);
  }
  const rules = await run('nsenter', [`--net=${paths.netnsFile}`, 'nft', 'list', 'table', 'inet', 'network-policies'], {
    maxBuffer: 256 * 1024 * 1024,
  });
  console.log(`${rules.stdout.split('\n').length} lines of rules, ${attached.length} pods`);
} finally {
  for (const one of attached) await tell('detach', one);
  for (const name of namespaces) {
    const found = await kube.get('Namespace', { name });
    if (found !== null) await kube.delete('Namespace', { name }, { uid: found.metadata.uid });
  }
  kube.close();
}

/** A namespace with a store's policies and pods, all of them attached. */
async function makeStore(number: number): Promise<void> {
  const namespace = namespaceOf(number);
  await kube.createIfAbsent('Namespace', { metadata: { name: namespace } });
  namespaces.push(namespace);
  const scope = {
    namespace,
    store: { id: `sto_${String(number).padStart(10, '0')}`, tenantId: 'ten_benchmark0', engine: 'medusa' },
    settings: {
      apiSubject: null,
      closedNetworks: [],
      ingressNamespace: 'souk-ingress',
      ingressPodLabels: { 'app.kubernetes.io/name': 'souk-ingress' },
    },
  } as unknown as Parameters<typeof guardrailObjects>[0];
  for (const { kind, manifest } of guardrailObjects(scope, PLANS.standard, [])) {
    if (kind === 'NetworkPolicy') await kube.createIfAbsent(kind, manifest);
  }
  for (let pod = 0; pod < podsPerStore; pod += 1) await addPod(namespace, `pod-${pod}`);
}

async function measure(number: number): Promise<{ attachMs: number[]; createMs: number[] }> {
  const attachMs: number[] = [];
  const createMs: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const times = await addPod(namespaceOf(number), `sample-${sample}`);
    attachMs.push(times.attachMs);
    createMs.push(times.createMs);
  }
  return { attachMs, createMs };
}

async function addPod(namespace: string, name: string): Promise<{ attachMs: number; createMs: number }> {
  const startedAt = performance.now();
  await kube.createIfAbsent('Pod', podManifest(namespace, name));
  const pod = await kube.get('Pod', { name, namespace });
  if (pod === null) throw new Error(`the pod ${namespace}/${name} went away`);
  const one = { container: `${namespace}-${name}`, address: nextAddress(), namespace, name, uid: pod.metadata.uid };
  const createdAt = performance.now();
  attached.push(one);
  await tell('attach', one);
  const now = performance.now();
  return { attachMs: now - createdAt, createMs: now - startedAt };
}

function podManifest(namespace: string, name: string): Manifest {
  return {
    metadata: { name, namespace, labels: { [LABEL]: 'true', 'souk.dev/web': 'true' } },
    // No scheduler has this name, so the pod stays an object.
    spec: { schedulerName: 'nobody', containers: [{ name: 'pod', image: images.pause ?? 'pause' }] },
  };
}

function namespaceOf(number: number): string {
  return `${prefix}-${number}`;
}

/** From the end of 10.244.0.0/22 downward; real pods get theirs from its beginning. */
function nextAddress(): string {
  const offset = 1022 - attached.length;
  if (offset < 64) throw new Error('the pod network has no more addresses: fewer stores, pods or samples');
  return `10.244.${offset >> 8}.${offset & 255}`;
}

async function tell(verb: 'attach' | 'detach', attachment: Attached): Promise<void> {
  const socket = connect(paths.policiesSocket);
  socket.write(`${JSON.stringify({ verb, attachment })}\n`);
  const { error } = JSON.parse(await text(socket)) as { error: string };
  if (error !== '') throw new Error(`${verb} of ${attachment.namespace}/${attachment.name}: ${error}`);
}
