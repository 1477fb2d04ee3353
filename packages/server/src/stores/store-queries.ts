// The API's statements on `stores`. It inserts rows and writes desired columns only; every statement names the tenant, so another
// tenant's store is as absent as one that never was.
import type { Phase, StoreProgress, StoreSort } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { formatListPlace, type ListPlace } from './list-place.ts';
import type { StoreRow } from './store.ts';

const columns = sql`
  id, tenant_id as "tenantId", name, engine, engine_version as "engineVersion", plan, admin_email as "adminEmail",
  desired_phase as "desiredPhase", generation, phase, observed_generation as "observedGeneration", error_code as "errorCode",
  error_step as "errorStep", error_message as "errorMessage", health, pods, created_at as "createdAt", ready_at as "readyAt"`;

export interface NewStore {
  readonly id: string;
  readonly tenantId: string;
  readonly clusterId: string;
  readonly name: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly plan: string;
  readonly adminEmail: string;
  readonly createdBy: string;
  readonly keepFailed: boolean;
}

/** Null where a store that is not deleted has the name. */
export async function insertStore(tx: Tx, store: NewStore): Promise<StoreRow | null> {
  const { rows } = await sql<StoreRow>`
    insert into stores (id, tenant_id, cluster_id, name, engine, engine_version, plan, admin_email, created_by,
      keep_failed)
    values (${store.id}, ${store.tenantId}, ${store.clusterId}, ${store.name}, ${store.engine}, ${store.engineVersion},
      ${store.plan}, ${store.adminEmail}, ${store.createdBy}, ${store.keepFailed})
    on conflict (cluster_id, name) where phase <> 'deleted' do nothing
    returning ${columns}`.execute(tx);
  return rows[0] ?? null;
}

// A create that failed and is cleaned up has given its place back.
const takesPlace = sql`phase <> 'deleted'
  and not (phase = 'failed' and ready_at is null and not keep_failed and observed_generation = generation)`;

/** Counts what takes up quota: everything that is not yet gone. */
export async function countLiveStores(db: Db, tenantId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from stores
    where tenant_id = ${tenantId} and ${takesPlace}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Over all tenants. */
export async function countAllLiveStores(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from stores where ${takesPlace}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Makes creates of different tenants take turns until the end of the transaction: two at once would count the same free place. */
export async function lockStoreTotal(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('stores.total', 0))`.execute(tx);
}

export async function listUndeletedStores(db: Db, tenantId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from stores where tenant_id = ${tenantId} and desired_phase = 'ready' order by id`.execute(db);
  return rows.map(({ id }) => id);
}

export async function readStore(db: Db, tenantId: string, storeId: string): Promise<StoreRow | null> {
  const { rows } = await sql<StoreRow>`
    select ${columns} from stores where id = ${storeId} and tenant_id = ${tenantId}`.execute(db);
  return rows[0] ?? null;
}

/** Null where there is nothing to delete any more: the guard makes the first of many requests the only one. */
export async function markForDeletion(tx: Tx, tenantId: string, storeId: string): Promise<StoreRow | null> {
  const { rows } = await sql<StoreRow>`
    update stores set desired_phase = 'deleted', generation = generation + 1, deletion_requested_at = now()
    where id = ${storeId} and tenant_id = ${tenantId} and desired_phase = 'ready'
    returning ${columns}`.execute(tx);
  return rows[0] ?? null;
}

/**
 * Wishes for a failed store once more; the worker takes `failed` with a newer generation as the order to try again. Null where the
 * store is not failed, or was wished for again already: two clicks are one retry.
 */
export async function wishAgain(tx: Tx, tenantId: string, storeId: string): Promise<StoreRow | null> {
  const { rows } = await sql<StoreRow>`
    update stores set generation = generation + 1
    where id = ${storeId} and tenant_id = ${tenantId} and desired_phase = 'ready' and phase = 'failed'
      and observed_generation = generation
    returning ${columns}`.execute(tx);
  return rows[0] ?? null;
}

/**
 * Wishes a ready store back to what it should be. The error that it shows now is what the wish agrees to; where another version would
 * be installed for it, that one becomes the wanted one. Null where the store is not ready, or a repair is under way already.
 */
export async function wishRepair(
  tx: Tx,
  wish: { readonly tenantId: string; readonly storeId: string; readonly engineVersion: string },
): Promise<StoreRow | null> {
  const { rows } = await sql<StoreRow>`
    update stores set generation = generation + 1, repair_generation = generation + 1, repair_code = error_code,
      engine_version = case when error_code in ('data_lost', 'release_lost') then ${wish.engineVersion} else engine_version end
    where id = ${wish.storeId} and tenant_id = ${wish.tenantId} and desired_phase = 'ready' and phase = 'ready'
      and observed_generation = generation
    returning ${columns}`.execute(tx);
  return rows[0] ?? null;
}
/** Named where a list is to go beyond one tenant, so that it never does by a value that is missing. */
export const ALL_TENANTS = Symbol('all tenants');

export interface StoreFilter {
  readonly tenantId: string | typeof ALL_TENANTS;
  readonly phase?: Phase | undefined;
  readonly engine?: string | undefined;
  /** Part of the name. */
  readonly q?: string | undefined;
}

export interface StorePage {
  readonly rows: readonly StoreRow[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

/** Deleted stores only where they are asked for. */
export async function listStores(
  db: Db,
  filter: StoreFilter,
  page: { readonly after: ListPlace | null; readonly limit: number; readonly sort?: StoreSort },
): Promise<StorePage> {
  const order = SORTS[page.sort ?? 'newest'];
  const { rows } = await sql<StoreRow & { createdMicros: string }>`
    select ${columns}, (extract(epoch from created_at) * 1000000)::bigint::text as "createdMicros"
    from stores
    where ${filter.tenantId === ALL_TENANTS ? sql`true` : sql`tenant_id = ${filter.tenantId}`} and ${hasPhase(filter.phase)}
      and ${filter.engine === undefined ? sql`true` : sql`engine = ${filter.engine}`}
      and ${filter.q === undefined ? sql`true` : sql`position(${filter.q.toLowerCase()} in name) > 0`}
      and ${page.after === null ? sql`true` : order.isBehind(page.after)}
    order by ${order.by}
    limit ${page.limit + 1}`.execute(db);
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return { rows: shown, next: rows.length > page.limit && last !== undefined ? formatListPlace(last) : null };
}

const at = ({ createdMicros }: ListPlace): RawBuilder<unknown> =>
  sql`timestamptz 'epoch' + ${createdMicros}::bigint * interval '1 microsecond'`;

// Each order is total, and an index has it: a page costs what it shows, wherever in the list it lies.
const SORTS: Readonly<
  Record<StoreSort, { by: RawBuilder<unknown>; isBehind: (place: ListPlace) => RawBuilder<unknown> }>
> = {
  newest: {
    by: sql`created_at desc, id desc`,
    isBehind: (place) => sql`(created_at, id) < (${at(place)}, ${place.id}::text)`,
  },
  oldest: { by: sql`created_at, id`, isBehind: (place) => sql`(created_at, id) > (${at(place)}, ${place.id}::text)` },
  name: { by: sql`name, id`, isBehind: (place) => sql`(name, id) > (${place.name}::text, ${place.id}::text)` },
};

/** Whether a live store of the cluster has the name, whosesoever it is: hosts are one name space. */
export async function isNameTaken(db: Db, clusterId: string, name: string): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`
    select exists (select from stores where cluster_id = ${clusterId} and name = ${name} and phase <> 'deleted') as taken`.execute(
    db,
  );
  return rows[0]?.taken ?? false;
}

/** The last step that was begun, of each store that is under way. */
export async function listProgress(db: Db, tenantId: string): Promise<readonly StoreProgress[]> {
  const { rows } = await sql<{ storeId: string; step: string; startedAt: Date }>`
    select stores.id as "storeId", last.step, last.at as "startedAt"
    from stores cross join lateral (
      select step, at from events
      where events.store_id = stores.id and type = 'store.step_started' order by cursor desc limit 1
    ) as last
    where stores.tenant_id = ${tenantId}
      and (stores.phase in ('requested', 'provisioning', 'upgrading', 'deleting')
        or (stores.phase <> 'deleted' and stores.desired_phase = 'deleted'))
    limit 1000`.execute(db);
  return rows.map(({ startedAt, ...row }) => ({ ...row, startedAt: startedAt.toISOString() }));
}

function hasPhase(phase: Phase | undefined): RawBuilder<unknown> {
  switch (phase) {
    case undefined:
      return sql`phase <> 'deleted'`;
    case 'deleted':
      return sql`phase = 'deleted'`;
    case 'deleting':
      return sql`phase <> 'deleted' and desired_phase = 'deleted'`;
    default:
      return sql`phase = ${phase} and desired_phase = 'ready'`;
  }
}
