// Idempotency keys: the same request sent twice under one key is done once and answered alike. Kept in the transaction that does the
// work, so that a key exists exactly when its effect does.
import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { AppError } from '../errors.ts';

export interface IdempotentRequest {
  readonly tenantId: string;
  /** Null: the client sent none, and every request is done. */
  readonly key: string | null;
  /** Method and path, and the body as it was understood. */
  readonly fingerprint: unknown;
  /** Keyed, because a body may hold a password, and a bare hash of it could be guessed. */
  readonly hashKey: Buffer;
}

/** Needs a lock that keeps requests of one tenant apart: two at once under one key would both find it unused. */
export async function once<T extends object>(tx: Tx, request: IdempotentRequest, run: () => Promise<T>): Promise<T> {
  if (request.key === null) {
    return run();
  }
  const hash = createHmac('sha256', request.hashKey).update(JSON.stringify(request.fingerprint)).digest();
  const { rows } = await sql<{ requestHash: Buffer; response: T }>`
    select request_hash as "requestHash", response from idempotency_keys
    where tenant_id = ${request.tenantId} and key = ${request.key}`.execute(tx);
  const [earlier] = rows;
  if (earlier === undefined) {
    const response = await run();
    await sql`
      insert into idempotency_keys (tenant_id, key, request_hash, response)
      values (${request.tenantId}, ${request.key}, ${hash}, ${JSON.stringify(response)}::jsonb)`.execute(tx);
    return response;
  }
  if (!earlier.requestHash.equals(hash)) {
    throw new AppError('idempotency_key_reused', 'This idempotency key was sent with another request; use a new key.');
  }
  return earlier.response;
}

/** A client that repeats a request does so within minutes; a day is generous. */
export async function deleteOldIdempotencyKeys(db: Db, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from idempotency_keys where (tenant_id, key) in (
      select tenant_id, key from idempotency_keys where created_at < now() - interval '1 day'
      order by created_at limit ${limit} for update skip locked
    )`.execute(db);
  return Number(numAffectedRows ?? 0n);
}
