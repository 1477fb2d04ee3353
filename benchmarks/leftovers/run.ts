// What the node keeps after many creates and deletes: mounts, interfaces, cgroups, packet-filter rules, volume and pod folders,
// containers' shims, Kubernetes objects. Counted before and after; the first store is made and removed before the first count, so
// that what the platform sets up once is not taken for a leak. Needs a running platform that knows the engine.
//
//   node benchmarks/leftovers/run.ts [--engine test-shop] [--stores 50] [--together 5]
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { platformPaths } from '@souk/local';
import { openPlatform } from '../shared/platform.ts';

const run = promisify(execFile);
const DEADLINE_MS = 180_000;
// kube-proxy empties the chain of a Service that is gone at once, and removes it with its next change.
const EMPTY_CHAIN = /^\tchain \S+ \{\n\t\}\n\n?/gm;
const { values: options } = parseArgs({
  options: {
    engine: { type: 'string', default: 'test-shop' },
    stores: { type: 'string', default: '50' },
    together: { type: 'string', default: '5' },
  },
});

const paths = platformPaths();
const { client, facts } = await openPlatform();
const prefix = `leak-${Date.now().toString(36).slice(-5)}`;

await createAndDelete(`${prefix}-0`);
const before = await settledCounts();
const wanted = Number(options.stores);
for (let made = 0; made < wanted; made += Number(options.together)) {
  const batch = Array.from(
    { length: Math.min(Number(options.together), wanted - made) },
    (_, index) => made + index + 1,
  );
  await Promise.all(batch.map((number) => createAndDelete(`${prefix}-${number}`)));
  console.error(`${made + batch.length}/${wanted} made and removed`);
}
const after = await settledCounts(before);
console.log(`${wanted} stores of ${options.engine} made and removed`);
for (const [name, count] of Object.entries(before)) {
  const now = after[name] ?? 0;
  console.log(
    `${name.padEnd(24)} ${String(count).padStart(6)} → ${String(now).padStart(6)}  ${now > count ? 'GREW' : 'as before'}`,
  );
}

async function createAndDelete(name: string): Promise<void> {
  const { store } = await client.createStore({ name, engine: options.engine });
  await untilPhase(store.id, 'ready');
  await client.deleteStore(store.id);
  await untilPhase(store.id, 'deleted');
}

async function untilPhase(id: string, wantedPhase: 'ready' | 'deleted'): Promise<void> {
  const giveUpAt = performance.now() + DEADLINE_MS;
  for (;;) {
    const { phase, error } = await client.getStore(id);
    if (phase === wantedPhase) {
      return;
    }
    if (phase === 'failed' || performance.now() > giveUpAt) {
      throw new Error(`${id} is ${phase} and not ${wantedPhase}: ${error?.message ?? 'no reason given'}`);
    }
    await delay(100);
  }
}

type Counts = Readonly<Record<string, number>>;

/**
 * The kubelet sweeps up by its own clock after the objects are gone, on a full machine a minute later: taken when two counts five seconds
 * apart agree and nothing is more than before, or when it is not so within three minutes.
 */
async function settledCounts(before?: Counts): Promise<Counts> {
  const giveUpAt = performance.now() + DEADLINE_MS;
  let last = await countAll();
  for (;;) {
    await delay(5_000);
    const now = await countAll();
    const isStill = JSON.stringify(now) === JSON.stringify(last);
    const isMore = Object.entries(before ?? {}).some(([name, count]) => (now[name] ?? 0) > count);
    if ((isStill && !isMore) || performance.now() > giveUpAt) {
      return now;
    }
    last = now;
  }
}

async function countAll(): Promise<Counts> {
  const [mounts, interfaces, rules, shims, cgroups, objects] = await Promise.all([
    readFile('/proc/self/mounts', 'utf8').then((text) => linesWith(text, paths.home) + linesWith(text, paths.runtime)),
    inNode('ip', '-o', 'link').then((text) => linesWith(text, ':')),
    inNode('nft', 'list', 'ruleset').then((text) => linesWith(text.replaceAll(EMPTY_CHAIN, ''), '')),
    run('ps', ['-eo', 'args']).then(({ stdout }) => linesWith(stdout, `-address ${paths.runtime}/`)),
    run('find', ['/sys/fs/cgroup', '-type', 'd', '-path', `*/${paths.cgroup}/*`]).then(({ stdout }) =>
      linesWith(stdout, '/'),
    ),
    countObjects(),
  ]);
  return {
    mounts,
    'interfaces of the node': interfaces,
    'packet-filter lines': rules,
    'shims of containers': shims,
    cgroups,
    'volume folders': (await readdir(facts.volumesDir)).length,
    'pod folders': (await readdir(`${paths.kubelet}/pods`)).length,
    'pod log folders': (await readdir(paths.podLogs)).length,
    'Kubernetes objects': objects,
  };
}

async function inNode(...command: readonly string[]): Promise<string> {
  const { stdout } = await run('nsenter', [`--net=/run/netns/${facts.netns}`, ...command], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

async function countObjects(): Promise<number> {
  const kinds =
    'pods,services,secrets,pvc,pv,namespaces,endpointslices,replicasets,deployments,statefulsets,ingresses,rolebindings';
  const { stdout } = await run(
    `${facts.programsDir}/kubectl`,
    ['--kubeconfig', facts.kubeconfig, 'get', kinds, '-A', '-o', 'name'],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return linesWith(stdout, '/');
}

function linesWith(text: string, part: string): number {
  return text.split('\n').filter((line) => line !== '' && line.includes(part)).length;
}
