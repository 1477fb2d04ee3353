// Eases what jobs wait for, from outside the queue: a retry whose reason is over, a place that is needed no longer.
import { sql } from 'kysely';
import type { Tx } from '../db/database.ts';
import { JOBS_CHANNEL } from './job-queries.ts';

/** Makes due at once what waits to be tried again, because what it failed for is over. Claims still take a few at a time. */
export async function hastenRetries(tx: Tx, kind: string): Promise<void> {
  await sql`
    with waiting as (
      select id from jobs
      where kind = ${kind} and state = 'available' and attempt > 0 and run_at > statement_timestamp()
      order by id for no key update skip locked
    ),
    hastened as (
      update jobs set run_at = statement_timestamp() from waiting where jobs.id = waiting.id returning jobs.id
    )
    select pg_notify(${JOBS_CHANNEL}, '') from hastened limit 1`.execute(tx);
}

/** From here on the job takes up no place of its group: what is left to do in it makes nothing. A wish that joins it may limit it again. */
export async function liftGroupLimit(tx: Tx, jobId: string): Promise<void> {
  await sql`
    with lifted as (update jobs set group_limit = null where id = ${jobId} and group_limit is not null returning id)
    select pg_notify(${JOBS_CHANNEL}, '') from lifted`.execute(tx);
}
