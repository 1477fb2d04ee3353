import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSealBroken, sealSecret } from './secret-seal.ts';

const KEY = Buffer.alloc(32, 1);
const secret = { storeId: 'sto_aaaaaaaaaa', name: 'store-admin', data: { username: 'a', password: 'b' } };

describe('the seal of a Secret', () => {
  it('holds for the same content in any order, and breaks when any part is another one', () => {
    const seal = sealSecret(KEY, secret);
    const changed = [
      { ...secret, data: { username: 'a', password: 'c' } },
      { ...secret, data: { username: 'a' } },
      { ...secret, data: { ...secret.data, more: '' } },
      { ...secret, name: 'store-internal' },
      { ...secret, storeId: 'sto_bbbbbbbbbb' },
    ];
    assert.equal(isSealBroken(KEY, { ...secret, data: { password: 'b', username: 'a' } }, seal), false);
    assert.deepEqual(
      changed.map((other) => isSealBroken(KEY, other, seal)),
      changed.map(() => true),
    );
    assert.equal(isSealBroken(Buffer.alloc(32, 2), secret, seal), true);
  });

  it('says nothing of a Secret that never had one', () => {
    assert.equal(isSealBroken(KEY, secret, undefined), false);
  });
});
