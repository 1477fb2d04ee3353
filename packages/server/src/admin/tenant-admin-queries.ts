// Tenants as platform admins see and limit them.
import type { AdminTenant } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { type TenantRow, toTenant } from '../tenants/tenant-queries.ts';

type AdminTenantRow = TenantRow & { readonly members: number };

export interface TenantsPage {
  readonly q?: string | undefined;
  /** The last name that was shown. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** By name. */
export async function listAllTenants(db: Db, { q, after, limit }: TenantsPage): Promise<AdminTenant[]> {
  const conditions = [
    q === undefined ? sql`true` : sql`position(${q.toLowerCase()} in lower(name)) > 0`,
    after === undefined ? sql`true` : sql`name > ${after}`,
  ];
  return await select(db, sql`${sql.join(conditions, sql` and `)} order by name limit ${limit}`);
}

export async function readAdminTenant(db: Db, id: string): Promise<AdminTenant | null> {
  return (await select(db, sql`id = ${id}`))[0] ?? null;
}

async function select(db: Db, where: RawBuilder<unknown>): Promise<AdminTenant[]> {
  const { rows } = await sql<AdminTenantRow>`
    select id, name, max_stores as "maxStores", max_parallel_provisions as "maxParallelProvisions", largest_plan as "largestPlan",
      created_at as "createdAt", deletion_requested_at as "deletionRequestedAt",
      (select count(*) from stores where tenant_id = tenants.id and phase <> 'deleted') as stores,
      (select count(*) from members where tenant_id = tenants.id) as members
    from tenants where deleted_at is null and ${where}`.execute(db);
  return rows.map((row) => ({
    ...toTenant(row),
    members: row.members,
    isDeleting: row.deletionRequestedAt !== null,
  }));
}

export interface QuotaChange {
  readonly maxStores?: number | undefined;
  readonly maxParallelProvisions?: number | undefined;
  readonly largestPlan?: string | undefined;
}

/** Stores that are there already stay, also above a lowered limit. */
export async function changeQuota(tx: Tx, id: string, change: QuotaChange): Promise<void> {
  await sql`
    update tenants set
      max_stores = coalesce(${change.maxStores ?? null}::integer, max_stores),
      max_parallel_provisions = coalesce(${change.maxParallelProvisions ?? null}::integer, max_parallel_provisions),
      largest_plan = coalesce(${change.largestPlan ?? null}::text, largest_plan),
      quota_changed_at = now()
    where id = ${id}`.execute(tx);
}
