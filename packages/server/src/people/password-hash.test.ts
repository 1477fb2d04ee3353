import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashPassword, isPassword } from './password-hash.ts';

describe('passwords', () => {
  test('are known by an argon2id hash that names its cost, another each time', async () => {
    const [one, two] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.notEqual(one, two);
    assert.ok(await isPassword('correct horse', one));
    assert.ok(!(await isPassword('Correct horse', one)));
  });

  test('typed in another Unicode form are the same', async () => {
    assert.ok(await isPassword('cafe\u0301 au lait', await hashPassword('café au lait')));
  });

  test('nobody has none, and it takes as long to say so', async () => {
    assert.equal(await isPassword('anything', null), false);
  });

  test('a hash of another cost is still read', async () => {
    const { argon2Sync } = await import('node:crypto');
    const nonce = Buffer.from('somesalt');
    const hash = argon2Sync('argon2id', {
      message: 'password',
      nonce,
      memory: 1024,
      passes: 3,
      parallelism: 1,
      tagLength: 32,
    });
    const phc = `$argon2id$v=19$m=1024,t=3,p=1$${nonce.toString('base64').replaceAll('=', '')}$${hash.toString('base64').replaceAll('=', '')}`;
    assert.ok(await isPassword('password', phc));
  });
});
