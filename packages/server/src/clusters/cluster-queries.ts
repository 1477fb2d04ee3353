// Every statement on `clusters`. One cluster so far; stores name theirs from the first day, so that a second one is only rows.
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { newId } from '../ids.ts';

export interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly baseDomain: string;
  /** What the watch last saw; its shape is the watch's. */
  readonly observed: unknown;
  readonly observedAt: Date | null;
  /** By the database's clock, which wrote it. */
  readonly observedAgeMs: number | null;
}

/** Harmless to repeat, also from several processes at once; a changed base domain is taken over. */
export async function ensureFirstCluster(tx: Tx, baseDomain: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into clusters (id, name, base_domain) values (${newId('clu')}, 'first', ${baseDomain})
    on conflict (name) do update set base_domain = excluded.base_domain
    returning id`.execute(tx);
  return rows[0]?.id ?? '';
}

/** Where a new store goes: the oldest cluster. Throws where there is none: `ensureFirstCluster` runs at start. */
export async function placeStore(db: Db): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id from clusters order by created_at, id limit 1`.execute(db);
  const [cluster] = rows;
  if (cluster === undefined) {
    throw new Error('no cluster is registered');
  }
  return cluster.id;
}

export async function readFirstCluster(db: Db): Promise<Cluster | null> {
  const { rows } = await sql<Cluster>`
    select id, name, base_domain as "baseDomain", observed, observed_at as "observedAt",
      extract(epoch from now() - observed_at)::float8 * 1000 as "observedAgeMs"
    from clusters order by created_at, id limit 1`.execute(db);
  return rows[0] ?? null;
}
