// How often a cluster is called on, and what is known when a listing and the watch tell of the same object at once. That following
// works at all is in the conformance suite.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../db/wait-until.ts';
import { followObjects } from './follow-objects.ts';
import type { Kube } from './kube.ts';
import { KubeError } from './kube-error.ts';
import { createMemoryKube } from './memory-kube.ts';

type Followable = Pick<Kube, 'listPages' | 'watch'>;

/** A cluster without objects, whose watches end as they are told. */
function createEmptyKube(watch: () => Promise<void>): Followable {
  return {
    async *listPages() {
      yield { items: [], resourceVersion: '1' };
    },
    // biome-ignore lint/correctness/useYield: nothing ever happens in it.
    async *watch() {
      // Even the quickest answer comes later than the next turn.
      await delay(1);
      await watch();
    },
  };
}

async function followUntil(
  enough: Promise<unknown>,
  kube: Followable,
  onError: (error: unknown) => void = () => undefined,
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const { ended } = followObjects(kube, 'Namespace', {}, { signal, onChange: () => undefined, onError });
  try {
    await enough;
  } finally {
    controller.abort();
    await ended;
  }
}

describe('following a kind', { timeout: 20_000 }, () => {
  const EXPIRED = new KubeError(410, 'Expired', 'too old');
  const endings = { 'ends at once': null, 'is always too old': EXPIRED, fails: new KubeError(500, '', 'broken') };
  for (const [how, error] of Object.entries(endings)) {
    it(`calls more and more seldom while every watch ${how}`, async () => {
      const endedAt: number[] = [];
      const { promise: enough, resolve } = Promise.withResolvers<void>();
      const kube = createEmptyKube(async () => {
        endedAt.push(performance.now());
        if (endedAt.length === 4) resolve();
        if (error !== null) throw error;
      });
      await followUntil(enough, kube);
      const [first = 0, second = 0, , fourth = 0] = endedAt;
      // 200, 400 and 800 ms, each less at most the half of it; timers may be early by one.
      assert.ok(second - first >= 99, `the second came ${second - first} ms after the first`);
      assert.ok(fourth - first >= 697, `the fourth came ${fourth - first} ms after the first`);
    });
  }

  it('goes on at once where a watch that has lasted ends, as each does after some minutes', async (test) => {
    const clock = performance.now.bind(performance);
    let jumpMs = 0;
    test.mock.method(performance, 'now', () => clock() + jumpMs);
    const endedAt: number[] = [];
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const kube = createEmptyKube(async () => {
      jumpMs += 290_000;
      endedAt.push(clock());
      if (endedAt.length === 6) resolve();
    });
    await followUntil(enough, kube);
    const gaps = endedAt.slice(1).map((at, index) => at - (endedAt[index] ?? 0));
    // The shortest pause there is would be 100 ms.
    assert.ok(Math.min(...gaps) < 50, `${gaps.join(', ')} ms`);
  });

  it('says nothing of a version that grew old, and tells where the one of a new listing is too old already', async () => {
    let watches = 0;
    const { promise: told, resolve } = Promise.withResolvers<{ readonly watches: number; readonly error: unknown }>();
    const kube = createEmptyKube(async () => {
      watches += 1;
      if (watches > 1) throw EXPIRED;
    });
    await followUntil(told, kube, (error) => resolve({ watches, error }));
    assert.deepEqual(await told, { watches: 3, error: EXPIRED });
  });

  it('does not bring back from a listing what came and went while its pages were under way', async () => {
    const kube = createMemoryKube();
    const controller = new AbortController();
    const { signal } = controller;
    const ref = { name: 'brief' };
    const isKnown = () => followed.get(ref) !== undefined;
    const slow: Followable = {
      watch: kube.watch,
      async *listPages(...asked) {
        kube.put('Namespace', ref, {});
        await waitUntil('the watch tells that it came', () => !followed.isListed() || isKnown());
        for await (const page of kube.listPages(...asked)) {
          kube.remove('Namespace', ref);
          await waitUntil('the watch tells that it went', () => !followed.isListed() || !isKnown());
          yield page;
        }
      },
    };
    const followed = followObjects(slow, 'Namespace', {}, { signal, onChange: () => undefined });
    await waitUntil('the first listing, and the watch from there', () => followed.isListed() && !isKnown());
    assert.deepEqual(await followed.resync(), []);
    assert.equal(isKnown(), false);
    controller.abort();
    await followed.ended;
  });

  it('lists again after a version grew old, and misses nothing that happened until then', async () => {
    const kube = createMemoryKube();
    const controller = new AbortController();
    const { signal } = controller;
    const errors: unknown[] = [];
    const options = { signal, onChange: () => undefined, onError: (error: unknown) => errors.push(error) };
    kube.put('Namespace', { name: 'going' }, {});
    const followed = followObjects(kube, 'Namespace', {}, options);
    await waitUntil('the first listing', () => followed.isListed());
    kube.muteWatches(true);
    kube.put('Namespace', { name: 'coming' }, {});
    kube.remove('Namespace', { name: 'going' });
    kube.muteWatches(false);
    kube.expireVersions();
    kube.endWatches();
    const names = () => followed.items().map(({ metadata }) => metadata.name);
    await waitUntil('the second listing', () => names().join() === 'coming');
    kube.put('Namespace', { name: 'later' }, {});
    await waitUntil('the watch from there', () => names().includes('later'));
    assert.deepEqual(errors, []);
    controller.abort();
    await followed.ended;
  });
});
