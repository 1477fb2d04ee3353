import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff } from './back-off.ts';

const longest = (): number => 1;
const shortest = (): number => 0;

test('each failure in a row doubles the pause up to a ceiling', () => {
  const backOff = new BackOff(longest);
  const pauses = Array.from({ length: 9 }, () => backOff.next(100));
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
});

test('jitter takes away at most half of the pause', () => {
  const backOff = new BackOff(shortest);
  assert.deepEqual([backOff.next(0), backOff.next(0)], [125, 250]);
});

test('a part that stood for a minute begins again with the shortest pause', () => {
  const backOff = new BackOff(longest);
  for (let index = 0; index < 5; index += 1) backOff.next(100);
  assert.equal(backOff.next(60_000), 250);
});
