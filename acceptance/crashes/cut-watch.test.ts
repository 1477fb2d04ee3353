// The watch is the fast path, the sweep is the truth: while every watch is refused, what is done behind the platform's back is told by
// the next sweep, and put back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Event, Store } from '@souk/contract';
import { listen } from '../listen.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { makeStore, namespaceOf, removeStore } from '../stores.ts';
import { inventId, makeStrayNamespace, readTenant } from '../stray-namespace.ts';
import { orderInTestShop } from '../test-shop.ts';
import { until } from '../until.ts';
import { countEvents, untilStore } from './insist.ts';
import { awaitAllReady, crash, findPart, listParts } from './parts.ts';

// The worker and the role by which it may look at all of the cluster are called alike (packages/local, charts/platform).
const WORKER = 'souk:worker';
// The role that it binds to itself in the namespace of each store, by which it watches the Secrets there.
const STORE_WORKER = 'souk:store-worker';
const SWEEP_MS = Number(process.env.SWEEP_INTERVAL_SECONDS ?? 45) * 1_000;
// A sweep takes a moment, and what it finds is looked at once more a second later.
const TOLD_WITHIN_MS = SWEEP_MS + 5_000;
const LED_WITHIN_MS = 30_000;
const MENDED_WITHIN_MS = 60_000;
const STORES = 4;

interface Drift {
  readonly command: readonly string[];
  readonly told: RegExp;
  /** The error that the store shows then: it is nothing that the platform may put back by itself. */
  readonly error?: string;
}
const NAMESPACE_OF_STORE = '{namespace}';
// A store shows one thing at a time that is wrong with it: each suffers another one in each round.
const ROUNDS: readonly (readonly Drift[])[] = [
  [
    { command: ['delete', 'ingress', '--all'], told: /its route is missing/ },
    { command: ['delete', 'service', 'shop'], told: /missing: Service shop/ },
    { command: ['scale', 'statefulset', 'shop', '--replicas=0'], told: /scaled to 0/ },
    { command: ['delete', 'networkpolicy', 'deny-all'], told: /NetworkPolicy deny-all was removed/ },
  ],
  [
    { command: ['delete', 'secret', '-l', 'owner=helm'], told: /records of its Helm release were removed/ },
    { command: ['delete', 'statefulset', 'shop', '--cascade=orphan'], told: /missing: StatefulSet shop/ },
    { command: ['delete', 'resourcequota', 'plan'], told: /ResourceQuota plan was removed/ },
    {
      command: ['delete', 'namespace', NAMESPACE_OF_STORE, '--wait=false'],
      told: /its namespace was deleted/,
      error: 'data_lost',
    },
  ],
  [
    {
      command: ['patch', 'secret', 'store-admin', '--type=merge', '-p', '{"stringData":{"password":"edited-by-hand"}}'],
      told: /the Secret store-admin was edited/,
      error: 'credentials_changed',
    },
  ],
];

describe('a platform whose watch is cut', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  /** Of each role that was changed, as it was. */
  const rules = new Map<string, string>();
  const stores: Store[] = [];
  const stray = inventId();
  let strayMadeAt = 0;
  let told: readonly Event[] = [];
  const listening = new AbortController();
  before(async () => {
    platform = connectToPlatform();
    await awaitAllReady(platform);
    await Promise.all(Array.from({ length: STORES }, makeOne));
    const tenant = await readTenant(platform, storeAt(0));
    await cutWatch();
    told = await listen(platform, listening.signal);
    await makeStrayNamespace(platform, stray, tenant);
    strayMadeAt = Date.now();
  });
  after(async () => {
    listening.abort();
    for (const [role, json] of rules) await setRules(role, json);
    await awaitAllReady(platform);
    await Promise.all(stores.map(({ id }) => removeStore(platform.client, id)));
    platform.close();
  });

  for (const [index, drifts] of ROUNDS.entries()) {
    const kinds = drifts.map(({ command: [verb, kind] }) => `${verb} ${kind}`).join(', ');
    it(`tells by the next sweep, and puts back where that is safe: ${kinds}`, { timeout: 180_000 }, async (t) => {
      const tookMs = await Promise.all(drifts.map(async (drift, place) => await inflict(drift, storeAt(place))));
      t.diagnostic(`without a watch ${kinds} are told after ${tookMs.join(', ')} ms`);
      for (const [place, { error: code }] of drifts.entries()) {
        const store = storeAt(place);
        if (code !== undefined) await untilStore(platform, store.id, ({ error }) => error?.code === code);
        else await awaitRepaired(store, index + 1);
      }
    });
  }

  it('has told by the next sweep of a namespace that belongs to nobody', () => {
    const event = told.find(
      ({ type, details }) => type === 'store.orphan_found' && details.namespace === namespaceOf({ id: stray }),
    );
    const tookMs = Date.parse(event?.at ?? '') - strayMadeAt;
    assert.ok(tookMs <= TOLD_WITHIN_MS, `it was told after ${tookMs} ms`);
  });

  async function makeOne(): Promise<void> {
    const store = await makeStore(platform.client, 'unwatched');
    stores.push(store);
    await untilStore(platform, store.id, ({ health }) => health === 'healthy');
  }

  function storeAt(place: number): Store {
    return stores[place] ?? assert.fail('a store could not be made');
  }

  /** Milliseconds until it was told. */
  async function inflict({ command, told: message }: Drift, store: Store): Promise<number> {
    const namespace = namespaceOf(store);
    const words = command.map((word) => (word === NAMESPACE_OF_STORE ? namespace : word));
    await platform.kubectl('-n', namespace, ...words);
    const startedAt = performance.now();
    await until(
      `${store.name} to tell ${message}`,
      TOLD_WITHIN_MS,
      async () => {
        const { items } = await platform.client.listStoreEvents(store.id, { limit: 500 });
        return items.some((event) => event.type === 'store.drift_detected' && message.test(event.message));
      },
      250,
    );
    return Math.round(performance.now() - startedAt);
  }

  async function awaitRepaired(store: Store, times: number): Promise<void> {
    await until(`${store.name} to be repaired`, MENDED_WITHIN_MS, async () => {
      return (await countEvents(platform, store, 'store.repaired')) === times;
    });
    await untilStore(platform, store.id, ({ health }) => health === 'healthy');
    await orderInTestShop(platform, store);
  }

  /** Takes the right to watch from the worker, and its open watches by ending it: listings are all that is left to it. */
  async function cutWatch(): Promise<void> {
    for (const name of [WORKER, STORE_WORKER]) {
      const role = JSON.parse(await platform.kubectl('get', 'clusterrole', name, '-o', 'json')) as {
        readonly rules: readonly { readonly verbs: readonly string[]; readonly resources: readonly string[] }[];
      };
      rules.set(name, JSON.stringify(role.rules));
      // Attempts go on watching the workloads that they wait for: what is cut is how drift is noticed.
      const unwatched = role.rules.map((rule) =>
        name === WORKER || rule.resources.includes('secrets')
          ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'watch') }
          : rule,
      );
      await setRules(name, JSON.stringify(unwatched));
    }
    const question = ['auth', 'can-i', 'watch', 'services', '--all-namespaces', '--as', WORKER];
    await until('watches to be refused', LED_WITHIN_MS, async () => {
      // It ends with 1 for "no".
      return (await platform.kubectl(...question).catch(String)).trimEnd().endsWith('no');
    });
    const killedAt = Date.now();
    for (const { name } of (await listParts(platform)).filter((part) => part.name.startsWith('worker'))) {
      crash(await findPart(platform, name), platform.home);
    }
    await awaitAllReady(platform);
    await until('another leader to look at the cluster', LED_WITHIN_MS, async () => {
      const { observedAt } = (await platform.client.getHealth()).cluster;
      return observedAt !== null && Date.parse(observedAt) > killedAt;
    });
  }

  async function setRules(role: string, json: string): Promise<void> {
    await platform.kubectl('patch', 'clusterrole', role, '--type=merge', '-p', `{"rules":${json}}`);
  }
});
