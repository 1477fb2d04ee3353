// What can be asked of stores. Each command is one transaction: limits, desired state, job and event together, so that everything an
// answer speaks of can be read the moment it arrives. Work in the cluster is the worker's; this only writes what is wanted.
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CreateStore,
  type NameCheck,
  type Phase,
  PLANS as PLAN_NAMES,
  type PlanName,
  type StoreAndJob,
  storeIdSchema,
  storeNameSchema,
} from '@souk/contract';
import { placeStore } from '../clusters/cluster-queries.ts';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { AppError } from '../errors.ts';
import { appendEvent } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import { newId } from '../ids.ts';
import { enqueueJob, type Job } from '../jobs/job-queries.ts';
import type { Actor } from '../tenants/access.ts';
import { DEFAULT_PLAN } from '../tenants/plans.ts';
import { type RateLimit, takeRateLimit } from '../tenants/rate-limit.ts';
import { type LockedQuota, lockQuota, readQuota } from '../tenants/tenant-queries.ts';
import { once } from './idempotency.ts';
import { toJob } from './job.ts';
import { isPasswordResetOpen, wishPasswordReset } from './password-reset.ts';
import { insertSealedPassword, sealPassword } from './sealed-password.ts';
import {
  isRetryable,
  type PublicAddress,
  RECONCILE_STORE,
  type StoreRendering,
  type StoreRow,
  shownPhase,
  storefrontUrl,
  toStore,
} from './store.ts';
import {
  countAllLiveStores,
  countLiveStores,
  insertStore,
  isNameTaken,
  lockStoreTotal,
  markForDeletion,
  readStore,
  wishAgain,
  wishRepair,
} from './store-queries.ts';

export interface StoreServiceOptions {
  readonly db: Db;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly address: PublicAddress;
  readonly platformKey: Buffer;
  readonly createsPerHour: number;
  /** Of all tenants together; 0: no limit. */
  readonly maxStores: number;
}

export interface StoreService {
  readonly rendering: StoreRendering;
  /** Throws `engine_unavailable`, `quota_exceeded`, `name_taken`, `rate_limited`. */
  createStore(actor: Actor, wish: CreateStore, idempotencyKey: string | null): Promise<StoreAndJob>;
  /** Returns before anything is removed. Throws `already_deleting` from the second time on. */
  requestDeletion(actor: Actor, storeId: string, idempotencyKey: string | null): Promise<StoreAndJob>;
  /** Throws `not_retryable` unless the store has failed, `quota_exceeded` where its place is taken by another by now. */
  retryStore(actor: Actor, storeId: string, idempotencyKey: string | null): Promise<StoreAndJob>;
  /** Throws `not_repairable` unless the store is ready; also where no repair would help. */
  repairStore(actor: Actor, storeId: string, idempotencyKey: string | null): Promise<StoreAndJob>;
  /**
   * Has a worker set a new admin password and waits for it. Throws `not_supported`, `not_ready`, and `unavailable` where it takes too
   * long; asked again, it joins the wish that is still open.
   */
  resetPassword(actor: Actor, storeId: string): Promise<void>;
  /** Throws `store_not_found`, also for another tenant's store. */
  getStore(actor: Actor, storeId: string): Promise<StoreRow>;
  /** Tells of any tenant's store only that the name is taken, which a create would tell as well. */
  checkName(name: string): Promise<NameCheck>;
}

// A deletion frees what others wait for.
const DELETION_PRIORITY = 10;
// Somebody waits for it.
const RESET_PRIORITY = 20;
const HOUR_MS = 3_600_000;

export function createStoreService(options: StoreServiceOptions): StoreService {
  const { db, engines, platformKey } = options;
  const rendering: StoreRendering = {
    address: options.address,
    adminPathOf: (engine) => engines.get(engine)?.engine.adminPath ?? '/',
  };
  const creates: RateLimit = { name: 'new stores an hour', most: options.createsPerHour, windowMs: HOUR_MS };
  const answer = (row: StoreRow, job: Job): StoreAndJob => ({ store: toStore(row, rendering), job: toJob(job) });

  /** One transaction between two failpoints: whoever asked has no answer yet when the second is reached. */
  const command = <T>(effect: string, run: (tx: Tx) => Promise<T>): Promise<T> =>
    withFailpoints(effect, () => inTransaction(db, run));

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
      keepFailed: wish.keepFailed ?? false,
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
    async checkName(name) {
      const allowed = storeNameSchema.safeParse(name);
      const reason = !allowed.success
        ? `${allowed.error.issues[0]?.message ?? 'is not allowed'}`
        : (await isNameTaken(db, await placeStore(db), name))
          ? 'is taken; choose another name'
          : null;
      return { name, available: reason === null, reason, storefrontUrl: storefrontUrl(options.address, name) };
    },
    async createStore(actor, wish, idempotencyKey) {
      const { engine } = availableEngine(engines, wish.engine);
      if (idempotencyKey === null) {
        // A crowd at a full quota is refused here, without queueing for the tenant's lock; the count below it is the one that decides.
        refuseWhenFull(await readQuota(db, actor.tenantId), await countLiveStores(db, actor.tenantId));
        if (options.maxStores > 0) {
          refuseWhenPlatformFull(options.maxStores, await countAllLiveStores(db));
        }
      }
      return command('commit-create', async (tx) => {
        const quota = await lockQuota(tx, actor.tenantId);
        const request = idempotentRequest(actor, idempotencyKey, ['create', wish], platformKey);
        return once(tx, request, async () => {
          refuseWhenFull(quota, await countLiveStores(tx, actor.tenantId));
          if (options.maxStores > 0) {
            await lockStoreTotal(tx);
            refuseWhenPlatformFull(options.maxStores, await countAllLiveStores(tx));
          }
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
      return command('commit-deletion', async (tx) => {
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
    async resetPassword(actor, storeId) {
      const requestedAt = await command('commit-password-reset', async (tx) => {
        const row = await getStore(actor, storeId, tx);
        if (engines.get(row.engine)?.engine.resetPassword === undefined) {
          const remedy = "change it in the shop's administration";
          throw new AppError(
            'not_supported',
            `Stores of the engine "${row.engine}" cannot be given a new password from here; ${remedy}.`,
          );
        }
        if (shownPhase(row) !== 'ready') {
          throw new AppError(
            'not_ready',
            `Only a ready store can be given a new password; this one is ${shownPhase(row)}.`,
          );
        }
        const at = await wishPasswordReset(tx, storeId, actor.id);
        await enqueueReconcile(tx, row, { groupLimit: null, priority: RESET_PRIORITY });
        return at;
      });
      await untilReset(db, storeId, requestedAt);
    },
    retryStore(actor, storeId, idempotencyKey) {
      return command('commit-retry', async (tx) => {
        const quota = await lockQuota(tx, actor.tenantId);
        const request = idempotentRequest(actor, idempotencyKey, ['retry', storeId], platformKey);
        return once(tx, request, async () => {
          const store = await getStore(actor, storeId, tx);
          const row = await wishAgain(tx, actor.tenantId, storeId);
          if (row === null) {
            const why = isRetryable(store) ? 'is being tried again already' : `is ${toStore(store, rendering).phase}`;
            throw new AppError('not_retryable', `Only a failed store can be tried again; this one ${why}.`);
          }
          // Its place was given back when it failed; by now it counts again.
          refuseWhenFull(quota, (await countLiveStores(tx, actor.tenantId)) - 1);
          if (options.maxStores > 0) {
            await lockStoreTotal(tx);
            refuseWhenPlatformFull(options.maxStores, (await countAllLiveStores(tx)) - 1);
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
    repairStore(actor, storeId, idempotencyKey) {
      return command('commit-repair', async (tx) => {
        const quota = await lockQuota(tx, actor.tenantId);
        const request = idempotentRequest(actor, idempotencyKey, ['repair', storeId], platformKey);
        return once(tx, request, async () => {
          const store = await getStore(actor, storeId, tx);
          refuseHopelessRepair(store);
          const engineVersion = engines.get(store.engine)?.engine.version ?? store.engineVersion;
          const row = await wishRepair(tx, { tenantId: actor.tenantId, storeId, engineVersion });
          if (row === null) {
            throw new AppError('not_repairable', whyNotRepairable(shownPhase(store)));
          }
          await appendEvent(tx, {
            type: 'store.repair_requested',
            tenantId: actor.tenantId,
            storeId: row.id,
            actor: actor.id,
            message: `Repair of "${row.name}" requested`,
            details: { code: store.errorCode },
          });
          return answer(row, await enqueueReconcile(tx, row, { groupLimit: quota.maxParallelProvisions }));
        });
      });
    },
  };
}

const RESET_POLL_MS = 100;
// Clients give up after fifteen seconds; a worker needs two or three.
const RESET_WAIT_MS = 12_000;

async function untilReset(db: Db, storeId: string, requestedAt: string): Promise<void> {
  const giveUpAt = performance.now() + RESET_WAIT_MS;
  while (await isPasswordResetOpen(db, storeId, requestedAt)) {
    if (performance.now() > giveUpAt) {
      throw new AppError(
        'unavailable',
        "The new password is not set yet; it is tried for ten minutes. Ask again, or look at the store's events for the reason.",
        { retryAfterSeconds: 5 },
      );
    }
    await delay(RESET_POLL_MS);
  }
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

/** Nothing that the platform could make would fit the data that is still there. */
function refuseHopelessRepair({ errorCode }: StoreRow): void {
  if (errorCode === 'credentials_lost') {
    throw new AppError(
      'not_repairable',
      'The Secrets with its passwords were removed, and its database knows no others; put them back from a copy, or delete the store.',
    );
  }
}

function whyNotRepairable(phase: Phase): string {
  switch (phase) {
    case 'ready':
      return 'The store is being repaired already.';
    case 'failed':
      return 'Only a ready store can be repaired; this one has failed: try it again instead.';
    default:
      return `Only a ready store can be repaired; this one is ${phase}.`;
  }
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

/** How many there are is not told: that is other tenants' business. */
function refuseWhenPlatformFull(most: number, used: number): void {
  if (used >= most) {
    throw new AppError(
      'quota_exceeded',
      `This platform may hold ${most} stores in all and is full; delete one or ask whoever runs it for more room.`,
      { limit: { name: 'stores of the platform', value: most, used: most } },
    );
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
