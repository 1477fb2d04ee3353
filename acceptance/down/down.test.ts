// `souk down` leaves nothing running or mounted, and the next `souk up` brings every store back with its orders.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { makeStore, removeStore } from '../stores.ts';
import { listOrderIds, orderInTestShop } from '../test-shop.ts';
import { until } from '../until.ts';

const ANSWERING_WITHIN_MS = 30_000;

describe('down and up again', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  let store: Store;
  let orderId: string;
  before(
    async () => {
      platform = connectToPlatform();
      store = await makeStore(platform.client, 'kept');
      orderId = await orderInTestShop(platform, store);
    },
    { timeout: 180_000 },
  );
  after(async () => {
    if (store !== undefined) await removeStore(platform.client, store.id);
    platform.close();
  });

  it('down leaves no process, mount, network namespace, interface or cgroup', { timeout: 180_000 }, async () => {
    assert.notDeepEqual(findTracesOnMachine(platform), [], 'the search finds nothing even of a running platform');
    await platform.souk('down');
    assert.deepEqual(findTracesOnMachine(platform), []);
  });

  it('up again answers soon, and the store is back with its order', { timeout: 300_000 }, async () => {
    const startedAt = performance.now();
    const folders = ['test-engine', 'late-engine'].map((name) => path.resolve(import.meta.dirname, '..', name));
    await platform.souk('up', '--detach', '--port', String(platform.facts.port), '--engine-folder', folders.join(':'));
    const tookMs = performance.now() - startedAt;
    const back = await platform.client.getStore(store.id);
    assert.equal(back.phase, 'ready');
    const credentials = await until('the shop to answer with its order', 120_000, async () => {
      const revealed = await platform.client.revealCredentials(store.id);
      return (await listOrderIds(platform, back, revealed)).includes(orderId) ? revealed : null;
    });
    assert.ok(credentials);
    assert.ok(tookMs <= ANSWERING_WITHIN_MS, `the platform answered only after ${Math.round(tookMs)} ms`);
  });
});

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
    ...findCgroups(facts.netns),
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

function findCgroups(name: string): string[] {
  const root = '/sys/fs/cgroup';
  return readdirSync(root)
    .flatMap((controller) => [path.join(root, controller), path.join(root, controller, name)])
    .filter((folder) => path.basename(folder) === name && existsSync(folder))
    .map((folder) => `cgroup ${folder}`);
}
