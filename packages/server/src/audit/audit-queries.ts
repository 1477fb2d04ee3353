// Every statement on the audit log. An entry is written once: the intent that it replaces is deleted in the same statement, so of the
// request's end and the clean-up of what a dead process left, one writes it.
import type { AuditEntry, AuditOutcome } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db/database.ts';

export interface AuditIntent {
  readonly tenantId: string | null;
  readonly actor: string;
  readonly actorName: string;
  readonly action: string;
  readonly address: string;
  readonly requestId: string;
}

export interface NewAuditEntry extends AuditIntent {
  readonly target: string | null;
  readonly outcome: AuditOutcome;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Answers the intent's id. */
export async function addAuditIntent(db: Db, intent: AuditIntent): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into audit_intents (tenant_id, actor, actor_name, action, address, request_id)
    values (${intent.tenantId}, ${intent.actor}, ${intent.actorName}, ${intent.action}, ${intent.address}, ${intent.requestId})
    returning id`.execute(db);
  return rows[0]?.id ?? 0;
}

const entryColumns = sql`
  (tenant_id, actor, actor_name, action, target, address, outcome, code, request_id, details)`;

/** `intentId` null: a call that was refused before it was begun. */
export async function addAuditEntry(db: Db, entry: NewAuditEntry, intentId: number | null): Promise<void> {
  const values = sql`
    ${entry.tenantId}::text, ${entry.actor}::text, ${entry.actorName}::text, ${entry.action}::text, ${entry.target}::text,
    ${entry.address}::text, ${entry.outcome}::text, ${entry.code}::text, ${entry.requestId}::text,
    ${JSON.stringify(entry.details)}::jsonb`;
  if (intentId === null) {
    await sql`insert into audit_entries ${entryColumns} values (${values})`.execute(db);
    return;
  }
  await sql`
    with begun as (delete from audit_intents where id = ${intentId} returning id)
    insert into audit_entries ${entryColumns} select ${values} from begun`.execute(db);
}

/** Enters what a process that died has begun; no request takes as long as five minutes. */
export async function enterLostIntents(db: Db, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    with lost as (
      delete from audit_intents where id in (
        select id from audit_intents where at < now() - interval '5 minutes' order by id limit ${limit} for update skip locked
      )
      returning *
    )
    insert into audit_entries ${entryColumns}
    select tenant_id, actor, actor_name, action, null, address, 'unknown', 'interrupted', request_id,
      jsonb_build_object('begunAt', at)
    from lost order by id`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** One entry in the form in which it is hashed: every column as text. */
export interface AuditRow {
  readonly cursor: number;
  readonly micros: string;
  readonly tenantId: string | null;
  readonly actor: string;
  readonly actorName: string;
  readonly action: string;
  readonly target: string | null;
  readonly address: string;
  readonly outcome: AuditOutcome;
  readonly code: string;
  readonly requestId: string;
  readonly details: string;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

const columns = sql`
  cursor, (extract(epoch from at) * 1000000)::bigint::text as micros, tenant_id as "tenantId", actor, actor_name as "actorName",
  action, target, address, outcome, code, request_id as "requestId", details::text as details,
  previous_hash as "previousHash", hash`;

export interface AuditFilter {
  /** Left out: entries of all tenants and of none. */
  readonly tenantId?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Newest first. */
export async function listAuditEntries(
  db: Db,
  filter: AuditFilter,
  page: { readonly before: number | null; readonly limit: number },
): Promise<readonly AuditRow[]> {
  const { rows } = await sql<AuditRow>`
    select ${columns} from audit_entries
    where ${fits(filter)} and ${page.before === null ? sql`true` : sql`cursor < ${page.before}`}
    order by cursor desc limit ${page.limit}`.execute(db);
  return rows;
}

function fits(filter: AuditFilter): RawBuilder<unknown> {
  const { tenantId, actor, action, target, outcome, from, to } = filter;
  const conditions = [
    tenantId === undefined ? null : sql`tenant_id = ${tenantId}`,
    actor === undefined ? null : sql`(actor = ${actor} or position(lower(${actor}) in lower(actor_name)) > 0)`,
    action === undefined ? null : sql`(action = ${action} or starts_with(action, ${`${action}.`}))`,
    target === undefined ? null : sql`target = ${target}`,
    outcome === undefined ? null : sql`outcome = ${outcome}`,
    from === undefined ? null : sql`at >= ${from}::timestamptz`,
    to === undefined ? null : sql`at < ${to}::timestamptz`,
  ].filter((condition) => condition !== null);
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}

/** Oldest first, for the verification. */
export async function readAuditChain(db: Db, afterCursor: number, limit: number): Promise<readonly AuditRow[]> {
  const { rows } = await sql<AuditRow>`
    select ${columns} from audit_entries where cursor > ${afterCursor} order by cursor limit ${limit}`.execute(db);
  return rows;
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  const { cursor, micros, details, previousHash, hash, ...entry } = row;
  return {
    ...entry,
    id: `aud_${cursor}`,
    at: new Date(Number(micros) / 1000).toISOString(),
    details: JSON.parse(details),
    hash: hash.toString('hex'),
  };
}
