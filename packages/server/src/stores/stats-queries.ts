// Figures over stores: for a tenant's summary and for the metrics of the whole platform.
import type { Health, Phase } from '@souk/contract';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';

/** Of the whole platform, for the metrics. */
export async function countStoresByPhase(
  db: Db,
): Promise<readonly { readonly phase: Phase; readonly count: number }[]> {
  const { rows } = await sql<{ phase: Phase; count: number }>`
    select phase, count(*) as count from stores where phase <> 'deleted' group by phase`.execute(db);
  return rows;
}

/** Deletions that have told what stands in their way; of the whole platform, for the metrics. */
export async function countDelayedDeletions(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from stores where phase = 'deleting' and error_code is not null`.execute(db);
  return rows[0]?.count ?? 0;
}

export interface StoreCount {
  readonly phase: Phase;
  readonly health: Health;
  readonly engine: string;
  readonly count: number;
}

/** By what people are told: a store counts as deleting from the moment that was asked for. */
export async function countStoresOfTenant(db: Db, tenantId: string): Promise<readonly StoreCount[]> {
  const { rows } = await sql<StoreCount>`
    select case when desired_phase = 'deleted' and phase <> 'deleted' then 'deleting' else phase end as phase,
      health, engine, count(*) as count
    from stores where tenant_id = ${tenantId} group by 1, 2, 3`.execute(db);
  return rows;
}

export interface ProvisioningDuration {
  readonly engine: string;
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** From requested to ready, of the stores of the last thirty days. */
export async function readProvisioningDurations(db: Db, tenantId: string): Promise<readonly ProvisioningDuration[]> {
  const { rows } = await sql<ProvisioningDuration>`
    with durations as (
      select engine, extract(epoch from ready_at - created_at)::float8 * 1000 as ms
      from stores
      where tenant_id = ${tenantId} and ready_at is not null and created_at > now() - interval '30 days'
    )
    select engine, count(*) as count,
      percentile_cont(0.5) within group (order by ms) as "p50Ms", percentile_cont(0.95) within group (order by ms) as "p95Ms"
    from durations group by engine`.execute(db);
  return rows;
}
