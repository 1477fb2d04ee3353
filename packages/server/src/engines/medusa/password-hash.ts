// Hashes a password as Medusa's emailpass provider keeps it: scrypt in the container format of the package `scrypt-kdf`, in
// base64. With it the admin's login can be written into the database without starting Medusa.
import { createHash, createHmac, scrypt } from 'node:crypto';

// The provider's own parameters: N = 2^15, r = 8, p = 1.
const LOG_N = 15;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const SALT_BYTES = 32;
const KEY_BYTES = 64;
// scrypt needs 128·N·r bytes and Node refuses more than it is allowed.
const MEMORY_LIMIT_BYTES = 256 * 2 ** LOG_N * BLOCK_SIZE;

export async function hashPassword(password: string, randomBytes: (count: number) => Uint8Array): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const header = Buffer.alloc(16);
  header.write('scrypt\0', 'latin1');
  header.writeUInt8(LOG_N, 7);
  header.writeUInt32BE(BLOCK_SIZE, 8);
  header.writeUInt32BE(PARALLELIZATION, 12);
  const parameters = Buffer.concat([header, salt]);
  const checksum = createHash('sha256').update(parameters).digest().subarray(0, 16);
  const checked = Buffer.concat([parameters, checksum]);
  const key = await deriveKey(password, salt);
  const signature = createHmac('sha256', key.subarray(32)).update(checked).digest();
  return Buffer.concat([checked, signature]).toString('base64');
}

function deriveKey(password: string, salt: Uint8Array): Promise<Buffer> {
  const cost = { N: 2 ** LOG_N, r: BLOCK_SIZE, p: PARALLELIZATION, maxmem: MEMORY_LIMIT_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
