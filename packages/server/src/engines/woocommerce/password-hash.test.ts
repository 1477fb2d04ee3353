import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { hashPassword } from './password-hash.ts';

const countingSalt = (count: number) => Uint8Array.from({ length: count }, (_, index) => index);

test('a hash is one that PHP password_verify accepts for this password', async () => {
  assert.equal(
    await hashPassword('correct horse, Töpferei', countingSalt),
    '$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$Q4mY1UViTcceYloofJkcJyhSuMeUY2QeCDHs5CBYrMU',
  );
});

test('the same password is never stored as the same hash twice', async () => {
  assert.notEqual(await hashPassword('once', randomBytes), await hashPassword('once', randomBytes));
});
