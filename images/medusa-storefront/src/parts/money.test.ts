import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMoney } from './money.ts';

test('a price carries the symbol and decimals of its own currency', () => {
  assert.equal(formatMoney(19.5, 'eur'), '€19.50');
  assert.equal(formatMoney(1234, 'usd'), '$1,234.00');
  assert.equal(formatMoney(1200, 'jpy'), '¥1,200');
});
