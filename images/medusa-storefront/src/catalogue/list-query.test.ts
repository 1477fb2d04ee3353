import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFrontPage, listHref, parseListQuery } from './list-query.ts';

test('an address is read back from its own link', () => {
  const query = parseListQuery({ category: 'coffee', q: ' dark & sweet ', sort: 'price-low', page: '3' });
  assert.deepEqual(query, {
    category: 'coffee',
    collection: undefined,
    text: 'dark & sweet',
    sort: 'price-low',
    page: 3,
  });
  assert.equal(listHref(query, { page: 3 }), '/?category=coffee&q=dark+%26+sweet&sort=price-low&page=3');
});

test('changing a filter starts at the first page again', () => {
  const query = parseListQuery({ category: 'coffee', page: '3' });
  assert.equal(listHref(query, { category: undefined }), '/');
  assert.equal(listHref(query, { sort: 'name' }), '/?category=coffee&sort=name');
});

test('nonsense in the address means the default', () => {
  for (const page of ['0', '-1', '1.5', 'x', '99999999', '']) assert.equal(parseListQuery({ page }).page, 1);
  assert.equal(parseListQuery({ sort: 'rating' }).sort, 'newest');
  assert.equal(parseListQuery({ q: ['first', 'second'] }).text, 'first');
  assert.equal(parseListQuery({ q: 'x'.repeat(500) }).text?.length, 80);
});

test('only the unfiltered first page is the front page, in whatever order', () => {
  assert.equal(isFrontPage(parseListQuery({ sort: 'name' })), true);
  assert.equal(isFrontPage(parseListQuery({ category: 'coffee' })), false);
  assert.equal(isFrontPage(parseListQuery({ page: '2' })), false);
});
