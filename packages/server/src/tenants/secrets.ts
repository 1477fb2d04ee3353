// Secrets that we hand out: tokens, links, state. Each is random enough (192 bits) that a plain SHA-256 keeps it: the index look-up
// compares hashes, so the time it takes tells nothing about a secret that is nearly right.
import { createHash, randomBytes } from 'node:crypto';

export function newSecret(prefix = ''): string {
  return `${prefix}${randomBytes(24).toString('base64url')}`;
}

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}
