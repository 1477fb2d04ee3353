// Tenants and their quotas, and the tenant that an installation begins with.
import type { PlanName, Tenant } from '@souk/contract';
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { newId } from '../ids.ts';
import { hashSecret } from './secrets.ts';

export interface Quota {
  readonly maxStores: number;
  readonly maxParallelProvisions: number;
}

export interface TenantRow extends Quota {
  readonly id: string;
  readonly name: string;
  readonly largestPlan: PlanName;
  readonly stores: number;
  readonly createdAt: Date;
  readonly deletionRequestedAt: Date | null;
}

const quotaColumns = sql`
  max_stores as "maxStores", max_parallel_provisions as "maxParallelProvisions", largest_plan as "largestPlan",
  deletion_requested_at is not null as "isDeleting"`;

/** What a create is measured against. */
export interface LockedQuota extends Quota {
  readonly largestPlan: PlanName;
  readonly isDeleting: boolean;
}

/** Holds the tenant's row until the transaction ends: creates of one tenant are counted one after another, never side by side. */
export async function lockQuota(tx: Tx, tenantId: string): Promise<LockedQuota> {
  const { rows } = await sql<LockedQuota>`
    select ${quotaColumns}
    -- Weaker than "for update": every event's foreign key shares the row, and a worker that appends one while it holds a store's row would
    -- wait for a command that waits for that store.
    from tenants where id = ${tenantId} for no key update`.execute(tx);
  return existing(rows, tenantId);
}

export async function readQuota(db: Db, tenantId: string): Promise<LockedQuota> {
  const { rows } = await sql<LockedQuota>`
    select ${quotaColumns} from tenants where id = ${tenantId}`.execute(db);
  return existing(rows, tenantId);
}

function existing<T>(rows: readonly T[], tenantId: string): T {
  const [row] = rows;
  if (row === undefined) {
    throw new Error(`tenant ${tenantId} does not exist`);
  }
  return row;
}

export async function readTenant(db: Db, tenantId: string): Promise<TenantRow> {
  const { rows } = await sql<TenantRow>`
    select id, name, max_stores as "maxStores", max_parallel_provisions as "maxParallelProvisions", largest_plan as "largestPlan",
      created_at as "createdAt", deletion_requested_at as "deletionRequestedAt",
      (select count(*) from stores where tenant_id = tenants.id and phase <> 'deleted') as stores
    from tenants where id = ${tenantId} and deleted_at is null`.execute(db);
  return existing(rows, tenantId);
}

/** False where another tenant has the name. */
export async function renameTenant(tx: Tx, tenantId: string, name: string): Promise<boolean> {
  const { rows } = await sql`
    update tenants set name = ${name}
    where id = ${tenantId} and not exists (select from tenants where name = ${name} and id <> ${tenantId})
    returning id`.execute(tx);
  return rows.length > 0;
}

export function toTenant(row: TenantRow): Tenant {
  const { id, name, maxStores, maxParallelProvisions, largestPlan, stores } = row;
  return {
    id,
    name,
    quota: { maxStores, maxParallelProvisions, largestPlan },
    usage: { stores },
    createdAt: row.createdAt.toISOString(),
  };
}

export interface NewTenant extends Quota {
  readonly id: string;
  readonly name: string;
  readonly largestPlan?: PlanName;
}

/** False where the name is taken. */
export async function addTenant(tx: Tx, tenant: NewTenant): Promise<boolean> {
  const { rows } = await sql`
    insert into tenants (id, name, max_stores, max_parallel_provisions, largest_plan)
    values (${tenant.id}, ${tenant.name}, ${tenant.maxStores}, ${tenant.maxParallelProvisions}, ${tenant.largestPlan ?? 'large'})
    on conflict (name) do nothing
    returning id`.execute(tx);
  return rows.length > 0;
}

export interface FirstTenant extends Quota {
  readonly token: string;
}

/**
 * The tenant and the platform's own token that every installation begins with. Harmless to repeat, also from several processes at
 * once; another token is added to the same tenant, a changed quota is taken over until a platform admin has set one.
 */
export async function ensureFirstTenant(
  tx: Tx,
  first: FirstTenant,
): Promise<{ readonly tokenId: string; readonly tenantId: string }> {
  const tenantId = (await findPlatformTenant(tx)) ?? (await insertFirstTenant(tx, first));
  await sql`
    update tenants set max_stores = ${first.maxStores}, max_parallel_provisions = ${first.maxParallelProvisions}
    where id = ${tenantId} and quota_changed_at is null`.execute(tx);
  const tokens = await sql<{ id: string; tenantId: string }>`
    insert into tokens (id, tenant_id, name, token_hash, is_platform)
    values (${newId('tok')}, ${tenantId}, 'first', ${hashSecret(first.token)}, true)
    on conflict (token_hash) do update set name = tokens.name
    returning id, tenant_id as "tenantId"`.execute(tx);
  const [token] = tokens.rows;
  if (token === undefined || token.tenantId !== tenantId) {
    throw new Error('the token in API_TOKEN_FILE belongs to another tenant');
  }
  return { tokenId: token.id, tenantId };
}

/** By its token and not by its name: a tenant that was renamed is still the first one. */
async function findPlatformTenant(tx: Tx): Promise<string | null> {
  const { rows } = await sql<{ tenantId: string }>`
    select tenant_id as "tenantId" from tokens where is_platform order by created_at, id limit 1`.execute(tx);
  return rows[0]?.tenantId ?? null;
}

async function insertFirstTenant(tx: Tx, first: FirstTenant): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into tenants (id, name, max_stores, max_parallel_provisions)
    values (${newId('ten')}, 'first', ${first.maxStores}, ${first.maxParallelProvisions})
    on conflict (name) do update set name = excluded.name
    returning id`.execute(tx);
  return existing(rows, 'first').id;
}
