// What a store's pod tries over the network. All addresses are tried at once; a group counts as reached when any of it is. What not
// even the node reaches is told, because it would prove nothing.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Platform } from '../platform.ts';
import type { Attempt } from './attempts.ts';
import { callAs } from './cluster-identity.ts';
import { type PodRef, reachFromPod } from './inside-pod.ts';
import type { StandIns } from './stand-ins.ts';
import { STAND_IN_PORT, type Target } from './targets.ts';

export interface NetworkScene {
  readonly platform: Platform;
  readonly standIns: StandIns;
  /** The pod that tries. */
  readonly pod: PodRef;
  /** Namespace of the store that it tries to get at. */
  readonly neighbour: string;
}

interface Group {
  readonly what: string;
  readonly mayReach: boolean;
  /** False for names, which only pods can look up, and for what must not even listen. */
  readonly isKnownToNode?: boolean;
  readonly find: (scene: NetworkScene) => Promise<readonly Omit<Target, 'what' | 'mayReach'>[]>;
}

const GROUPS: readonly Group[] = [
  { what: 'its own store, by name (so the probe works)', mayReach: true, isKnownToNode: false, find: ownService },
  { what: 'the internet (stand-in; so the probe works)', mayReach: true, find: standIn(/internet/) },
  { what: 'the neighbour’s pods, every port: web, backend, database, cache', mayReach: false, find: podsOf },
  { what: 'the neighbour’s Services, every port', mayReach: false, find: servicesOf },
  { what: 'the neighbour’s Services, by name', mayReach: false, isKnownToNode: false, find: serviceNamesOf },
  { what: 'the API server, by its Service and by the node', mayReach: false, find: apiServer },
  { what: 'the kubelet', mayReach: false, find: async ({ platform }) => [{ host: nodeIp(platform), port: 10_250 }] },
  {
    what: 'etcd, and the health and metrics of the node’s parts',
    mayReach: false,
    isKnownToNode: false,
    find: async ({ platform }) =>
      [2379, 2380, 2381, 10_248, 10_249, 10_255, 10_256, 10_257, 10_259].map((port) => ({
        host: nodeIp(platform),
        port,
      })),
  },
  { what: 'the ingress controller, by its pod and by the node', mayReach: false, find: ingressController },
  { what: 'the name server’s other ports', mayReach: false, find: nameServer },
  {
    what: 'the platform’s PostgreSQL, API and workers, by the machine’s end of the link',
    mayReach: false,
    isKnownToNode: false,
    find: platformPorts,
  },
  { what: 'the machine, by its own addresses (stand-ins)', mayReach: false, find: standIn(/machine/) },
  { what: 'the metadata service 169.254.169.254 (stand-in)', mayReach: false, find: standIn(/metadata/) },
  {
    what: 'private networks 10/8, 172.16/12, 192.168/16, 100.64/10 (stand-ins)',
    mayReach: false,
    find: standIn(/private|carrier/),
  },
];

export function networkAttempts(scene: () => Promise<NetworkScene>): Attempt[] {
  let trying: Promise<Map<Group, string>> | null = null;
  return GROUPS.map((group) => ({
    what: `reach ${group.what}`,
    expected: wordOf(group.mayReach),
    tryIt: async () => {
      trying ??= scene().then(tryGroups);
      return (await trying).get(group) ?? 'not tried';
    },
  }));
}

async function tryGroups(scene: NetworkScene): Promise<Map<Group, string>> {
  const found = await Promise.all(
    GROUPS.map(async (group) => ({
      group,
      targets: (await group.find(scene)).map(
        (place): Target => ({ ...place, what: group.what, mayReach: group.mayReach }),
      ),
    })),
  );
  const all = found.flatMap(({ targets }) => targets);
  const known = found.filter(({ group }) => group.isKnownToNode !== false).flatMap(({ targets }) => targets);
  const fromNode = await scene.standIns.reachFromNode(known);
  const fromPod = await reachFromPod(scene.platform, scene.pod, all);
  return new Map(
    found.map(({ group, targets }) => [
      group,
      judge(targets, known.includes(targets[0] as Target) ? fromNode : null, fromPod),
    ]),
  );
}

function judge(targets: readonly Target[], fromNode: ReadonlySet<Target> | null, fromPod: ReadonlySet<Target>): string {
  const list = (some: readonly Target[]): string => some.map(({ host, port }) => `${host}:${port}`).join(', ');
  if (targets.length === 0) return 'there was nothing to try';
  const absent = targets.filter((target) => fromNode !== null && !fromNode.has(target));
  if (absent.length > 0) return `the node does not reach it either: ${list(absent)}`;
  const reached = targets.filter((target) => fromPod.has(target));
  if (reached.length === 0) return wordOf(false);
  return reached.length === targets.length && targets.every(({ mayReach }) => mayReach)
    ? wordOf(true)
    : `reached: ${list(reached)}`;
}

function wordOf(isReached: boolean): string {
  return isReached ? 'reached' : 'not reached';
}

type Place = Omit<Target, 'what' | 'mayReach'>;

function standIn(pattern: RegExp): Group['find'] {
  return async ({ standIns }) =>
    standIns.targets.filter(({ what }) => pattern.test(what)).map(({ host }) => ({ host, port: STAND_IN_PORT }));
}

function nodeIp({ facts }: Platform): string {
  return facts.nodeIp;
}

interface Listed {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: {
      readonly clusterIP?: string;
      readonly ports?: readonly { readonly port: number; readonly nodePort?: number; readonly protocol?: string }[];
      readonly containers?: readonly {
        readonly ports?: readonly { readonly containerPort: number; readonly protocol?: string }[];
      }[];
    };
    readonly status: { readonly podIP?: string };
  }[];
}

async function list({ platform }: NetworkScene, kind: string, namespace: string): Promise<Listed['items']> {
  const { code, stdout, stderr } = await callAs(platform, 'admin', ['-n', namespace, 'get', kind, '-o', 'json']);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as Listed).items;
}

async function podPlaces(scene: NetworkScene, namespace: string): Promise<Place[]> {
  return (await list(scene, 'pods', namespace)).flatMap(({ spec, status }) =>
    (spec.containers ?? [])
      .flatMap(({ ports = [] }) => ports)
      .filter(({ protocol }) => protocol !== 'UDP')
      .map(({ containerPort }) => ({ host: status.podIP ?? '', port: containerPort })),
  );
}

async function ownService({ pod }: NetworkScene): Promise<Place[]> {
  return [{ host: `shop.${pod.namespace}.svc.cluster.local`, port: 8080 }];
}

async function podsOf(scene: NetworkScene): Promise<Place[]> {
  return await podPlaces(scene, scene.neighbour);
}

async function servicesOf(scene: NetworkScene): Promise<Place[]> {
  return (await list(scene, 'services', scene.neighbour)).flatMap(({ spec }) =>
    spec.clusterIP === undefined || spec.clusterIP === 'None'
      ? []
      : (spec.ports ?? []).map(({ port }) => ({ host: spec.clusterIP ?? '', port })),
  );
}

async function serviceNamesOf(scene: NetworkScene): Promise<Place[]> {
  return (await list(scene, 'services', scene.neighbour)).flatMap(({ metadata, spec }) =>
    (spec.ports ?? []).map(({ port }) => ({ host: `${metadata.name}.${scene.neighbour}.svc.cluster.local`, port })),
  );
}

async function apiServer(scene: NetworkScene): Promise<Place[]> {
  const [kubernetes] = await list(scene, 'services', 'default');
  return [
    { host: kubernetes?.spec.clusterIP ?? '', port: 443 },
    { host: nodeIp(scene.platform), port: 6443 },
  ];
}

async function ingressController(scene: NetworkScene): Promise<Place[]> {
  const services = await list(scene, 'services', 'souk-ingress');
  const nodePorts = services.flatMap(({ spec }) => spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);
  return [
    ...(await podPlaces(scene, 'souk-ingress')),
    ...nodePorts.map((port) => ({ host: nodeIp(scene.platform), port })),
  ];
}

async function nameServer(scene: NetworkScene): Promise<Place[]> {
  const { stdout } = await callAs(scene.platform, 'admin', [
    '-n',
    'kube-system',
    'get',
    'pods',
    '-l',
    'k8s-app=kube-dns',
    '-o',
    'json',
  ]);
  return (JSON.parse(stdout) as Listed).items.flatMap(({ status }) =>
    [8080, 8181].map((port) => ({ host: status.podIP ?? '', port })),
  );
}

async function platformPorts({ platform }: NetworkScene): Promise<Place[]> {
  const read = async (...parts: string[]): Promise<unknown> =>
    JSON.parse(await readFile(path.join(platform.home, ...parts), 'utf8'));
  const { hostIp } = (await read('network.json')) as { hostIp: string };
  const ports = (await read('config', 'ports.json')) as { api: number; database: number; workers: number[] };
  return [ports.database, ports.api, ...ports.workers, platform.facts.port].map((port) => ({ host: hostIp, port }));
}
