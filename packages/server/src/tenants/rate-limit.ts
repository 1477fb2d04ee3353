// Rate limits, counted in Postgres so that all API processes share them. A window begins with the first request and starts anew when
// it is over. The table is unlogged: counting costs no disk flush, and a crash of the database merely forgets the counts.
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { AppError } from '../errors.ts';

export interface RateLimit {
  /** What is limited, for the message: "requests of this token". */
  readonly name: string;
  /** 0: no limit. */
  readonly most: number;
  readonly windowMs: number;
}

/** Counts one use under `key`; throws `rate_limited`, with the time to wait, when the window's allowance is used up. */
export async function takeRateLimit(db: Db, key: string, limit: RateLimit): Promise<void> {
  if (limit.most === 0) {
    return;
  }
  const window = sql`${limit.windowMs} * interval '1 millisecond'`;
  const { rows } = await sql<{ used: number; leftMs: number }>`
    insert into rate_limit_buckets as bucket (key, window_started_at, used) values (${key}, now(), 1)
    on conflict (key) do update set
      window_started_at = case when bucket.window_started_at + ${window} <= now() then now() else bucket.window_started_at end,
      used = case
        when bucket.window_started_at + ${window} <= now() then 1
        else least(bucket.used + 1, ${limit.most + 1}::integer)
      end
    returning used, extract(epoch from window_started_at + ${window} - now())::float8 * 1000 as "leftMs"`.execute(db);
  const { used, leftMs } = rows[0] ?? { used: 0, leftMs: 0 };
  if (used > limit.most) {
    const retryAfterSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    throw new AppError('rate_limited', `At most ${limit.most} ${limit.name}; try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
      limit: { name: limit.name, value: limit.most, used: limit.most },
    });
  }
}

export async function deleteOldBuckets(db: Db, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from rate_limit_buckets where key in (
      select key from rate_limit_buckets where window_started_at < now() - interval '1 day' limit ${limit} for update skip locked
    )`.execute(db);
  return Number(numAffectedRows ?? 0n);
}
