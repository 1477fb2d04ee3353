// Hashes the admin's password so that WordPress accepts it: PHP's `password_verify` knows a hash by its own prefix, and WordPress
// hands it every one that has none of WordPress' own. Argon2id is what Node can make; at the first login WordPress replaces it
// with its own bcrypt.
import { argon2 } from 'node:crypto';

// The least that OWASP recommends: 19 MiB, two passes, one lane (PHP's libsodium takes no other number of lanes).
const MEMORY_KIB = 19 * 1024;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 32;

export async function hashPassword(password: string, randomBytes: (count: number) => Uint8Array): Promise<string> {
  const nonce = randomBytes(SALT_BYTES);
  const tag = await new Promise<Buffer>((resolve, reject) => {
    const input = {
      message: password,
      nonce,
      parallelism: LANES,
      tagLength: TAG_BYTES,
      memory: MEMORY_KIB,
      passes: PASSES,
    };
    argon2('argon2id', input, (error, derived) => (error === null ? resolve(derived) : reject(error)));
  });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${toBase64(nonce)}$${toBase64(tag)}`;
}

// The format of these hashes has no padding.
function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
