// Every statement on `events`. Events are only appended. Their order is (xid, cursor) and readers stop before the oldest transaction
// still open, so that whoever reads on from a position misses nothing, in whatever order transactions commit.

import type { Event, EventType, StoreId } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { storableJson, storableText } from '../db/storable-text.ts';
import { type EventPosition, formatCursor } from './event-cursor.ts';

/** The NOTIFY channel that tells event streams: something was appended. */
export const EVENTS_CHANNEL = 'events';
/** Carries `tenant/store`: what the cluster shows of a store changed. Nothing is kept of it; who missed it looks again. */
export const OBSERVED_CHANNEL = 'observed';

export async function tellObserved(tx: Tx, store: { readonly tenantId: string; readonly id: string }): Promise<void> {
  await sql`select pg_notify(${OBSERVED_CHANNEL}, ${`${store.tenantId}/${store.id}`})`.execute(tx);
}

export interface NewEvent {
  readonly type: EventType;
  readonly tenantId: string;
  readonly storeId: string | null;
  /** Who caused it: the id of a token or member, or the name of a worker. */
  readonly actor: string;
  readonly message: string;
  readonly step?: string;
  readonly durationMs?: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface RecordedEvent {
  readonly tenantId: string | null;
  readonly position: EventPosition;
  readonly event: Event;
}

/** The event exists exactly when the caller's transaction commits; listeners hear of it then, once per transaction. */
export async function appendEvent(tx: Tx, event: NewEvent): Promise<void> {
  const durationMs = event.durationMs === undefined ? null : Math.max(0, Math.round(event.durationMs));
  await sql`
    with appended as (
      insert into events (type, tenant_id, store_id, actor, step, duration_ms, message, details)
      values (${event.type}, ${event.tenantId}, ${event.storeId}, ${event.actor}, ${event.step ?? null}, ${durationMs},
        ${storableText(event.message)}, ${storableJson(event.details ?? {})}::jsonb)
      returning cursor
    )
    select pg_notify(${EVENTS_CHANNEL}, '') from appended`.execute(tx);
}

// Whatever varies in the words of a trouble that goes on, a timeline gets no more than this of one type and step in a day.
const MOST_A_DAY = 10;
/** After one of these the same is news again. */
const FRESH_STARTS: readonly EventType[] = [
  'store.provisioning_started',
  'store.drift_detected',
  'store.repair_requested',
  'store.deletion_requested',
  'store.worker_lost',
];

/**
 * For what each of many attempts finds again: appends the event unless the same words were told of the store and step within a day,
 * since it was last wished for or drifted, its worker was lost, or the step came through. Right under a lock on the store alone.
 */
export async function appendUnlessTold(tx: Tx, event: NewEvent): Promise<void> {
  const step = event.step ?? null;
  const isOfStep = sql`step is not distinct from ${step}::text`;
  const { rows } = await sql<{ isTold: boolean }>`
    select count(*) >= ${MOST_A_DAY} or coalesce(bool_or(message = ${storableText(event.message)}), false) as "isTold"
    from events
    where store_id = ${event.storeId} and type = ${event.type} and ${isOfStep} and at > now() - interval '1 day'
      and cursor > coalesce((
        select max(cursor) from events
        where store_id = ${event.storeId}
          and (type = any(${FRESH_STARTS}) or (type = 'store.step_completed' and ${isOfStep}))
      ), 0)`.execute(tx);
  if (rows[0]?.isTold !== true) {
    await appendEvent(tx, event);
  }
}

/** Of the newest event of these types that was told of the store. */
export async function readLatestEvent(
  db: Db,
  storeId: StoreId,
  types: readonly EventType[],
): Promise<{ readonly type: EventType; readonly message: string } | null> {
  const { rows } = await sql<{ type: EventType; message: string }>`
    select type, message from events where store_id = ${storeId} and type = any(${types})
    order by cursor desc limit 1`.execute(db);
  return rows[0] ?? null;
}

interface EventRow {
  readonly xid: string;
  readonly cursor: number;
  readonly tenantId: string | null;
  readonly type: EventType;
  readonly storeId: string | null;
  readonly actor: string;
  readonly step: string | null;
  readonly durationMs: number | null;
  readonly message: string;
  readonly details: Record<string, unknown>;
  readonly at: Date;
}

const eventColumns = sql`
  xid::text as xid, cursor, tenant_id as "tenantId", type, store_id as "storeId", actor, step, duration_ms as "durationMs",
  message, details, at`;

function toRecorded(row: EventRow): RecordedEvent {
  const { xid, cursor, tenantId, at, ...rest } = row;
  const position = { xid, cursor };
  return {
    tenantId,
    position,
    event: { id: `evt_${cursor}`, cursor: formatCursor(position), at: at.toISOString(), ...rest },
  };
}

const isAfter = ({ xid, cursor }: EventPosition) => sql`(xid, cursor) > (${xid}::xid8, ${cursor}::bigint)`;
// A transaction that is still open may yet commit events with a smaller position than what is visible behind it.
const isSettled = sql`xid < pg_snapshot_xmin(pg_current_snapshot())`;

export interface EventScope {
  readonly tenantId?: string;
  readonly storeId?: string;
}

function inScope({ tenantId, storeId }: EventScope): RawBuilder<unknown> {
  return sql`${tenantId === undefined ? sql`true` : sql`tenant_id = ${tenantId}`}
    and ${storeId === undefined ? sql`true` : sql`store_id = ${storeId}`}`;
}

/** Everything settled after a position, in stream order. */
export async function readEventsAfter(
  db: Db,
  position: EventPosition,
  scope: EventScope,
  limit: number,
): Promise<readonly RecordedEvent[]> {
  const { rows } = await sql<EventRow>`
    select ${eventColumns} from events
    where ${isAfter(position)} and ${isSettled} and ${inScope(scope)}
    order by events.xid, cursor limit ${limit}`.execute(db);
  return rows.map(toRecorded);
}

/** Whether committed events wait behind an open transaction: nobody will be notified when that one ends without an event. */
export async function hasUnsettledEvents(db: Db, position: EventPosition): Promise<boolean> {
  const { rows } = await sql<{ waits: boolean }>`
    select exists (select from events where ${isAfter(position)} and not ${isSettled}) as waits`.execute(db);
  return rows[0]?.waits ?? false;
}

/** Where a stream must begin to miss nothing that this transaction's snapshot does not show yet. */
export async function readPositionNow(db: Db): Promise<EventPosition> {
  const { rows } = await sql<{ xid: string }>`select pg_snapshot_xmin(pg_current_snapshot())::text as xid`.execute(db);
  return { xid: rows[0]?.xid ?? '0', cursor: 0 };
}

/** A store's timeline, oldest first, by cursor alone: it is read again as a whole, not resumed. */
export async function listEventsOfStore(
  db: Db,
  store: { readonly tenantId: string; readonly storeId: string },
  page: { readonly afterCursor: number; readonly limit: number },
): Promise<readonly RecordedEvent[]> {
  const { rows } = await sql<EventRow>`
    select ${eventColumns} from events
    where tenant_id = ${store.tenantId} and store_id = ${store.storeId} and cursor > ${page.afterCursor}
    order by cursor limit ${page.limit}`.execute(db);
  return rows.map(toRecorded);
}

/**
 * Whether a stream can go on from there without a gap: nothing behind the position was trimmed, and the position is not of a
 * database's future (a cursor from before the database was replaced).
 */
export async function isPositionKnown(db: Db, { xid, cursor }: EventPosition): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`
    select ${xid}::xid8 <= pg_snapshot_xmax(pg_current_snapshot())
      and not exists (select from events_trimmed where (xid, cursor) > (${xid}::xid8, ${cursor}::bigint)) as known`.execute(
    db,
  );
  return rows[0]?.known ?? false;
}

/** Deletes at most `limit` events older than that and remembers how far, so that a stream cannot resume over the gap. */
export async function trimEvents(db: Db, olderThanDays: number, limit: number): Promise<number> {
  const { rows } = await sql<{ deleted: number }>`
    with old as (
      select xid, cursor from events
      where ${isSettled} and at < now() - ${olderThanDays} * interval '1 day'
      order by xid, cursor limit ${limit}
    ),
    trimmed as (
      delete from events using old where events.cursor = old.cursor returning events.xid, events.cursor
    ),
    remembered as (
      insert into events_trimmed (xid, cursor)
      select xid, cursor from trimmed order by xid desc, cursor desc limit 1
      on conflict (is_only) do update set xid = excluded.xid, cursor = excluded.cursor
      where (excluded.xid, excluded.cursor) > (events_trimmed.xid, events_trimmed.cursor)
    )
    select count(*) as deleted from trimmed`.execute(db);
  return rows[0]?.deleted ?? 0;
}
