// What a store's pod tries over the network. All addresses are tried at once; a group counts as reached when any of it is. What not
// even the node reaches is told, because it would prove nothing.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Platform } from '../platform.ts';
import type { Attempt } from './attempts.ts';
import { callAs } from './cluster-identity.ts';
import { execInPod, type PodRef, reachFromPod } from './inside-pod.ts';
import { linkLocalOf, type StandIns } from './stand-ins.ts';
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
  {
    what: 'the way out itself: its name server, and the machine’s loopback behind it',
    mayReach: false,
    isKnownToNode: false,
    find: wayOutPorts,
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

/** Over IPv6, which no policy speaks of: every end of every link has an address of its own accord. */
export function linkLocalAttempt(scene: () => Promise<NetworkScene>): Attempt {
  return {
    what: 'reach the node or the neighbour’s pods over IPv6, by the addresses of their links',
    expected: wordOf(false),
    tryIt: async () => {
      const { platform, standIns, pod, neighbour } = await scene();
      const [own] = (await list({ platform }, 'pods', pod.namespace)).filter(
        ({ metadata }) => metadata.name === pod.name,
      );
      const link = await standIns.linkOf(own?.status.podIP ?? '');
      // A machine without IPv6 has no such addresses, and nothing to be reached by.
      if (link.address === null) return wordOf(false);
      const target = (host: string, port: number): Target => ({ what: host, host, port, mayReach: false });
      const fromNode = [target(`${link.address}%${link.device}`, STAND_IN_PORT)];
      const targets = [STAND_IN_PORT, 6443, 10_250].map((port) => target(`${link.address}%eth0`, port));
      for (const { metadata, spec } of await list({ platform }, 'pods', neighbour)) {
        const { stdout } = await execInPod(platform, { namespace: neighbour, name: metadata.name }, [
          'cat',
          '/proc/net/if_inet6',
        ]);
        const address = linkLocalOf(stdout);
        const ports = (spec.containers ?? []).flatMap(({ ports = [] }) => ports.map((port) => port.containerPort));
        if (address !== null) targets.push(...ports.map((port) => target(`${address}%eth0`, port)));
      }
      const isThere = (await standIns.reachFromNode(fromNode)).size > 0;
      return isThere
        ? judge(targets, null, await reachFromPod(platform, pod, targets))
        : 'the node does not reach it either';
    },
  };
}

/** Names of stores are nobody's business; the name server is the one thing that all of them may ask. */
export function namesAttempt(scene: () => Promise<NetworkScene>): Attempt {
  return {
    what: 'learn of other stores from the name server: by addresses, wildcards, services',
    expected: 'none',
    tryIt: async () => {
      const now = await scene();
      const addresses = [...(await servicesOf(now)), ...(await podsOf(now))].map(({ host }) => host);
      const asked = JSON.stringify([...new Set([NAME_SERVER, ...addresses])]);
      const { stdout, stderr } = await execInPod(now.platform, now.pod, ['node', '-', asked], NAMES_SCRIPT);
      if (stdout === '') throw new Error(`the probe did not run: ${stderr}`);
      const told = JSON.parse(stdout) as string[];
      if (!told.some((name) => name.includes('kube-dns.kube-system'))) return 'it does not even name itself';
      const stores = told.filter((name) => /store-/.test(name) && !name.includes(now.pod.namespace));
      return stores.length === 0 ? 'none' : stores.join(', ');
    },
  };
}

const NAME_SERVER = '10.96.0.10';
const NAMES_SCRIPT = `
const dns = require('node:dns').promises;
const asked = JSON.parse(process.argv[2]).map((address) => dns.reverse(address));
for (const name of ['*.*.svc.cluster.local', 'any.any.svc.cluster.local', 'svc.cluster.local', 'cluster.local']) {
  asked.push(dns.resolveSrv(name).then((found) => found.map((one) => one.name)), dns.resolveCname(name), dns.resolveNs(name));
}
Promise.allSettled(asked).then((all) => {
  console.log(JSON.stringify(all.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))));
  process.exit();
});
`;

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

async function list(
  { platform }: Pick<NetworkScene, 'platform'>,
  kind: string,
  namespace: string,
): Promise<Listed['items']> {
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

async function wayOutPorts(scene: NetworkScene): Promise<Place[]> {
  const ports = (await platformPorts(scene)).map(({ port }) => port);
  return ['192.0.0.1', '192.0.0.2'].flatMap((host) => [53, ...ports].map((port) => ({ host, port })));
}

async function platformPorts({ platform }: NetworkScene): Promise<Place[]> {
  const read = async (...parts: string[]): Promise<unknown> =>
    JSON.parse(await readFile(path.join(platform.home, ...parts), 'utf8'));
  const { hostIp } = (await read('network.json')) as { hostIp: string };
  const ports = (await read('config', 'ports.json')) as { api: number; database: number; workers: number[] };
  return [ports.database, ports.api, ...ports.workers, platform.facts.port].map((port) => ({ host: hostIp, port }));
}
