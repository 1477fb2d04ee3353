// An admin password given at create time, on its way from the request into the cluster. Between the two it exists only sealed
// (AES-256-GCM under the platform's key, which is never in the database) and bound to its store; the worker deletes the row.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';

const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** nonce ‖ tag ‖ ciphertext; the store's id is authenticated with it, so a row cannot be moved to another store. */
export function sealPassword(key: Buffer, storeId: string, password: string): Buffer {
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_LENGTH });
  cipher.setAAD(Buffer.from(storeId));
  const ciphertext = Buffer.concat([cipher.update(password, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/** Throws when the key, the store or a single bit is not the one that it was sealed with. */
export function openPassword(key: Buffer, storeId: string, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_LENGTH), {
    authTagLength: TAG_LENGTH,
  });
  decipher.setAAD(Buffer.from(storeId));
  decipher.setAuthTag(sealed.subarray(NONCE_LENGTH, NONCE_LENGTH + TAG_LENGTH));
  return decipher.update(sealed.subarray(NONCE_LENGTH + TAG_LENGTH), undefined, 'utf8') + decipher.final('utf8');
}

export async function insertSealedPassword(tx: Tx, storeId: string, sealed: Buffer): Promise<void> {
  await sql`insert into sealed_passwords (store_id, sealed) values (${storeId}, ${sealed})`.execute(tx);
}

/** Null once the worker has put it into the cluster, or where none was given. */
export async function readSealedPassword(db: Db, storeId: string): Promise<Buffer | null> {
  const { rows } = await sql<{ sealed: Buffer }>`
    select sealed from sealed_passwords where store_id = ${storeId}`.execute(db);
  return rows[0]?.sealed ?? null;
}

export async function deleteSealedPassword(db: Db, storeId: string): Promise<void> {
  await sql`delete from sealed_passwords where store_id = ${storeId}`.execute(db);
}
