// The node's own network namespace, joined to the host by one veth pair. Pods and Services have addresses that exist only
// inside it, so any number of platforms may use the same ones; only the pair's subnet is seen by the host and must be free.

import { readFile } from 'node:fs/promises';
import { exists, readIfPresent, writeFileAtomically } from '../host/files.ts';
import { run, tryRun } from '../host/run.ts';
import { PlatformError } from '../platform-error.ts';
import type { PlatformPaths } from '../platform-paths.ts';

export type NodeNetwork = { hostIp: string; nodeIp: string; prefix: number };

export const POD_CIDR = '10.244.0.0/22';
export const SERVICE_CIDR = '10.96.0.0/16';
/** The API server's own Service, the first of the range, and the cluster's name server. */
export const API_SERVICE_IP = '10.96.0.1';
export const DNS_IP = '10.96.0.10';

// 100.64.0.0/10 is set aside for networks between a carrier and its customers: homes and offices do not use it.
const RANGE_BITS = 22;
const SUBNETS = 2 ** (RANGE_BITS - 2);

/** The subnet that a home tries at the given attempt. Attempt 0 follows from the id alone, so it is the same after every `up`. */
export function deriveNetwork(id: string, attempt: number): NodeNetwork {
  const index = (Number.parseInt(id, 16) + attempt * 7919) % SUBNETS;
  const base = index * 4;
  const address = (offset: number): string => {
    const value = base + offset;
    return `100.${64 + (value >> 16)}.${(value >> 8) & 255}.${value & 255}`;
  };
  return { hostIp: address(1), nodeIp: address(2), prefix: 30 };
}

/** Gives the home's subnet, chosen at the first call so that it overlaps no route of the host, and kept from then on. */
export async function chooseNetwork(paths: PlatformPaths): Promise<NodeNetwork> {
  const kept = await readIfPresent(paths.network);
  if (kept !== null) return JSON.parse(kept) as NodeNetwork;
  for (let attempt = 0; attempt < 32; attempt += 1) {
    const network = deriveNetwork(paths.id, attempt);
    const route = await tryRun(['ip', '-4', 'route', 'show', 'root', `${network.hostIp}/${network.prefix}`]);
    if (route.code === 0 && route.stdout.trim() !== '') continue;
    await writeFileAtomically(paths.network, `${JSON.stringify(network)}\n`);
    return network;
  }
  throw new PlatformError('no free subnet was found for the node', {
    remedy: `write {"hostIp":…,"nodeIp":…,"prefix":30} with two free addresses into ${paths.network}`,
  });
}

/** Makes the namespace and the pair; what is there already stays as it is. */
export async function createNetwork(paths: PlatformPaths, network: NodeNetwork): Promise<void> {
  if (!(await exists(paths.netnsFile))) await run(['ip', 'netns', 'add', paths.netns]);
  if ((await tryRun(['ip', 'link', 'show', paths.hostInterface])).code !== 0) {
    await run([
      'ip',
      'link',
      'add',
      paths.hostInterface,
      'type',
      'veth',
      'peer',
      'name',
      paths.nodeInterface,
      'netns',
      paths.netns,
    ]);
  }
  const { hostIp, nodeIp, prefix } = network;
  await run(['ip', 'address', 'replace', `${hostIp}/${prefix}`, 'dev', paths.hostInterface]);
  await run(['ip', 'link', 'set', paths.hostInterface, 'up']);
  const inside = (...command: string[]): Promise<string> => run(inNetwork(paths, command));
  await inside('ip', 'link', 'set', 'lo', 'up');
  await inside('ip', 'address', 'replace', `${nodeIp}/${prefix}`, 'dev', paths.nodeInterface);
  await inside('ip', 'link', 'set', paths.nodeInterface, 'up');
  // Kubernetes asks which address leads outside to learn the node's own; the host drops what really leaves.
  await inside('ip', 'route', 'replace', 'default', 'via', hostIp);
  await inside('sh', '-c', KERNEL_SETTINGS.map(([name, value]) => `echo ${value} > /proc/sys/net/${name}`).join('; '));
}

/** Puts a command into the node's network. `ip netns exec` would mount a new /sys, in which the kubelet finds no cgroups. */
export function inNetwork(paths: PlatformPaths, command: readonly string[]): string[] {
  return ['nsenter', `--net=${paths.netnsFile}`, '--', ...command];
}

// The routed pod network forwards between veth pairs; a pod that reaches itself through its Service is answered on the
// interface it asked from, which reverse path filtering must allow.
const KERNEL_SETTINGS: readonly (readonly [string, string])[] = [
  ['ipv4/ip_forward', '1'],
  ['ipv4/conf/all/rp_filter', '0'],
  ['ipv4/conf/default/rp_filter', '0'],
];

/** Removes the pair and the namespace. Processes inside must have ended. */
export async function deleteNetwork(paths: PlatformPaths): Promise<void> {
  // Deleting either end of a pair deletes both.
  if (await exists(`/sys/class/net/${paths.hostInterface}`)) {
    await run(['ip', 'link', 'delete', paths.hostInterface]);
  }
  if (await exists(paths.netnsFile)) await run(['ip', 'netns', 'delete', paths.netns]);
}

/** True when the machine speaks IPv6 on its loopback interface. */
export async function hasIpv6Loopback(): Promise<boolean> {
  const text = await readFile('/proc/net/if_inet6', 'utf8').catch(() => '');
  return text.split('\n').some((line) => line.startsWith('00000000000000000000000000000001'));
}
