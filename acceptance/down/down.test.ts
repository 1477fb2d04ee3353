// `souk down` leaves nothing running or mounted, and the next `souk up` brings every store back with its orders.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import type { Engine, ShopClient } from '@souk/server/engines/engine.ts';
import { loadEngine, openShop } from '../engines/shopping.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { makeStore, removeStore } from '../stores.ts';
import { listOrderIds, orderInTestShop } from '../test-shop.ts';
import { until } from '../until.ts';

const ENGINES_OF_TESTS = ['test-shop', 'late-shop', 'hasty-shop'];

describe('down and up again', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  let store: Store;
  let orderId: string;
  let bigShop: BigShop | string;
  before(
    async () => {
      platform = connectToPlatform();
      [store, bigShop] = await Promise.all([makeStore(platform.client, 'kept'), openBigShop(platform)]);
      orderId = await orderInTestShop(platform, store);
    },
    { timeout: 180_000 },
  );
  after(() => platform.close());
  let machineWithout: string[];

  it('down leaves no process, mount, network namespace, interface, packet-filter rule or cgroup', {
    timeout: 180_000,
  }, async () => {
    assert.notDeepEqual(findTracesOnMachine(platform), [], 'the search finds nothing even of a running platform');
    await platform.souk('down');
    assert.deepEqual(findTracesOnMachine(platform), []);
    machineWithout = describeMachine(platform);
  });

  it('an up that is interrupted stops what it had started before it ends', { timeout: 180_000 }, async () => {
    const starting = spawn(path.resolve(import.meta.dirname, '../../souk'), upAgain(platform), { stdio: 'ignore' });
    const ended = once(starting, 'exit');
    await until('the start to be under way', 120_000, async () => (runsSomething(platform) ? true : null));
    starting.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    assert.deepEqual(findTracesOnMachine(platform), []);
  });

  it('up again answers, and the store is back with its order', { timeout: 300_000 }, async (t) => {
    const startedAt = performance.now();
    await platform.souk(...upAgain(platform));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    t.diagnostic(`the platform answered again after ${seconds} s (aim: 30)`);
    const back = await platform.client.getStore(store.id);
    assert.equal(back.phase, 'ready');
    const credentials = await until('the shop to answer with its order', 120_000, async () => {
      const revealed = await platform.client.revealCredentials(store.id);
      return (await listOrderIds(platform, back, revealed)).includes(orderId) ? revealed : null;
    });
    assert.ok(credentials);
  });

  it('an engine with a database of its own has its order too', { timeout: 240_000 }, async (t) => {
    if (typeof bigShop === 'string') return t.skip(bigShop);
    const { engine, shop, orderId: order } = bigShop;
    await until('the shop to answer with its order', 180_000, async () =>
      (await engine.findOrder(shop, order).catch(() => false)) ? true : null,
    );
  });

  it('after a whole life of a platform the machine is as it was before', { timeout: 240_000 }, async () => {
    const stores = [store, ...(typeof bigShop === 'string' ? [] : [bigShop.store])];
    await Promise.all(stores.map(({ id }) => removeStore(platform.client, id)));
    await platform.souk('down');
    assert.deepEqual(describeMachine(platform), machineWithout);
  });
});

interface BigShop {
  readonly store: Store;
  readonly engine: Engine;
  readonly shop: ShopClient;
  readonly orderId: string;
}

/** Of one engine with a database of its own, the last by name; else why there is none. */
async function openBigShop(platform: Platform): Promise<BigShop | string> {
  const listed = await platform.client.listEngines();
  const usable = listed.filter(({ name, available }) => available && !ENGINES_OF_TESTS.includes(name));
  const name = usable
    .map((engine) => engine.name)
    .sort()
    .at(-1);
  if (name === undefined) return 'no engine but those of the tests';
  const store = await makeStore(platform.client, 'kept-big', { engine: name });
  const [engine, shop] = [await loadEngine(name), await openShop(platform, store)];
  return { store, engine, shop, orderId: (await engine.placeOrder(shop)).orderId };
}

function upAgain({ facts }: Platform): string[] {
  const folders = ['test-engine', 'late-engine'].map((name) => path.resolve(import.meta.dirname, '..', name));
  return ['up', '--detach', '--port', String(facts.port), '--engine-folder', folders.join(':')];
}

/** Whether a part of the node is there already, so that there is something to stop. */
function runsSomething({ home, facts }: Platform): boolean {
  return existsSync(`/run/netns/${facts.netns}`) && findProcesses((text) => text.includes(`${home}/`)).length > 1;
}

// Where a node, its network or its container runtime could leave something that does not bear the platform's name.
const FOLDERS = [
  '/run',
  '/run/netns',
  '/run/containerd',
  '/var/lib',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/log/containers',
  '/var/log/pods',
  '/etc/cni/net.d',
];

/** All that a platform could change on the machine, without what belongs to other platforms beside it. */
function describeMachine({ home, facts }: Platform): string[] {
  const isOthers = (line: string): boolean =>
    !line.includes(facts.netns) && !line.includes(`${home}/`) && /souk(?:-[\w-]+)?/.test(line);
  return [
    ...listPacketFilterRules().map((rule) => `rule ${rule}`),
    ...readdirSync('/sys/class/net').map((name) => `interface ${name}`),
    // Not deeper than a node's own: sessions and services come and go below theirs.
    ...listCgroups('/sys/fs/cgroup', 2).map((folder) => `cgroup ${folder}`),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .trim()
      .split('\n')
      .map((line) => `mount ${line.split(' ')[4]}`),
    ...FOLDERS.filter(existsSync).flatMap((folder) =>
      readdirSync(folder).map((name) => `file ${withTarget(path.join(folder, name))}`),
    ),
  ]
    .filter((line) => !isOthers(line))
    .sort();
}

/** Of the machine's own network, where the node's rules have no business; without counters. */
function listPacketFilterRules(): string[] {
  const said = (program: string, ...args: string[]): string[] =>
    (spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '').split('\n').map((line) => line.trim());
  return [
    ...said('/usr/sbin/nft', '--stateless', 'list', 'ruleset'),
    ...['/usr/sbin/iptables-save', '/usr/sbin/ip6tables-save'].flatMap((program) =>
      existsSync(program) ? said(program).filter((line) => line.startsWith('-A')) : [],
    ),
  ].filter((line) => line !== '');
}

/** Links are told with their target: those of other platforms' containers bear no other sign of them. */
function withTarget(file: string): string {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ? `${file} -> ${readlinkSync(file)}` : file;
}

function listCgroups(folder: string, depth = 10): string[] {
  if (depth === 0) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [path.join(folder, name), ...listCgroups(path.join(folder, name), depth - 1)]);
}

function findTracesOnMachine({ home, facts }: Platform): string[] {
  const runFolder = `/run/${facts.netns}`;
  const names = (text: string): boolean => text.includes(`${home}/`) || text.includes(`${runFolder}/`);
  return [
    ...findProcesses(names),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(names)
      .map((line) => `mount ${line}`),
    ...(existsSync(`/run/netns/${facts.netns}`) ? [`network namespace ${facts.netns}`] : []),
    ...readdirSync('/sys/class/net')
      .filter((name) => name.startsWith(facts.netns))
      .map((name) => `interface ${name}`),
    ...listCgroups('/sys/fs/cgroup')
      .filter((folder) => path.basename(folder) === facts.netns)
      .map((folder) => `cgroup ${folder}`),
    ...listPacketFilterRules()
      .filter((rule) => rule.includes(facts.netns))
      .map((rule) => `packet-filter rule ${rule}`),
  ];
}

/** Those that were told of the platform, run its programs, or live in its network namespace. */
function findProcesses(names: (text: string) => boolean): string[] {
  const ourselves = new Set([process.pid, process.ppid].map(String));
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && !ourselves.has(entry))
    .flatMap((pid) => {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const program = readlinkSync(`/proc/${pid}/exe`);
        return names(`${commandLine} ${program}`) ? [`process ${pid}: ${commandLine}`] : [];
      } catch {
        // Kernel threads have no program, and processes end while we look.
        return [];
      }
    });
}
