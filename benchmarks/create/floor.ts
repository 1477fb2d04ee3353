// The floor under a create: the least that anybody would do by hand to get the same shop. A namespace, the Secrets, the same chart
// with the same values by a bare `helm install`, a watch until all is ready, and the same cart check. No queue, no guardrails, no
// events, no database. What Souk takes beyond this is Souk's own overhead.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoreId } from '@souk/contract';
import type { Engine } from '@souk/server/engines/engine.ts';
import { createShopTransport } from '@souk/server/engines/shop-transport.ts';
import { followObjects } from '@souk/server/kube/follow-objects.ts';
import type { Kube } from '@souk/server/kube/kube.ts';
import { isDeploymentReady, isStatefulSetReady } from '@souk/server/kube/readiness.ts';
import type { MeasuredPlatform } from '../shared/platform.ts';

const DEADLINE_MS = 120_000;

export interface FloorContext {
  readonly platform: MeasuredPlatform;
  readonly engine: Engine;
  readonly kube: Kube;
}

/** Step → milliseconds, in the order in which they were done. */
export type StepTimes = Readonly<Record<string, number>>;

export async function measureFloor(context: FloorContext, number: number): Promise<StepTimes> {
  const { kube } = context;
  const id = `floor${String(number).padStart(5, '0')}`;
  const namespace = `store-${id}`;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const times: Record<string, number> = {};
  const timed = async (step: string, run: () => Promise<unknown>): Promise<void> => {
    const startedAt = performance.now();
    await run();
    times[step] = performance.now() - startedAt;
  };
  try {
    await timed('namespace', () =>
      kube.createIfAbsent('Namespace', {
        metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
      }),
    );
    await timed('secrets', () => createSecrets(context, namespace));
    await timed('helm', () => installChart(context, id));
    await timed('workloads', () => watchUntilReady(context, namespace, signal));
    await timed('cart', () => checkCart(context, namespace, signal));
    return times;
  } finally {
    await removeFloor(context, namespace);
  }
}

async function createSecrets({ engine, kube }: FloorContext, namespace: string): Promise<void> {
  const secrets = await engine.secrets({
    title: namespace,
    adminEmail: 'owner@example.com',
    adminPassword: null,
    randomBytes,
  });
  for (const [name, stringData] of Object.entries(secrets)) {
    await kube.createIfAbsent('Secret', { metadata: { name, namespace }, type: 'Opaque', stringData });
  }
}

async function installChart({ platform, engine }: FloorContext, id: string): Promise<void> {
  const { facts, images } = platform;
  const values = engine.values({
    storeId: `sto_${id}` as StoreId,
    tenantId: 'ten_benchmark0',
    plan: 'standard',
    hosts: [`store-${id}.${facts.baseDomain}`],
    baseDomain: facts.baseDomain,
    publicScheme: 'http',
    ingressClass: 'souk',
    clusterIssuer: null,
    storageClass: null,
    hasUserNamespaces: true,
    images,
  });
  const release = `store-${id}`;
  const args = ['install', release, engine.chartPath, '--namespace', release, '--values', '-'];
  await new Promise<void>((resolve, reject) => {
    const env = { ...process.env, KUBECONFIG: facts.kubeconfig };
    const child = execFile(`${facts.programsDir}/helm`, args, { env, timeout: 60_000 }, (error, _stdout, stderr) => {
      if (error === null) {
        resolve();
      } else {
        reject(new Error(`helm install failed: ${stderr}`, { cause: error }));
      }
    });
    child.stdin?.end(JSON.stringify(values));
  });
}

async function watchUntilReady({ engine, kube }: FloorContext, namespace: string, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const following = AbortSignal.any([signal, ended.signal]);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => reject(signal.reason));
  const options = { signal: following, onChange: () => look() };
  const deployments = followObjects(kube, 'Deployment', { namespace }, options);
  const statefulSets = followObjects(kube, 'StatefulSet', { namespace }, options);
  const ready = () =>
    new Set([
      ...deployments.items().flatMap((item) => (isDeploymentReady(item) ? [`Deployment/${item.metadata.name}`] : [])),
      ...statefulSets
        .items()
        .flatMap((item) => (isStatefulSetReady(item) ? [`StatefulSet/${item.metadata.name}`] : [])),
    ]);
  const look = () => {
    const isReady = ready();
    if (engine.workloads('standard').every(({ kind, name }) => isReady.has(`${kind}/${name}`))) {
      resolve();
    }
  };
  try {
    await promise;
  } finally {
    ended.abort();
  }
}

async function checkCart(
  { platform, engine, kube }: FloorContext,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const { facts } = platform;
  const request = createShopTransport({
    connectTo: new URL(facts.ingressUrl),
    publicUrl: new URL(`http://${namespace}.${facts.baseDomain}:${facts.port}`),
    signal,
  });
  const secret = async (name: string, key: string): Promise<string> =>
    (await kube.readSecret({ name, namespace }, signal))?.[key] ?? '';
  for (;;) {
    try {
      await engine.verify({ request, secret });
      return;
    } catch (error) {
      if (signal.aborted) {
        throw error;
      }
      await delay(25);
    }
  }
}

async function removeFloor({ kube }: FloorContext, namespace: string): Promise<void> {
  const found = await kube.get('Namespace', { name: namespace });
  if (found === null) {
    return;
  }
  await kube.delete('Namespace', { name: namespace }, { uid: found.metadata.uid });
  const giveUpAt = performance.now() + DEADLINE_MS;
  while ((await kube.get('Namespace', { name: namespace })) !== null) {
    if (performance.now() > giveUpAt) {
      throw new Error(`namespace ${namespace} is still there after ${DEADLINE_MS / 1000} s`);
    }
    await delay(200);
  }
}
