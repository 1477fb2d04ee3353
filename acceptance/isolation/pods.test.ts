// A pod of a store in the hands of an attacker, on the real node: what it gets at on the node and over the network. All of it is tried
// again after a store's chart was upgraded and after the node was restarted.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, makeStore, namespaceOf, removeStore, requestStore } from '../stores.ts';
import { until } from '../until.ts';
import { tryAll } from './attempts.ts';
import { callAs } from './cluster-identity.ts';
import { firstPackets } from './first-packets.ts';
import { execInPod, type PodRef } from './inside-pod.ts';
import { findLargestEngine, LARGEST_WITHIN_MS } from './largest-engine.ts';
import { linkLocalAttempt, namesAttempt, networkAttempts } from './network-attempts.ts';
import { podAttempts, readOutsideUids } from './pod-attempts.ts';
import { placeStandIns, type StandIns } from './stand-ins.ts';

const LIMITS_PAGE = path.resolve(import.meta.dirname, '../../docs/operations/limits.md');

/** Why the network is not tried: where the limits say that nothing carries out the policies, or nothing is known of the node. */
function whyNoNetwork(): string | false {
  const isOpen = readFileSync(LIMITS_PAGE, 'utf8').includes('NetworkPolicies are not enforced on the local node');
  return isOpen && 'docs/operations/limits.md says that NetworkPolicies are not enforced on the local node';
}

describe('a pod of a store', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  let attacker: Store;
  let neighbour: Store;
  let standIns: StandIns | null = null;
  before(
    async () => {
      platform = connectToPlatform();
      // The neighbour with most to steal: web, backend, database and cache.
      const asked = await requestStore(platform.client, 'neighbour', { engine: await findLargestEngine(platform) });
      attacker = await makeStore(platform.client, 'attacker');
      neighbour = await awaitPhase(platform.client, asked.id, 'ready', LARGEST_WITHIN_MS);
    },
    { timeout: LARGEST_WITHIN_MS + 60_000 },
  );
  after(
    async () => {
      await standIns?.remove();
      await Promise.all([attacker, neighbour].map((store) => store && removeStore(platform.client, store.id)));
      platform.close();
    },
    { timeout: 180_000 },
  );

  const pod = (): PodRef => ({ namespace: namespaceOf(attacker), name: 'shop-0' });
  const scene = async () => {
    standIns ??= await placeStandIns(platform);
    return { platform, standIns, pod: pod(), neighbour: namespaceOf(neighbour) };
  };

  function tryEverything(moment: string): void {
    it(`every pod has a user namespace of its own${moment}`, { timeout: 120_000 }, async () => {
      const starts = new Map<string, string>();
      for (const store of [attacker, neighbour]) {
        for (const ref of await listContainers(platform, namespaceOf(store))) {
          const ranges = await readOutsideUids(platform, ref);
          const [{ inside, first, count } = { inside: -1, first: 0, count: 0 }] = ranges;
          const where = `${ref.namespace}/${ref.name}`;
          assert.deepEqual([ranges.length, inside, count], [1, 0, 65_536], `uid_map of ${where}`);
          assert.ok(first >= 65_536, `root of ${where} is user ${first} of the node`);
          const other = starts.get(String(first));
          assert.ok(other === undefined || other === where, `${where} and ${other} have the same users`);
          starts.set(String(first), where);
        }
      }
      assert.ok(starts.size >= 2);
    });
    tryAll(
      'pod',
      podAttempts(() => platform, pod),
      moment,
    );
    describe('over the network', { skip: whyNoNetwork() }, () => {
      tryAll(
        'network',
        [...networkAttempts(scene), linkLocalAttempt(scene), namesAttempt(scene), ...firstPackets(scene)],
        moment,
      );
    });
  }

  tryEverything('');

  it('is made anew by an upgrade of its chart', { timeout: 180_000 }, async () => {
    const namespace = namespaceOf(attacker);
    // A release that is not whole is upgraded by the next reconcile, which the watch asks for.
    const deleted = await callAs(platform, 'admin', ['-n', namespace, 'delete', 'statefulset', 'shop']);
    assert.equal(deleted.code, 0, deleted.stderr);
    await until('the second revision of the release', 60_000, async () => {
      const { stdout } = await callAs(platform, 'admin', ['-n', namespace, 'get', 'secrets', '-o', 'name']);
      return stdout.includes(`sh.helm.release.v1.${namespace}.v2`);
    });
    await untilShopAnswers();
  });
  tryEverything(' (after an upgrade of the chart)');

  it('comes back when the node is started again', { timeout: LARGEST_WITHIN_MS + 300_000 }, async () => {
    await standIns?.remove();
    standIns = null;
    await platform.souk('down');
    const folders = ['test-engine', 'late-engine'].map((name) => path.resolve(import.meta.dirname, '..', name));
    await platform.souk('up', '--detach', '--port', String(platform.facts.port), '--engine-folder', folders.join(':'));
    platform.close();
    platform = connectToPlatform();
    await untilShopAnswers();
    await until('the neighbour to be healthy', LARGEST_WITHIN_MS, async () => {
      return (await platform.client.getStore(neighbour.id)).health === 'healthy';
    });
  });
  tryEverything(' (after a restart of the node)');

  async function untilShopAnswers(): Promise<void> {
    await until('the shop to answer', 120_000, async () => {
      const { status } = await platform.shop(attacker, '/products');
      return status === 200 && (await execInPod(platform, pod(), ['true'])).code === 0;
    });
  }
});

async function listContainers(platform: Platform, namespace: string): Promise<PodRef[]> {
  const { stdout } = await callAs(platform, 'admin', ['-n', namespace, 'get', 'pods', '-o', 'json']);
  const { items } = JSON.parse(stdout) as {
    items: { metadata: { name: string }; spec: { containers: { name: string }[] }; status: { phase: string } }[];
  };
  return items
    .filter(({ status }) => status.phase === 'Running')
    .flatMap(({ metadata, spec }) =>
      spec.containers.map(({ name }) => ({ namespace, name: metadata.name, container: name })),
    );
}
