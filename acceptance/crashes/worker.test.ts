// A worker that is killed in the middle of a create costs time and nothing else: another one takes the store over and finishes it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, removeStore, requestStore } from '../stores.ts';
import { orderInTestShop } from '../test-shop.ts';
import { findTraces } from '../traces.ts';
import { awaitAllReady, crash, listParts } from './parts.ts';
import { SEED, seededRandom } from './seeds.ts';

// The length of a create of the test engine, and a little more, so that the kills fall all over it.
const LONGEST_WAIT_MS = 4_000;
// A lease of 9 s ends at most 9 s after its last heartbeat; another worker looks at least once a second.
const TAKEN_OVER_WITHIN_MS = 10_000;
// A lease lasts at least this long after its worker's death; a look at the pods is due sooner.
const BETWEEN_LOOKS_MS = 5_000;
const CRASHES = Number(process.env.SOUK_CRASHES ?? 2);

describe(`a worker killed at ${CRASHES} moments of a create (seed ${SEED})`, { skip: whyNoPlatform() }, () => {
  const random = seededRandom(SEED);
  let platform: Platform;
  const made = new Set<string>();
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    await awaitAllReady(platform);
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  for (let number = 1; number <= CRASHES; number += 1) {
    const waitMs = Math.round(random() * LONGEST_WAIT_MS);

    it(`${number}: after ${waitMs} ms; the store gets ready, sells, and leaves nothing when deleted`, {
      timeout: 240_000,
    }, async () => {
      await awaitAllReady(platform);
      const store = await requestStore(platform.client, `crash-${number}`);
      made.add(store.id);
      await delay(waitMs);
      const killedAt = await killWorkerOf(store.id);
      const ready = await awaitPhase(platform.client, store.id, 'ready', 120_000);
      await orderInTestShop(platform, ready);

      const { items } = await platform.client.listStoreEvents(store.id, { limit: 500 });
      assertTakenOver(items, killedAt);
      assert.equal(items.filter(({ type }) => type === 'store.ready').length, 1, 'it got ready more than once');
      await awaitAllReady(platform);
      await removeStore(platform.client, store.id);
      made.delete(store.id);
      assert.deepEqual(await findTraces(platform, store), []);
    });
  }

  /** Kills the worker that has the store, or both while none has begun. Gives the time and whom. */
  async function killWorkerOf(id: string): Promise<{ readonly at: number; readonly victim: string | null }> {
    const parts = (await listParts(platform)).filter(({ name }) => name.startsWith('worker'));
    const { items } = await platform.client.listStoreEvents(id, { limit: 500 });
    const victim = items.findLast(({ actor }) => actor.startsWith('worker'))?.actor ?? null;
    const ofVictim = parts.filter(({ pid }) => victim?.includes(`-${pid}-`));
    for (const part of ofVictim.length > 0 ? ofVictim : parts) {
      if (part.pid !== null) crash({ ...part, pid: part.pid }, platform.home);
    }
    return { at: Date.now(), victim };
  }
});

function assertTakenOver(
  events: readonly Event[],
  { at, victim }: { readonly at: number; readonly victim: string | null },
): void {
  const readyAt = events.find(({ type }) => type === 'store.ready')?.at;
  // It was through already when the worker died: nothing was left to take over.
  if (readyAt !== undefined && Date.parse(readyAt) <= at) return;
  const next = events.find(
    (event) => event.actor.startsWith('worker') && event.actor !== victim && Date.parse(event.at) > at,
  );
  assert.ok(next, 'no other worker went on');
  const tookMs = Date.parse(next.at) - at;
  console.log(`taken over after ${tookMs} ms`);
  assert.ok(tookMs <= TAKEN_OVER_WITHIN_MS, `it was taken over only after ${tookMs} ms`);
  if (victim === null) return;
  // Between two looks at the pods nobody holds the lease: then the next look is anybody's, and nothing was lost.
  const hadLease = tookMs > BETWEEN_LOOKS_MS;
  const told = events.filter(({ type }) => type === 'store.worker_lost').map(({ details }) => details.worker);
  assert.deepEqual(told, hadLease ? [victim] : [], 'the timeline tells of the lost worker, once');
}
