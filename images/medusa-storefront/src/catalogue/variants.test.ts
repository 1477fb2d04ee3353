import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Product, Variant } from '../backend/shapes.ts';
import { findVariant, firstVariant, listedPrice, stockOf } from './variants.ts';

const variant = (id: string, change: Partial<Variant> = {}): Variant => ({
  id,
  title: id,
  manage_inventory: true,
  allow_backorder: false,
  inventory_quantity: 10,
  calculated_price: { calculated_amount: 10, original_amount: 10, currency_code: 'eur' },
  options: [{ option_id: 'colour', value: id }],
  ...change,
});

const product = (variants: Variant[]): Product => ({
  id: 'prod_1',
  title: 'Mug',
  handle: 'mug',
  thumbnail: null,
  subtitle: null,
  description: null,
  material: null,
  origin_country: null,
  weight: null,
  images: [],
  categories: [],
  collection: null,
  options: [{ id: 'colour', title: 'Colour', values: [] }],
  variants,
});

test('the variant whose every option was chosen is the one meant', () => {
  const mug = product([variant('Sand'), variant('Ink')]);
  assert.equal(findVariant(mug, () => 'Ink')?.id, 'Ink');
  assert.equal(
    findVariant(mug, () => 'Pink'),
    undefined,
  );
});

test('a product without a choice has its one variant, whatever was sent', () => {
  assert.equal(findVariant(product([variant('Only')]), () => undefined)?.id, 'Only');
});

test('a page opens with something that can be bought, if there is any', () => {
  const soldOut = variant('Sand', { inventory_quantity: 0 });
  assert.equal(firstVariant(product([soldOut, variant('Ink')]))?.id, 'Ink');
  assert.equal(firstVariant(product([soldOut]))?.id, 'Sand');
});

test('stock that nobody counts, or that may run below nothing, is always there', () => {
  assert.equal(stockOf(variant('a', { manage_inventory: false, inventory_quantity: null })).state, 'plenty');
  assert.equal(stockOf(variant('a', { allow_backorder: true, inventory_quantity: 0 })).state, 'plenty');
  assert.deepEqual(stockOf(variant('a', { inventory_quantity: 2 })), { state: 'few', most: 2 });
  assert.deepEqual(stockOf(variant('a', { inventory_quantity: -1 })), { state: 'none', most: 0 });
});

test('a list shows the lowest price, whether others are higher, and what it was before a sale', () => {
  const sale = { calculated_amount: 8, original_amount: 10, currency_code: 'eur' };
  const price = listedPrice(product([variant('a'), variant('b', { calculated_price: sale })]));
  assert.deepEqual(price, { amount: 8, originalAmount: 10, currencyCode: 'eur', isFrom: true });
  assert.equal(listedPrice(product([variant('a', { calculated_price: null })])), null);
});
