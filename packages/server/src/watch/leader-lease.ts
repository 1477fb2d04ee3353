// Leadership among workers: a named lease in Postgres, by the database's clock, with a fence that is new for every term. What a leader
// writes compares that fence, so that a former leader that does not know it yet writes nothing.
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';

/** Takes the lease when it is free or has run out. Null: somebody else leads. */
export async function takeLeadership(db: Db, name: string, owner: string, leaseMs: number): Promise<number | null> {
  const { rows } = await sql<{ fence: number }>`
    insert into leader_leases (name, owner, fence, expires_at)
    values (${name}, ${owner}, nextval('fences'), now() + ${leaseMs} * interval '1 millisecond')
    on conflict (name) do update set owner = excluded.owner, fence = excluded.fence, expires_at = excluded.expires_at
      -- A live lease is never taken, not even by its own holder: a new term begins with a new look at everything.
      where leader_leases.expires_at <= now()
    returning fence`.execute(db);
  return rows[0]?.fence ?? null;
}

/** False: the term is over. A lease that ran out is not revived, even if nobody took it. */
export async function renewLeadership(db: Db, name: string, fence: number, leaseMs: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update leader_leases set expires_at = now() + ${leaseMs} * interval '1 millisecond'
    where name = ${name} and fence = ${fence} and expires_at > now()`.execute(db);
  return numAffectedRows === 1n;
}

/** Lets the next one begin at once. */
export async function resignLeadership(db: Db, name: string, fence: number): Promise<void> {
  await sql`update leader_leases set expires_at = now() where name = ${name} and fence = ${fence}`.execute(db);
}
