// The observed columns of `stores`, written by nobody else. Every attempt first raises the row's fence to its own; from then on a
// worker that lost its lease finds a higher fence and writes nothing.
import type { Phase, PlanName, StoreId } from '@souk/contract';
import { sql } from 'kysely';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import { storableText } from '../db/storable-text.ts';
import { LeaseLostError } from '../errors.ts';
import { readLatestEvent } from '../events/event-queries.ts';

export interface ReconciledStore {
  readonly id: StoreId;
  readonly tenantId: string;
  readonly name: string;
  readonly engine: string;
  readonly plan: PlanName;
  readonly adminEmail: string;
  readonly desiredPhase: 'ready' | 'deleted';
  readonly generation: number;
  readonly phase: Phase;
  readonly observedGeneration: number;
  /** The generation of the newest repair that was asked for, and the error that was shown then. */
  readonly repairGeneration: number;
  readonly repairCode: string | null;
  readonly errorCode: string | null;
  readonly errorStep: string | null;
  readonly errorMessage: string | null;
  readonly readyAt: Date | null;
  readonly keepFailed: boolean;
  readonly anchors: Anchors;
  /** Fingerprint of what the living release was made from; null for one of an older platform. */
  readonly installed: string | null;
  /** For how long it is being provisioned, by the database's clock; null before it is, and while the cluster is away. */
  readonly provisioningMs: number | null;
}

/** What the data of a living shop is bound to. Another UID under the same name is another, empty thing. */
export interface Anchors {
  /** Null until the shop is ready for the first time. */
  readonly namespaceUid: string | null;
  /** Name → UID of each volume claim. */
  readonly claims: Readonly<Record<string, string>>;
}

export interface StoreFailure {
  readonly code: string;
  readonly step: string | null;
  readonly message: string;
}

/** What a fenced write is about. */
export interface FencedStore {
  readonly storeId: StoreId;
  readonly fence: number;
}

/** Raises the fence and reads the row in one statement. Null: no such store, or a successor has it already. */
export async function takeStore(tx: Tx, { storeId, fence }: FencedStore): Promise<ReconciledStore | null> {
  const { rows } = await sql<ReconciledStore>`
    update stores set fence = ${fence}
    where id = ${storeId} and fence <= ${fence}
    returning
      id, tenant_id as "tenantId", name, engine, plan, admin_email as "adminEmail", desired_phase as "desiredPhase",
      generation, phase, observed_generation as "observedGeneration", repair_generation as "repairGeneration",
      repair_code as "repairCode", error_code as "errorCode",
      error_step as "errorStep", error_message as "errorMessage", ready_at as "readyAt",
      keep_failed as "keepFailed",
      jsonb_build_object('namespaceUid', namespace_uid, 'claims', claims) as anchors, installed,
      (extract(epoch from now() - provisioning_started_at) * 1000)::float8 as "provisioningMs"`.execute(tx);
  return rows[0] ?? null;
}

/** Runs a transaction that commits only while the fence is this attempt's. Locks the row, so a successor waits for the outcome. */
export async function underFence<T>(
  db: Db,
  { storeId, fence }: FencedStore,
  write: (tx: Tx) => Promise<T>,
): Promise<T> {
  return await inTransaction(db, async (tx) => {
    const { rows } = await sql`
      select 1 from stores where id = ${storeId} and fence = ${fence} for no key update`.execute(tx);
    if (rows.length === 0) {
      throw new LeaseLostError(`another worker has taken over store ${storeId}`);
    }
    return await write(tx);
  });
}

export async function markProvisioning(tx: Tx, storeId: StoreId): Promise<void> {
  await sql`
    update stores set phase = 'provisioning', provisioning_started_at = now(),
      error_code = null, error_step = null, error_message = null
    where id = ${storeId}`.execute(tx);
}

export interface ReadyStore {
  /** The one that the attempt has worked for; a newer wish keeps its distance and gets an attempt of its own. */
  readonly generation: number;
  readonly endpoint: string;
  /** What was seen; what is known of a living shop already is not replaced by it. */
  readonly anchors: Anchors;
  readonly installed: string | null;
}

/** Answers whether nobody has wished for anything newer meanwhile. */
export async function markReady(tx: Tx, storeId: StoreId, ready: ReadyStore): Promise<boolean> {
  const { rows } = await sql<{ isNewest: boolean }>`
    update stores set phase = 'ready', ready_at = coalesce(ready_at, now()), endpoint = ${ready.endpoint},
      namespace_uid = coalesce(namespace_uid, ${ready.anchors.namespaceUid}),
      claims = ${JSON.stringify(ready.anchors.claims)}::jsonb || claims, installed = ${ready.installed},
      observed_generation = ${ready.generation}, error_code = null, error_step = null, error_message = null
    where id = ${storeId}
    returning generation = ${ready.generation} as "isNewest"`.execute(tx);
  return rows[0]?.isNewest ?? false;
}

/** Whether somebody was told of a drift, and nobody since that the store is as it should be again. */
export async function isDriftOpen(db: Db, storeId: StoreId): Promise<boolean> {
  const latest = await readLatestEvent(db, storeId, ['store.drift_detected', 'store.repaired', 'store.ready']);
  return latest?.type === 'store.drift_detected';
}

/** Time in which the cluster is away is not the store's: its clock stops, and begins anew when the cluster has answered. */
export async function setProvisionClock(tx: Tx, storeId: StoreId, isRunning: boolean): Promise<void> {
  await sql`
    update stores set provisioning_started_at = case when ${isRunning} then now() end
    where id = ${storeId}`.execute(tx);
}

/** The shop that lived is lost and somebody agreed to a new one: from here on it is a store that never was ready. */
export async function markRebuilding(tx: Tx, storeId: StoreId): Promise<void> {
  await sql`
    update stores set phase = 'provisioning', provisioning_started_at = now(), ready_at = null,
      namespace_uid = null, claims = '{}', installed = null, error_code = null, error_step = null, error_message = null
    where id = ${storeId}`.execute(tx);
}

/** Somebody agreed to what is there now; it is written down anew when the shop is ready. */
export async function forgetAnchors(tx: Tx, storeId: StoreId): Promise<void> {
  await sql`update stores set namespace_uid = null, claims = '{}' where id = ${storeId}`.execute(tx);
}

export async function markFailed(tx: Tx, storeId: StoreId, generation: number, failure: StoreFailure): Promise<void> {
  await sql`
    update stores set phase = 'failed', observed_generation = ${generation},
      error_code = ${failure.code}, error_step = ${failure.step}, error_message = ${storableText(failure.message)}
    where id = ${storeId}`.execute(tx);
}

export async function markDeleting(tx: Tx, storeId: StoreId): Promise<void> {
  await sql`
    update stores set phase = 'deleting', error_code = null, error_step = null, error_message = null
    where id = ${storeId}`.execute(tx);
}

export async function markDeleted(tx: Tx, storeId: StoreId, generation: number): Promise<void> {
  await sql`
    update stores set phase = 'deleted', deleted_at = now(), endpoint = null, observed_generation = ${generation},
      error_code = null, error_step = null, error_message = null
    where id = ${storeId}`.execute(tx);
}

/** What stands in the way, without a change of phase. A deletion goes on trying; its wish stays unfulfilled. */
export async function markHindered(tx: Tx, storeId: StoreId, failure: StoreFailure): Promise<void> {
  await sql`
    update stores set error_code = ${failure.code}, error_step = ${failure.step}, error_message = ${storableText(failure.message)}
    where id = ${storeId}`.execute(tx);
}

/** A wish that a living shop cannot be given: it is settled, the shop stays as it was, and the error says why. */
export async function markRefused(tx: Tx, storeId: StoreId, generation: number, failure: StoreFailure): Promise<void> {
  await sql`
    update stores set observed_generation = ${generation},
      error_code = ${failure.code}, error_step = ${failure.step}, error_message = ${storableText(failure.message)}
    where id = ${storeId}`.execute(tx);
}
