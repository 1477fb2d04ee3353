// The first moments of a pod, when a node may not know yet which policies are meant for it: a pod of the attacker's store begins to
// try the moment it runs, and goes on for as long as a slow enforcer could take.
import { until } from '../until.ts';
import type { Attempt } from './attempts.ts';
import { callAs } from './cluster-identity.ts';
import type { NetworkScene } from './network-attempts.ts';
import { podObject } from './pod-objects.ts';
import { STAND_IN_PORT } from './targets.ts';

const NAME = 'first-packets';
const TRY_SCRIPT = `
const targets = JSON.parse(process.env.TARGETS);
const { connect } = require('node:net');
const reached = targets.map(() => 0);
const until = Date.now() + 4000;
targets.forEach(({ host, port }, index) => {
  const again = () => {
    if (Date.now() > until) return;
    const socket = connect({ host, port });
    socket.once('connect', () => { reached[index] += 1; socket.destroy(); }).once('error', () => undefined);
    setTimeout(() => { socket.destroy(); again(); }, 25);
  };
  again();
});
setTimeout(() => { console.log(JSON.stringify(reached)); process.exit(); }, 4500);
`;

export function firstPackets(scene: () => Promise<NetworkScene>): Attempt[] {
  let trying: Promise<readonly number[]> | null = null;
  const counts = async (): Promise<readonly number[]> => {
    trying ??= scene().then(tryFirst);
    return await trying;
  };
  const attempt = (what: string, expected: string, index: number): Attempt => ({
    what,
    expected,
    tryIt: async () => (((await counts())[index] ?? 0) > 0 ? 'reached' : 'not reached'),
  });
  return [
    attempt('reach the neighbour with the first packets of a new pod', 'not reached', 0),
    attempt('reach the API server with the first packets of a new pod', 'not reached', 1),
    attempt('reach the metadata service with the first packets of a new pod', 'not reached', 2),
    attempt('reach the internet (stand-in) soon after the start of a new pod', 'reached', 3),
  ];
}

async function tryFirst({ platform, standIns, pod, neighbour }: NetworkScene): Promise<readonly number[]> {
  const inStore = ['-n', pod.namespace];
  const read = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await callAs(platform, 'admin', args);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  const image = await read(...inStore, 'get', 'pod', pod.name, '-o', 'jsonpath={.spec.containers[0].image}');
  const place = '{.items[0].status.podIP} {.items[0].spec.containers[0].ports[0].containerPort}';
  const [host, port] = (await read('-n', neighbour, 'get', 'pods', '-o', `jsonpath=${place}`)).split(' ');
  const standIn = (pattern: RegExp) => standIns.targets.find(({ what }) => pattern.test(what))?.host;
  const targets = [
    { host, port: Number(port) },
    { host: platform.facts.nodeIp, port: 6443 },
    { host: standIn(/metadata/), port: STAND_IN_PORT },
    { host: standIn(/internet/), port: STAND_IN_PORT },
  ];
  const env = [{ name: 'TARGETS', value: JSON.stringify(targets) }];
  const object = podObject(NAME, { pod: {}, container: { image, env, command: ['node', '-e', TRY_SCRIPT] } });
  await callAs(platform, 'admin', [...inStore, 'delete', 'pod', NAME, '--ignore-not-found', '--now']);
  const made = await callAs(platform, 'admin', [...inStore, 'create', '-f', '-'], object);
  if (made.code !== 0) throw new Error(made.stderr);
  try {
    await until(
      'the pod to have tried',
      60_000,
      async () => (await read(...inStore, 'get', 'pod', NAME, '-o', 'jsonpath={.status.phase}')) === 'Succeeded',
    );
    return JSON.parse(await read(...inStore, 'logs', NAME)) as number[];
  } finally {
    await callAs(platform, 'admin', [...inStore, 'delete', 'pod', NAME, '--ignore-not-found', '--now']);
  }
}
