// `souk down` leaves nothing running or mounted, and the next `souk up` brings every store back with its orders. With --purge it leaves
// nothing at all, so these tests are the last on their platform.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import type { Engine, ShopClient } from '@souk/server/engines/engine.ts';
import { loadEngine, openShop } from '../engines/shopping.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { makeStore, removeStore } from '../stores.ts';
import { listOrderIds, orderInTestShop } from '../test-shop.ts';
import { until } from '../until.ts';
import { describeMachine, findProcesses, findTracesOnMachine, upAgain } from './machine.ts';

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
  let isAsBefore = false;

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
    isAsBefore = true;
  });

  it('down --purge takes the home too, and leaves nothing of the platform anywhere', { timeout: 60_000 }, async (t) => {
    // Its logs go with the home, and whoever looks for what failed above needs them.
    if (!isAsBefore) return t.skip('something above failed');
    assert.ok(existsSync(platform.home));
    await platform.souk('down', '--purge');
    assert.equal(existsSync(platform.home), false);
    assert.equal(existsSync(`/run/${platform.facts.netns}`), false);
    assert.deepEqual(findTracesOnMachine(platform), []);
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

/** Whether a part of the node is there already, so that there is something to stop. */
function runsSomething({ home, facts }: Platform): boolean {
  return existsSync(`/run/netns/${facts.netns}`) && findProcesses((text) => text.includes(`${home}/`)).length > 1;
}
