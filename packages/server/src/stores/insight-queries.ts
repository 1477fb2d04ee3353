// How provisioning went in the last thirty days: the course of every step, and how each day ended. Read off the events.
import type { Insights } from '@souk/contract';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';

type Step = Insights['steps'][number];
type Day = Insights['days'][number];

export async function readInsights(db: Db, tenantId: string): Promise<Insights> {
  const [steps, days] = await Promise.all([
    sql<Step>`
      select stores.engine, events.step, count(*) as count,
        percentile_cont(0.5) within group (order by events.duration_ms) as "p50Ms",
        percentile_cont(0.95) within group (order by events.duration_ms) as "p95Ms"
      from events join stores on stores.id = events.store_id
      where events.tenant_id = ${tenantId} and events.type = 'store.step_completed' and events.duration_ms is not null
        and events.at > now() - interval '30 days'
      group by stores.engine, events.step`.execute(db),
    sql<Day>`
      with ends as (
        select (created_at at time zone 'UTC')::date as day, phase, ready_at,
          extract(epoch from ready_at - created_at)::float8 * 1000 as ms
        from stores
        where tenant_id = ${tenantId} and created_at > now() - interval '30 days'
      )
      select to_char(day, 'YYYY-MM-DD') as day, count(*) filter (where ready_at is not null) as ready,
        count(*) filter (where ready_at is null and phase = 'failed') as failed,
        percentile_cont(0.5) within group (order by ms) as "p50Ms",
        percentile_cont(0.95) within group (order by ms) as "p95Ms"
      from ends group by day order by day`.execute(db),
  ]);
  return { steps: [...steps.rows], days: [...days.rows] };
}
