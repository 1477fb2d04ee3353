import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { hashPassword } from './password-hash.ts';

test('a hash is the one that scrypt-kdf, the package Medusa verifies with, accepts for this salt', async () => {
  const countingSalt = (count: number) => Uint8Array.from({ length: count }, (_, index) => index);
  const hash = await hashPassword('correct horse, Töpferei', countingSalt);
  assert.equal(
    hash,
    'c2NyeXB0AA8AAAAIAAAAAQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fFKeYVjdgQZpuc6gq1R4wTGyWoElr1PRim6BS7Jg/OftNoqcF3DUPYnOwMi+Z33JR',
  );
});

test('the same password is never stored as the same hash twice', async () => {
  assert.notEqual(await hashPassword('once', randomBytes), await hashPassword('once', randomBytes));
});
