// The pods' way to the internet: pasta, a program that answers on an interface inside the node's network and opens ordinary
// sockets outside for what it is sent there. The host needs no forwarding, no address translation and no rule of its packet
// filter, and nothing of it is left when the program ends.

import { exists } from '../host/files.ts';
import { run, tryRun } from '../host/run.ts';
import { logFile, type PlatformPaths } from '../platform-paths.ts';
import type { PartSpec } from '../processes/supervised-process.ts';
import { inNetwork, POD_CIDR } from './node-network.ts';

export const WAY_OUT_INTERFACE = 'way-out';
/** Names asked here are answered by the host's own resolver. The addresses (RFC 7335) exist only in the node's network. */
export const OUTSIDE_DNS_IP = '192.0.0.1';
const OWN_IP = '192.0.0.2';
const PREFIX = 29;

// Two halves instead of a default route: the programs that look for the default route to learn the node's own address must
// go on finding the one towards the host.
const HALVES = ['0.0.0.0/1', '128.0.0.0/1'];

/** Makes the interface, its routes and the translation of the pods' addresses, all inside the node's network. */
export async function createWayOut(paths: PlatformPaths): Promise<void> {
  if (!(await canLeave())) return;
  const inside = (...command: string[]): Promise<string> => run(inNetwork(paths, command));
  if ((await tryRun(inNetwork(paths, ['ip', 'link', 'show', WAY_OUT_INTERFACE]))).code !== 0) {
    await inside('ip', 'tuntap', 'add', 'dev', WAY_OUT_INTERFACE, 'mode', 'tap');
  }
  await inside('ip', 'address', 'replace', `${OWN_IP}/${PREFIX}`, 'dev', WAY_OUT_INTERFACE);
  await inside('ip', 'link', 'set', WAY_OUT_INTERFACE, 'up');
  for (const half of HALVES) await inside('ip', 'route', 'replace', half, 'via', OUTSIDE_DNS_IP);
  await run(inNetwork(paths, ['nft', '-f', '-']), { input: TRANSLATION });
}

export function wayOutSpec(paths: PlatformPaths): PartSpec {
  const log = logFile(paths, 'way-out');
  return {
    name: 'way-out',
    command: () => wayOutCommand(paths, log),
    logFile: log,
    // A machine without a network has nothing to be ready for; it is tried again until there is one.
    isReady: async () => true,
    readyWithinMs: 5_000,
    stopWithinMs: 2_000,
  };
}

export function wayOutCommand(paths: PlatformPaths, log: string): string[] {
  return [
    '/usr/bin/pasta',
    '--foreground',
    ...['--log-file', log],
    // It enters the node's network, which only root may; after that it keeps two capabilities and few system calls.
    ...['--runas', '0'],
    '--netns-only',
    ...['--netns', paths.netnsFile],
    '--ipv4-only',
    ...['--ns-ifname', WAY_OUT_INTERFACE],
    ...['--address', OWN_IP, '--netmask', String(PREFIX), '--gateway', OUTSIDE_DNS_IP],
    ...['--dns-forward', OUTSIDE_DNS_IP],
    // Its gateway would else be a door to what listens on the host's loopback: the platform's database, the API.
    '--no-map-gw',
    // Nothing comes in this way, and nothing of the host's is offered inside.
    ...['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none'],
  ];
}

/** False where the kernel gives no tap interfaces, as in most containers: pods then have no way out. */
export async function canLeave(): Promise<boolean> {
  return await exists('/dev/net/tun');
}

const TRANSLATION = `add table ip way-out
delete table ip way-out
table ip way-out {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr ${POD_CIDR} oifname "${WAY_OUT_INTERFACE}" masquerade
  }
  # Behind these addresses is the program itself, and there is nothing to ask it but names.
  chain forward {
    type filter hook forward priority filter;
    oifname "${WAY_OUT_INTERFACE}" ip daddr ${OUTSIDE_DNS_IP}/${PREFIX} meta l4proto { tcp, udp } th dport 53 accept
    oifname "${WAY_OUT_INTERFACE}" ip daddr ${OUTSIDE_DNS_IP}/${PREFIX} drop
  }
}
`;
