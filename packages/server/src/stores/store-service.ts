// What can be asked of stores. Each command is one transaction: limits, desired state, job and event together, so that everything an
// answer speaks of can be read the moment it arrives. Work in the cluster is the worker's; this only writes what is wanted.
import { type CreateStore, type Phase, type StoreAndJob, storeIdSchema } from '@souk/contract';
import { placeStore } from '../clusters/cluster-queries.ts';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { AppError } from '../errors.ts';
import { appendEvent } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import { newId } from '../ids.ts';
import { enqueueJob, type Job } from '../jobs/job-queries.ts';
import { DEFAULT_PLAN } from '../tenants/plans.ts';
import { type RateLimit, takeRateLimit } from '../tenants/rate-limit.ts';
import { type Actor, lockQuota, type Quota, readQuota } from '../tenants/tenant-queries.ts';
import { once } from './idempotency.ts';
import { toJob } from './job.ts';
import { insertSealedPassword, sealPassword } from './sealed-password.ts';
import {
  isRetryable,
  type PublicAddress,
  RECONCILE_STORE,
  type StoreRendering,
  type StoreRow,
  shownPhase,
  toStore,
} from './store.ts';
import { countLiveStores, insertStore, markForDeletion, readStore, wishAgain, wishRepair } from './store-queries.ts';

export interface StoreServiceOptions {
  readonly db: Db;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly address: PublicAddress;
  readonly platformKey: Buffer;
  readonly createsPerHour: number;
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

  /** One transaction between two failpoints: whoever asked has no answer yet when the second is reached. */
  const command = <T>(effect: string, run: (tx: Tx) => Promise<T>): Promise<T> =>
    withFailpoints(effect, () => inTransaction(db, run));

  async function insertWish(tx: Tx, actor: Actor, wish: CreateStore, engineVersion: string): Promise<StoreRow> {
    const row = await insertStore(tx, {
      id: newId('sto'),
      tenantId: actor.tenantId,
      clusterId: await placeStore(tx),
      name: wish.name,
      engine: wish.engine,
      engineVersion,
      plan: wish.plan ?? DEFAULT_PLAN,
      adminEmail: wish.adminEmail ?? `admin@${wish.name}.${mailDomain(options.address.baseDomain)}`,
      createdBy: actor.tokenId,
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
    async createStore(actor, wish, idempotencyKey) {
      const { engine } = availableEngine(engines, wish.engine);
      if (idempotencyKey === null) {
        // A crowd at a full quota is refused here, without queueing for the tenant's lock; the count below it is the one that decides.
        refuseWhenFull(await readQuota(db, actor.tenantId), await countLiveStores(db, actor.tenantId));
      }
      return command('commit-create', async (tx) => {
        const quota = await lockQuota(tx, actor.tenantId);
        const request = idempotentRequest(actor, idempotencyKey, ['create', wish], platformKey);
        return once(tx, request, async () => {
          refuseWhenFull(quota, await countLiveStores(tx, actor.tenantId));
          await takeRateLimit(tx, `creates:${actor.tenantId}`, creates);
          const row = await insertWish(tx, actor, wish, engine.version);
          await appendEvent(tx, {
            type: 'store.requested',
            tenantId: actor.tenantId,
            storeId: row.id,
            actor: actor.tokenId,
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
            actor: actor.tokenId,
            message: `Deletion of "${row.name}" requested`,
          });
          return answer(row, await enqueueReconcile(tx, row, { groupLimit: null, priority: DELETION_PRIORITY }));
        });
      });
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
          await appendEvent(tx, {
            type: 'store.retry_requested',
            tenantId: actor.tenantId,
            storeId: row.id,
            actor: actor.tokenId,
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
            actor: actor.tokenId,
            message: `Repair of "${row.name}" requested`,
            details: { code: store.errorCode },
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

function refuseWhenFull({ maxStores }: Quota, used: number): void {
  if (used >= maxStores) {
    throw new AppError(
      'quota_exceeded',
      `This tenant may have ${maxStores} stores and has ${used}; delete one or ask for a larger quota.`,
      { limit: { name: 'stores', value: maxStores, used } },
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
