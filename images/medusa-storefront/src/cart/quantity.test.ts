import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_OF_ONE, parseQuantity } from './quantity.ts';

test('a typed quantity is brought into its range', () => {
  assert.equal(parseQuantity('3', 1), 3);
  assert.equal(parseQuantity(' 7 ', 1), 7);
  assert.equal(parseQuantity('0', 1), 1);
  assert.equal(parseQuantity('0', 0), 0);
  assert.equal(parseQuantity('5000', 1), MOST_OF_ONE);
});

test('what is no whole number is refused rather than guessed', () => {
  for (const typed of ['', '-1', '1.5', 'two', '1e3', null, undefined, 4]) assert.equal(parseQuantity(typed, 1), null);
});
