import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalLines } from './totals.ts';

const totals = {
  currency_code: 'eur',
  total: 37.7,
  tax_total: 5.7,
  discount_total: 3.6,
  discount_subtotal: 3,
  item_subtotal: 30,
  original_item_total: 36,
  shipping_subtotal: 5,
  shipping_total: 6,
  original_shipping_total: 5.3,
};

test('where prices do not include tax, the lines and the tax add up to the total', () => {
  const lines = totalLines({ ...totals, items: [{ is_tax_inclusive: false }] });
  assert.equal(lines.isTaxIncluded, false);
  assert.equal((lines.items + lines.shipping + lines.tax - lines.discount).toFixed(2), '37.70');
});

test('where prices include tax, the lines alone add up to the total', () => {
  const lines = totalLines({ ...totals, items: [{ is_tax_inclusive: true }] });
  assert.equal(lines.isTaxIncluded, true);
  assert.equal((lines.items + lines.shipping - lines.discount).toFixed(2), '37.70');
});
