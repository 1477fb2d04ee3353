// What can be asked of stores. Each command is one transaction: limits, desired state, job and event together, so that everything an
// answer speaks of can be read the moment it arrives. Work in the cluster is the worker's; this only writes what is wanted.
import { type CreateStore, PLANS as PLAN_NAMES, type PlanName, type StoreAndJob, storeIdSchema } from '@souk/contract';
import { sql } from 'kysely';
import { placeStore } from '../clusters/cluster-queries.ts';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { AppError } from '../errors.ts';
import { appendEvent } from '../events/event-queries.ts';
import { newId } from '../ids.ts';
import { enqueueJob, type Job } from '../jobs/job-queries.ts';
import type { Actor } from '../tenants/access.ts';
import { DEFAULT_PLAN } from '../tenants/plans.ts';
import { type RateLimit, takeRateLimit } from '../tenants/rate-limit.ts';
import { type LockedQuota, lockQuota, readQuota } from '../tenants/tenant-queries.ts';
import { once } from './idempotency.ts';
import { toJob } from './job.ts';
import { insertSealedPassword, sealPassword } from './sealed-password.ts';
import {
  isRetryable,
  type PublicAddress,
  RECONCILE_STORE,
  type StoreRendering,
  type StoreRow,
  toStore,
} from './store.ts';
import {
  countAllLiveStores,
  countLiveStores,
  insertStore,
  markForDeletion,
  readStore,
  wishAgain,
} from './store-queries.ts';

export interface StoreServiceOptions {
  readonly db: Db;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly address: PublicAddress;
  readonly platformKey: Buffer;
  readonly createsPerHour: number;
  /** Stores of all tenants together; 0: no limit. */
  readonly platformMaxStores: number;
}

export interface StoreService {
  readonly rendering: StoreRendering;
  /** Throws `engine_unavailable`, `quota_exceeded`, `name_taken`, `rate_limited`. */
  createStore(actor: Actor, wish: CreateStore, idempotencyKey: string | null): Promise<StoreAndJob>;
  /** Returns before anything is removed. Throws `already_deleting` from the second time on. */
  requestDeletion(actor: Actor, storeId: string, idempotencyKey: string | null): Promise<StoreAndJob>;
  /** Throws `not_retryable` unless the store has failed. */
  retryStore(actor: Actor, storeId: string, idempotencyKey: string | null): Promise<StoreAndJob>;
  /** Throws `store_not_found`, also for another tenant's store. */
  getStore(actor: Actor, storeId: string): Promise<StoreRow>;
}

// A deletion frees what others wait for.
const DELETION_PRIORITY = 10;
const HOUR_MS = 3_600_000;

export function createStoreService(options: StoreServiceOptions): StoreService {
  const { db, engines, platformKey } = options;
  const rendering: StoreRendering = {
    address: options.address,
    adminPathOf: (engine) => engines.get(engine)?.engine.adminPath ?? '/',
  };
  const creates: RateLimit = { name: 'new stores an hour', most: options.createsPerHour, windowMs: HOUR_MS };
  const answer = (row: StoreRow, job: Job): StoreAndJob => ({ store: toStore(row, rendering), job: toJob(job) });

  async function insertWish(
    tx: Tx,
    actor: Actor,
    wish: CreateStore & { plan: PlanName },
    engineVersion: string,
  ): Promise<StoreRow> {
    const row = await insertStore(tx, {
      id: newId('sto'),
      tenantId: actor.tenantId,
      clusterId: await placeStore(tx),
      name: wish.name,
      engine: wish.engine,
      engineVersion,
      plan: wish.plan,
      adminEmail: wish.adminEmail ?? `admin@${wish.name}.${mailDomain(options.address.baseDomain)}`,
      createdBy: actor.id,
    });
    if (row === null) {
      throw new AppError('name_taken', `A store called "${wish.name}" exists already; choose another name.`);
    }
    if (wish.adminPassword !== undefined) {
      await insertSealedPassword(tx, row.id, sealPassword(platformKey, row.id, wish.adminPassword));
    }
    return row;
  }

  async function getStore(actor: Actor, storeId: string, reader: Db = db): Promise<StoreRow> {
    const row = storeIdSchema.safeParse(storeId).success ? await readStore(reader, actor.tenantId, storeId) : null;
    if (row === null) {
      throw new AppError('store_not_found', `There is no store "${storeId}".`);
    }
    return row;
  }

  return {
    rendering,
    getStore: (actor, storeId) => getStore(actor, storeId),
    async createStore(actor, wish, idempotencyKey) {
      const { engine } = availableEngine(engines, wish.engine);
      if (idempotencyKey === null) {
        // A crowd at a full quota is refused here, without queueing for the tenant's lock; the count below it is the one that decides.
        refuseWhenFull(await readQuota(db, actor.tenantId), await countLiveStores(db, actor.tenantId));
      }
      return inTransaction(db, async (tx) => {
        const quota = await lockQuota(tx, actor.tenantId);
        const request = idempotentRequest(actor, idempotencyKey, ['create', wish], platformKey);
        return once(tx, request, async () => {
          refuseWhenFull(quota, await countLiveStores(tx, actor.tenantId));
          await refuseWhenPlatformIsFull(tx, options.platformMaxStores);
          const plan = wish.plan ?? smallerPlan(DEFAULT_PLAN, quota.largestPlan);
          refuseBeyondQuota(quota, plan);
          await takeRateLimit(tx, `creates:${actor.tenantId}`, creates);
          const row = await insertWish(tx, actor, { ...wish, plan }, engine.version);
          await appendEvent(tx, {
            type: 'store.requested',
            tenantId: actor.tenantId,
            storeId: row.id,
            actor: actor.id,
            message: `${engine.title} store "${row.name}" requested on plan ${row.plan}`,
            details: { name: row.name, engine: row.engine, engineVersion: row.engineVersion, plan: row.plan },
          });
          return answer(row, await enqueueReconcile(tx, row, { groupLimit: quota.maxParallelProvisions }));
        });
      });
    },
    requestDeletion(actor, storeId, idempotencyKey) {
      return inTransaction(db, async (tx) => {
        await lockQuota(tx, actor.tenantId);
        const request = idempotentRequest(actor, idempotencyKey, ['delete', storeId], platformKey);
        return once(tx, request, async () => {
          const { phase } = await getStore(actor, storeId, tx);
          const row = await markForDeletion(tx, actor.tenantId, storeId);
          if (row === null) {
            const done = phase === 'deleted' ? 'has been deleted' : 'is being deleted already';
            throw new AppError('already_deleting', `The store ${done}.`);
          }
          await appendEvent(tx, {
            type: 'store.deletion_requested',
            tenantId: actor.tenantId,
            storeId: row.id,
            actor: actor.id,
            message: `Deletion of "${row.name}" requested`,
          });
          return answer(row, await enqueueReconcile(tx, row, { groupLimit: null, priority: DELETION_PRIORITY }));
        });
      });
    },
    retryStore(actor, storeId, idempotencyKey) {
      return inTransaction(db, async (tx) => {
        const quota = await lockQuota(tx, actor.tenantId);
        const request = idempotentRequest(actor, idempotencyKey, ['retry', storeId], platformKey);
        return once(tx, request, async () => {
          const store = await getStore(actor, storeId, tx);
          const row = await wishAgain(tx, actor.tenantId, storeId);
          if (row === null) {
            const why = isRetryable(store) ? 'is being tried again already' : `is ${toStore(store, rendering).phase}`;
            throw new AppError('not_retryable', `Only a failed store can be tried again; this one ${why}.`);
          }
          await appendEvent(tx, {
            type: 'store.retry_requested',
            tenantId: actor.tenantId,
            storeId: row.id,
            actor: actor.id,
            message: `Another try of "${row.name}" requested`,
          });
          return answer(row, await enqueueReconcile(tx, row, { groupLimit: quota.maxParallelProvisions }));
        });
      });
    },
  };
}

function availableEngine(engines: ReadonlyMap<string, LoadedEngine>, name: string): LoadedEngine {
  const loaded = engines.get(name);
  if (loaded === undefined) {
    const known = [...engines.keys()].join(', ');
    throw new AppError('engine_unavailable', `There is no engine "${name}" here; there is: ${known}.`);
  }
  if (!loaded.available) {
    throw new AppError('engine_unavailable', `The engine "${name}" cannot be used now: ${loaded.reason}.`);
  }
  return loaded;
}

function refuseWhenFull({ maxStores }: LockedQuota, used: number): void {
  if (used >= maxStores) {
    throw new AppError(
      'quota_exceeded',
      `This tenant may have ${maxStores} stores and has ${used}; delete one or ask for a larger quota.`,
      { limit: { name: 'stores', value: maxStores, used } },
    );
  }
}

async function refuseWhenPlatformIsFull(tx: Tx, most: number): Promise<void> {
  if (most === 0) {
    return;
  }
  // Creates of different tenants are counted one after another too, or two would both take the last place.
  await sql`select pg_advisory_xact_lock(hashtextextended('stores.total', 0))`.execute(tx);
  const used = await countAllLiveStores(tx);
  if (used >= most) {
    throw new AppError('quota_exceeded', `This platform may have ${most} stores and has ${used}; ask its admins.`, {
      limit: { name: 'stores of the platform', value: most, used },
    });
  }
}

function smallerPlan(one: PlanName, other: PlanName): PlanName {
  return PLAN_NAMES.indexOf(one) < PLAN_NAMES.indexOf(other) ? one : other;
}

function refuseBeyondQuota({ largestPlan, isDeleting }: LockedQuota, plan: PlanName): void {
  if (isDeleting) {
    throw new AppError('tenant_deleting', 'This tenant is being deleted; it can have no new stores.');
  }
  if (smallerPlan(plan, largestPlan) !== plan) {
    throw new AppError(
      'plan_not_allowed',
      `This tenant's stores may have the plan ${largestPlan} at most, not ${plan}.`,
      {
        fields: [{ field: 'plan', message: `may be ${largestPlan} at most` }],
      },
    );
  }
}

function enqueueReconcile(
  tx: Tx,
  row: StoreRow,
  more: { readonly groupLimit: number | null; readonly priority?: number },
): Promise<Job> {
  return enqueueJob(tx, { kind: RECONCILE_STORE, subject: row.id, fairGroup: row.tenantId, ...more });
}

function idempotentRequest(actor: Actor, key: string | null, fingerprint: readonly unknown[], hashKey: Buffer) {
  return { tenantId: actor.tenantId, key, fingerprint, hashKey };
}

// Shops refuse an address whose domain has no dot.
function mailDomain(baseDomain: string): string {
  return baseDomain.includes('.') ? baseDomain : `${baseDomain}.invalid`;
}
