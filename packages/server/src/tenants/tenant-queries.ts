// Every statement on `tenants` and `tokens`. A token is known by its SHA-256 alone: the index look-up compares hashes, so the time
// it takes tells nothing about a token that is nearly right.
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { newId } from '../ids.ts';

/** Who asks: everything that a request may see or change is its tenant's. */
export interface Actor {
  readonly tokenId: string;
  readonly tenantId: string;
}

export interface Quota {
  readonly maxStores: number;
  readonly maxParallelProvisions: number;
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

/** Null for a token that is unknown, revoked or expired: callers cannot tell which. */
export async function findActor(db: Db, token: string): Promise<Actor | null> {
  const { rows } = await sql<Actor & { isStale: boolean }>`
    select id as "tokenId", tenant_id as "tenantId",
      coalesce(last_used_at < now() - interval '1 minute', true) as "isStale"
    from tokens
    where token_hash = ${hashToken(token)} and revoked_at is null and (expires_at is null or expires_at > now())`.execute(
    db,
  );
  const [found] = rows;
  if (found === undefined) {
    return null;
  }
  if (found.isStale) {
    await recordTokenUse(db, found.tokenId);
  }
  return { tokenId: found.tokenId, tenantId: found.tenantId };
}

// Once a minute is precise enough for people, and spares a write on every request.
async function recordTokenUse(db: Db, tokenId: string): Promise<void> {
  await sql`
    update tokens set last_used_at = now()
    where id = ${tokenId} and coalesce(last_used_at < now() - interval '1 minute', true)`.execute(db);
}

/** Holds the tenant's row until the transaction ends: creates of one tenant are counted one after another, never side by side. */
export async function lockQuota(tx: Tx, tenantId: string): Promise<Quota> {
  const { rows } = await sql<Quota>`
    select max_stores as "maxStores", max_parallel_provisions as "maxParallelProvisions"
    -- Weaker than "for update": every event's foreign key shares the row, and a worker that appends one while it holds a store's row would
    -- wait for a command that waits for that store.
    from tenants where id = ${tenantId} for no key update`.execute(tx);
  return existing(rows, tenantId);
}

export async function readQuota(db: Db, tenantId: string): Promise<Quota> {
  const { rows } = await sql<Quota>`
    select max_stores as "maxStores", max_parallel_provisions as "maxParallelProvisions"
    from tenants where id = ${tenantId}`.execute(db);
  return existing(rows, tenantId);
}

function existing(rows: readonly Quota[], tenantId: string): Quota {
  const [quota] = rows;
  if (quota === undefined) {
    throw new Error(`tenant ${tenantId} does not exist`);
  }
  return quota;
}

export interface NewTenant extends Quota {
  readonly id: string;
  readonly name: string;
  readonly tokenHash: Buffer;
}

export async function addTenant(tx: Tx, tenant: NewTenant): Promise<void> {
  await sql`
    insert into tenants (id, name, max_stores, max_parallel_provisions)
    values (${tenant.id}, ${tenant.name}, ${tenant.maxStores}, ${tenant.maxParallelProvisions})`.execute(tx);
  await sql`
    insert into tokens (id, tenant_id, name, token_hash)
    values (${newId('tok')}, ${tenant.id}, 'first', ${tenant.tokenHash})`.execute(tx);
}

export interface FirstTenant extends Quota {
  readonly token: string;
}

/**
 * The tenant and token that an installation without accounts begins with. Harmless to repeat, also from several processes at once;
 * another token is added to the same tenant, a changed quota is taken over.
 */
export async function ensureFirstTenant(tx: Tx, first: FirstTenant): Promise<Actor> {
  const { rows } = await sql<{ id: string }>`
    insert into tenants (id, name, max_stores, max_parallel_provisions)
    values (${newId('ten')}, 'first', ${first.maxStores}, ${first.maxParallelProvisions})
    on conflict (name) do update
      set max_stores = excluded.max_stores, max_parallel_provisions = excluded.max_parallel_provisions
    returning id`.execute(tx);
  const tenantId = rows[0]?.id ?? '';
  const tokens = await sql<{ id: string; tenantId: string }>`
    insert into tokens (id, tenant_id, name, token_hash)
    values (${newId('tok')}, ${tenantId}, 'first', ${hashToken(first.token)})
    on conflict (token_hash) do update set name = tokens.name
    returning id, tenant_id as "tenantId"`.execute(tx);
  const [token] = tokens.rows;
  if (token === undefined || token.tenantId !== tenantId) {
    throw new Error('the token in API_TOKEN_FILE belongs to another tenant');
  }
  return { tokenId: token.id, tenantId };
}
