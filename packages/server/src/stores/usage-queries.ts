// What the watch leader wrote down of a store's use. Only read here.
import type { StoreUsage } from '@souk/contract';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';

type Quota = { resource: string; used: string; limit: string }[];
type Pods = { name: string; cpuMillicores: number; memoryMib: number }[];

/** Empty for a store that the watch has not seen yet. The caller has checked whose store it is. */
export async function readUsage(db: Db, storeId: string): Promise<StoreUsage> {
  const [quotas, samples] = await Promise.all([
    sql<{ resources: Quota }>`select resources from store_quotas where store_id = ${storeId}`.execute(db),
    sql<{ at: Date; pods: Pods }>`
      select at, pods from usage_samples where store_id = ${storeId} order by at limit 200`.execute(db),
  ]);
  return {
    quota: quotas.rows[0]?.resources ?? [],
    samples: samples.rows.map(({ at, pods }) => ({ at: at.toISOString(), pods })),
  };
}
