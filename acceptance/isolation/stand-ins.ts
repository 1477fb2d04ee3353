// Puts the stand-ins of targets.ts into the node's network namespace and takes them away again, and tries addresses from there: what
// cannot be reached even from the node proves nothing when a pod does not reach it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Platform } from '../platform.ts';
import { runProgram } from './cluster-identity.ts';
import { parseReached, REACH_SCRIPT } from './inside-pod.ts';
import { STAND_IN_PORT, standIns, type Target } from './targets.ts';

const INTERFACE = 'souk-probe';
const LISTEN_SCRIPT = `
const [port, ...hosts] = process.argv.slice(2);
const { createServer } = require('node:net');
Promise.all(hosts.map((host) => new Promise((resolve, reject) => {
  createServer((socket) => socket.on('error', () => undefined).end('reached')).on('error', reject).listen({ port: Number(port), host, ipv6Only: host === '::' }, resolve);
}))).then(() => console.log('listening'), (error) => { console.error(error.message); process.exit(1); });
`;

export interface StandIns {
  readonly targets: readonly Target[];
  /** Of the given, those that the node itself reaches. */
  reachFromNode(targets: readonly Target[]): Promise<ReadonlySet<Target>>;
  /** The node's end of a pod's link, and the IPv6 address that it has by itself; null without IPv6. */
  linkOf(podIp: string): Promise<{ readonly device: string; readonly address: string | null }>;
  remove(): Promise<void>;
}

/** The link-local address of the first interface in the words of /proc/net/if_inet6; null without IPv6. */
export function linkLocalOf(text: string): string | null {
  const [digits] = text.split('\n').filter((line) => line.startsWith('fe80'));
  return digits?.slice(0, 32).match(/.{4}/g)?.join(':') ?? null;
}

export async function placeStandIns(platform: Platform): Promise<StandIns> {
  const enter = ['nsenter', `--net=/run/netns/${platform.facts.netns}`, '--'];
  const targets = standIns(listHostAddresses());
  const hosts = targets.map(({ host }) => host);
  const inside = async (...command: string[]): Promise<void> => {
    const { code, stderr } = await runProgram([...enter, ...command]);
    if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  };
  await runProgram([...enter, 'ip', 'link', 'delete', INTERFACE]);
  // Not every kernel has dummy interfaces; a pair with both ends in here leads nowhere either.
  const pair = ['type', 'veth', 'peer', 'name', `${INTERFACE}-end`];
  await inside('ip', 'link', 'add', INTERFACE, ...pair);
  for (const host of hosts) await inside('ip', 'address', 'add', `${host}/32`, 'dev', INTERFACE);
  await inside('ip', 'link', 'set', INTERFACE, 'up');
  // On every link there is an IPv6 address too, unless the machine has none at all.
  const listening = existsSync('/proc/net/if_inet6') ? [...hosts, '::'] : hosts;
  const listener = await startListener([...enter, process.execPath, '-', String(STAND_IN_PORT), ...listening]);
  return {
    targets,
    async reachFromNode(tried) {
      const asked = [...enter, process.execPath, '-', JSON.stringify(tried)];
      return new Set(parseReached((await runProgram(asked, REACH_SCRIPT)).stdout, tried));
    },
    async linkOf(podIp) {
      const route = await runProgram([...enter, 'ip', '-o', 'route', 'get', podIp]);
      const device = route.stdout.match(/ dev (\S+)/)?.[1] ?? '';
      const { stdout } = await runProgram([...enter, 'cat', '/proc/net/if_inet6']);
      const own = stdout.split('\n').filter((line) => line.trim().split(/\s+/).at(-1) === device);
      return { device, address: linkLocalOf(own.join('\n')) };
    },
    async remove() {
      const ended = once(listener, 'exit');
      listener.kill();
      await ended;
      await runProgram([...enter, 'ip', 'link', 'delete', INTERFACE]);
    },
  };
}

async function startListener([program = '', ...args]: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(LISTEN_SCRIPT);
  const ended = once(child, 'exit').then(() => {
    throw new Error('the stand-ins do not listen');
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  return child;
}

/** IPv4 addresses of this machine, without those of platforms' own links. */
function listHostAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !name.startsWith('souk-'))
    .flatMap(([, found]) => found ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}
