import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openPassword, sealPassword } from './sealed-password.ts';

const key = randomBytes(32);
const storeId = 'sto_aaaaaaaaaa';

test('a sealed password opens to itself, whatever its characters', () => {
  const password = 'pässwörd 🔑 with spaces';
  assert.equal(openPassword(key, storeId, sealPassword(key, storeId, password)), password);
});

test('sealing twice never gives the same bytes', () => {
  assert.notDeepEqual(sealPassword(key, storeId, 'same password'), sealPassword(key, storeId, 'same password'));
});

test('it opens neither for another store, nor with another key, nor with one bit changed', () => {
  const sealed = sealPassword(key, storeId, 'correct horse battery');
  assert.throws(() => openPassword(key, 'sto_bbbbbbbbbb', sealed));
  assert.throws(() => openPassword(randomBytes(32), storeId, sealed));
  for (const index of [0, 12, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.throws(() => openPassword(key, storeId, changed));
  }
});
