// An admin password given at create time, on its way from the request into the cluster. Between the two it exists only sealed
// (AES-256-GCM under the platform's key, which is never in the database) and bound to its store; the worker deletes the row.
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';

export { openText as openPassword, sealText as sealPassword } from '../sealing.ts';

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
