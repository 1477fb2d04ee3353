// The health columns of `stores` and what is known of the cluster, written by the watch leader alone: every write compares the fence
// of its term, so that a former leader writes nothing.
import type { EventType, Health, Phase, PlanName, Pod, StoreId } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import { storableJson } from '../db/storable-text.ts';
import { readLatestEvent } from '../events/event-queries.ts';
import { hastenRetries } from '../jobs/ease-queries.ts';
import { RECONCILE_STORE } from '../stores/store.ts';

export const WATCH_LEASE = 'watch';

export interface WatchedStore {
  readonly id: StoreId;
  readonly tenantId: string;
  readonly name: string;
  readonly engine: string;
  readonly plan: PlanName;
  readonly phase: Phase;
  /** Set on a ready store: a reconcile has found what only a person can answer. */
  readonly errorCode: string | null;
  readonly anchors: { readonly namespaceUid: string | null; readonly claims: Readonly<Record<string, string>> };
  readonly health: Health;
  readonly pods: readonly Pod[];
  /** Its job is parked until something moves. */
  readonly isJobWaiting: boolean;
}

const watchedColumns = sql`
  stores.id, stores.tenant_id as "tenantId", stores.name, stores.engine, stores.plan, stores.phase, stores.health, stores.pods,
  stores.error_code as "errorCode",
  jsonb_build_object('namespaceUid', stores.namespace_uid, 'claims', stores.claims) as anchors,
  exists (
    select 1 from jobs where jobs.kind = ${RECONCILE_STORE} and jobs.subject = stores.id and jobs.state = 'waiting'
  ) as "isJobWaiting"`;

export async function readWatchedStores(db: Db, ids: readonly string[]): Promise<readonly WatchedStore[]> {
  const { rows } = await sql<WatchedStore>`select ${watchedColumns} from stores where id = any(${ids})`.execute(db);
  return rows;
}

export async function listLiveStores(db: Db): Promise<readonly Pick<WatchedStore, 'id' | 'phase'>[]> {
  const { rows } = await sql<Pick<WatchedStore, 'id' | 'phase'>>`
    select id, phase from stores where phase <> 'deleted'`.execute(db);
  return rows;
}

/** Stores whose phase changed after the cluster had come to rest, so that no watch would tell of it. */
export async function listStaleStoreIds(db: Db): Promise<readonly StoreId[]> {
  const { rows } = await sql<{ id: StoreId }>`
    select id from stores
    where (phase = 'ready' and health = 'unknown')
      or (phase not in ('ready', 'upgrading') and health <> 'unknown')
      or (phase = 'deleted' and pods <> '[]')`.execute(db);
  return rows.map(({ id }) => id);
}

/** Stores that want something and have no live job: lost by no fault that is known, and found by the resync. */
export async function listForgottenStores(
  db: Db,
): Promise<readonly { readonly id: StoreId; readonly tenantId: string }[]> {
  const { rows } = await sql<{ id: StoreId; tenantId: string }>`
    select id, tenant_id as "tenantId" from stores
    where phase <> 'deleted'
      and (phase in ('requested', 'provisioning', 'deleting') or generation > observed_generation
        -- Failed, and no attempt has come to the end of its clean-up, which would have discarded the job.
        or (phase = 'failed' and ready_at is null and not keep_failed and not exists (
          select 1 from jobs
          where jobs.kind = ${RECONCILE_STORE} and jobs.subject = stores.id and jobs.state = 'discarded'
        ))
        -- Got ready under an older platform: what its data is bound to is not written down yet.
        or (phase = 'ready' and namespace_uid is null and error_code is null)
        or exists (select 1 from password_resets where store_id = stores.id and requested_at > now() - interval '10 minutes'))
      and not exists (
        select 1 from jobs
        where jobs.kind = ${RECONCILE_STORE} and jobs.subject = stores.id and jobs.state in ('available', 'running', 'waiting')
      )`.execute(db);
  return rows;
}

/** What the database knows of ids that a namespace claims to be. Absent: no store ever had that id. */
export async function readOwners(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly tenantId: string; readonly isDeleted: boolean }>> {
  const { rows } = await sql<{ id: string; tenantId: string; isDeleted: boolean }>`
    select id, tenant_id as "tenantId", phase = 'deleted' as "isDeleted" from stores where id = any(${ids})`.execute(
    db,
  );
  return new Map(rows.map(({ id, ...owner }) => [id, owner]));
}

export async function hasTenant(db: Db, tenantId: string): Promise<boolean> {
  const { rows } = await sql`select 1 from tenants where id = ${tenantId}`.execute(db);
  return rows.length === 1;
}

/** Whether an event of this type was told of the namespace with this UID. */
export async function isOrphanTold(
  tx: Tx,
  { type, tenantId, uid }: { readonly type: EventType; readonly tenantId: string; readonly uid: string },
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from events where tenant_id = ${tenantId} and type = ${type} and details ->> 'uid' = ${uid} limit 1`.execute(
    tx,
  );
  return rows.length === 1;
}

/** Whether this is what was told last of what is wrong with the store, and nothing has put it right since. */
export async function isDriftTold(tx: Tx, storeId: StoreId, message: string): Promise<boolean> {
  const latest = await readLatestEvent(tx, storeId, ['store.drift_detected', 'store.repaired', 'store.health_changed']);
  return latest?.type === 'store.drift_detected' && latest.message === message;
}

export async function isTermOver(db: Db, fence: number): Promise<boolean> {
  const { rows } = await sql`select 1 where ${underTerm(fence)}`.execute(db);
  return rows.length === 0;
}

const underTerm = (fence: number): RawBuilder<unknown> => sql`
  exists (select 1 from leader_leases where name = ${WATCH_LEASE} and fence = ${fence} and expires_at > now())`;

/** False: the term is over and nothing was written. */
export async function writeHealth(
  tx: Tx,
  fence: number,
  storeId: StoreId,
  { health, pods }: { readonly health: Health; readonly pods: readonly Pod[] },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update stores set health = ${health}, pods = ${storableJson(pods)}::jsonb, health_at = now()
    where id = ${storeId} and ${underTerm(fence)}`.execute(tx);
  return numAffectedRows === 1n;
}

export interface ClusterFacts {
  /** Null while the cluster does not answer. */
  readonly version: string | null;
  /** Left out where they have not been listed yet: what was written before stands. */
  readonly nodes?: readonly { readonly name: string; readonly ready: boolean }[];
  /** What is wrong with the cluster as a whole; null when nothing is. */
  readonly message: string | null;
}

/** With the first that tell of a cluster that is back, reconciles that failed while it was away are tried again at once. */
export async function writeClusterFacts(db: Db, fence: number, baseDomain: string, facts: ClusterFacts): Promise<void> {
  await inTransaction(db, async (tx) => {
    const { rows } = await sql<{ wasAway: boolean }>`
      with former as (
        select id, observed ->> 'version' is null as was_away from clusters
        where base_domain = ${baseDomain} for no key update
      )
      update clusters set observed = observed || ${storableJson(facts)}::jsonb, observed_at = now()
      from former where clusters.id = former.id and ${underTerm(fence)}
      returning was_away as "wasAway"`.execute(tx);
    if (rows[0]?.wasAway === true && facts.version !== null) {
      await hastenRetries(tx, RECONCILE_STORE);
    }
  });
}
