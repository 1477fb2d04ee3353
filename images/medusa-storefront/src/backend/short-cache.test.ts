import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShortCache } from './short-cache.ts';

test('an answer is shared while it is young and asked for again afterwards', async () => {
  let nowMs = 0;
  let loads = 0;
  const cache = createShortCache({ lifetimeMs: 5_000, maxEntries: 10, now: () => nowMs });
  const load = async () => ++loads;
  assert.deepEqual(await Promise.all([cache.get('a', load), cache.get('a', load)]), [1, 1]);
  nowMs = 4_999;
  assert.equal(await cache.get('a', load), 1);
  nowMs = 5_000;
  assert.equal(await cache.get('a', load), 2);
});

test('a failure is not kept', async () => {
  const cache = createShortCache({ lifetimeMs: 5_000, maxEntries: 10, now: () => 0 });
  await assert.rejects(cache.get('a', () => Promise.reject(new Error('away'))));
  assert.equal(await cache.get('a', async () => 'back'), 'back');
});

test('the oldest answers leave when there are too many', async () => {
  let loads = 0;
  const cache = createShortCache({ lifetimeMs: 5_000, maxEntries: 2, now: () => 0 });
  const load = async () => ++loads;
  for (const key of ['a', 'b', 'c']) await cache.get(key, load);
  assert.equal(await cache.get('c', load), 3);
  assert.equal(await cache.get('a', load), 4);
});
