// What stores and nodes use, looked at every quarter of a minute by the watch leader and written down for people to see. Nothing is
// decided by these figures; a look that fails is left out of the curve.
import { setTimeout as delay } from 'node:timers/promises';
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { messageOf } from '../errors.ts';
import { storeIdOfNamespace } from '../ids.ts';
import type { NodeObject, ResourceQuota } from '../kube/kinds.ts';
import type { Kube } from '../kube/kube.ts';
import type { PodUsage, UsageReading } from '../kube/read-usage.ts';
import type { Log } from '../log.ts';
import type { Term } from './lead.ts';
import { WATCH_LEASE } from './observed-health.ts';

const EVERY_MS = 15_000;
const KEPT_MINUTES = 30;

export interface UsageContext {
  readonly db: Db;
  readonly kube: Kube;
  readonly baseDomain: string;
  readonly log: Log;
  /** What the watch knows: there is one for each store, too many to be listed at every look. */
  readonly quotas: () => readonly ResourceQuota[];
  readonly everyMs?: number;
}

export interface UsageRecorder {
  /** One look, written down. */
  runOnce(): Promise<void>;
  /** Until the term ends. */
  run(): Promise<void>;
}

export function createUsageRecorder(context: UsageContext, { fence, signal }: Term): UsageRecorder {
  const { db, kube, baseDomain, log } = context;
  async function runOnce(): Promise<void> {
    const { items: nodes } = await kube.list('Node', {}, signal);
    const reading = await kube.readUsage(nodes, signal);
    await writeQuotas(db, fence, context.quotas().flatMap(toQuotaRow));
    await writeSamples(db, fence, groupByStore(reading.pods));
    await forgetDeletedStores(db);
    await writeNodeFigures(
      db,
      fence,
      baseDomain,
      nodes.map((node) => toNodeFigures(node, reading)),
    );
  }

  return {
    runOnce,
    async run() {
      while (!signal.aborted) {
        try {
          await runOnce();
        } catch (error) {
          signal.throwIfAborted();
          log.info({ reason: messageOf(error) }, 'usage could not be read; trying again');
        }
        // Ended early by the end of the term.
        await delay(context.everyMs ?? EVERY_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

interface QuotaRow {
  readonly storeId: string;
  readonly resources: readonly { readonly resource: string; readonly used: string; readonly limit: string }[];
}

function toQuotaRow({ metadata, status }: ResourceQuota): readonly QuotaRow[] {
  const storeId = storeIdOfNamespace(metadata.namespace ?? '');
  if (storeId === null || status?.hard === undefined) {
    return [];
  }
  const resources = Object.entries(status.hard).map(([resource, limit]) => ({
    resource,
    used: status.used?.[resource] ?? '0',
    limit,
  }));
  return [{ storeId, resources }];
}

interface SampleRow {
  readonly storeId: string;
  readonly pods: readonly { readonly name: string; readonly cpuMillicores: number; readonly memoryMib: number }[];
}

function groupByStore(pods: readonly PodUsage[]): readonly SampleRow[] {
  const byStore = Map.groupBy(pods, ({ namespace }) => storeIdOfNamespace(namespace));
  return [...byStore].flatMap(([storeId, own]) =>
    storeId === null ? [] : [{ storeId, pods: own.map(({ namespace: _, ...usage }) => usage) }],
  );
}

function toNodeFigures({ metadata, status }: NodeObject, reading: UsageReading) {
  const used = reading.nodes.find(({ name }) => name === metadata.name);
  return {
    name: metadata.name,
    version: status?.nodeInfo?.kubeletVersion ?? null,
    allocatable: status?.allocatable ?? {},
    used: used === undefined ? null : { cpuMillicores: used.cpuMillicores, memoryMib: used.memoryMib },
  };
}

const underTerm = (fence: number): RawBuilder<unknown> => sql`
  exists (select 1 from leader_leases where name = ${WATCH_LEASE} and fence = ${fence} and expires_at > now())`;

async function writeQuotas(db: Db, fence: number, rows: readonly QuotaRow[]): Promise<void> {
  // Joined with stores, because a namespace may outlive its row's database, and a listing the store. Unchanged rows are left out
  // before the conflict, which would lock, and so write, each of them.
  await sql`
    insert into store_quotas (store_id, resources)
    select stores.id, seen.resources
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as seen ("storeId" text, resources jsonb)
    join stores on stores.id = seen."storeId" and stores.phase <> 'deleted'
    left join store_quotas as known on known.store_id = stores.id
    where ${underTerm(fence)} and known.resources is distinct from seen.resources
    on conflict (store_id) do update set resources = excluded.resources, observed_at = now()`.execute(db);
}

async function writeSamples(db: Db, fence: number, rows: readonly SampleRow[]): Promise<void> {
  await sql`
    insert into usage_samples (store_id, pods)
    select seen."storeId", seen.pods
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as seen ("storeId" text, pods jsonb)
    join stores on stores.id = seen."storeId" and stores.phase <> 'deleted'
    where ${underTerm(fence)}
    on conflict do nothing`.execute(db);
  await sql`delete from usage_samples where at < now() - ${KEPT_MINUTES} * interval '1 minute'`.execute(db);
}

/** Rows of stores are kept when they are deleted, so nothing cascades. By whoever: a store that is deleted stays so. */
async function forgetDeletedStores(db: Db): Promise<void> {
  await sql`
    with forgotten as (
      delete from store_quotas using stores
      where stores.id = store_quotas.store_id and stores.phase = 'deleted'
      returning store_quotas.store_id
    )
    delete from usage_samples where store_id in (select store_id from forgotten)`.execute(db);
}

async function writeNodeFigures(db: Db, fence: number, baseDomain: string, figures: readonly object[]): Promise<void> {
  await sql`
    update clusters set observed = observed || jsonb_build_object('figures', ${JSON.stringify(figures)}::jsonb)
    where base_domain = ${baseDomain} and ${underTerm(fence)}`.execute(db);
}
