// The wish for a new admin password, between the API that writes it and the worker that fulfils it. A store has one at a time: whoever
// asks while one is open is answered with its outcome.
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';

export interface PasswordResetWish {
  readonly requestedBy: string;
  /** The database's own text of the instant, which tells one wish from the next. */
  readonly requestedAt: string;
  /** Nobody waits for it any more, and a password that changes hours later would surprise its owner. */
  readonly isExpired: boolean;
}

// A worker tries for ten minutes; for the first five, others may still join and wait.
const EXPIRES = sql`interval '10 minutes'`;
const JOINABLE = sql`interval '5 minutes'`;

/** Answers the wish's instant: of this one, or of the open one that it joins. */
export async function wishPasswordReset(tx: Tx, storeId: string, requestedBy: string): Promise<string> {
  const { rows } = await sql<{ requestedAt: string }>`
    insert into password_resets as wish (store_id, requested_by) values (${storeId}, ${requestedBy})
    on conflict (store_id) do update set
      requested_by = case when wish.requested_at < now() - ${JOINABLE} then excluded.requested_by else wish.requested_by end,
      requested_at = case when wish.requested_at < now() - ${JOINABLE} then now() else wish.requested_at end
    returning requested_at::text as "requestedAt"`.execute(tx);
  return rows[0]?.requestedAt ?? '';
}

export async function isPasswordResetOpen(db: Db, storeId: string, requestedAt: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from password_resets where store_id = ${storeId} and requested_at = ${requestedAt}::timestamptz`.execute(
    db,
  );
  return rows.length > 0;
}

export async function readPasswordReset(db: Db, storeId: string): Promise<PasswordResetWish | null> {
  const { rows } = await sql<PasswordResetWish>`
    select requested_by as "requestedBy", requested_at::text as "requestedAt", requested_at < now() - ${EXPIRES} as "isExpired"
    from password_resets where store_id = ${storeId}`.execute(db);
  return rows[0] ?? null;
}

/** Leaves a wish that was made since. */
export async function closePasswordReset(tx: Tx, storeId: string, requestedAt: string): Promise<void> {
  await sql`
    delete from password_resets where store_id = ${storeId} and requested_at = ${requestedAt}::timestamptz`.execute(tx);
}

/** For a store that is gone. */
export async function deletePasswordReset(tx: Tx, storeId: string): Promise<void> {
  await sql`delete from password_resets where store_id = ${storeId}`.execute(tx);
}
