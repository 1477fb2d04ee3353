// Which workers are alive: one row each, refreshed with every heartbeat, forgotten when old.
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';

export async function recordWorkerBeat(db: Db, worker: string): Promise<void> {
  await sql`
    insert into worker_heartbeats (worker) values (${worker})
    on conflict (worker) do update set beat_at = now()`.execute(db);
}

export async function forgetWorker(db: Db, worker: string): Promise<void> {
  await sql`delete from worker_heartbeats where worker = ${worker}`.execute(db);
}

export async function countLiveWorkers(db: Db, withinMs: number): Promise<number> {
  const { rows } = await sql<{ alive: number }>`
    select count(*) as alive from worker_heartbeats where beat_at > now() - ${withinMs} * interval '1 millisecond'`.execute(
    db,
  );
  return rows[0]?.alive ?? 0;
}

export async function forgetDeadWorkers(db: Db, olderThanDays: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from worker_heartbeats where beat_at < now() - ${olderThanDays} * interval '1 day'`.execute(db);
  return Number(numAffectedRows ?? 0n);
}
