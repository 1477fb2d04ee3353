// What an attempt knows of its store and its right to act, and the one way in which it writes: under its fence.
import type { EventType } from '@souk/contract';
import type { Db, Tx } from '../db/database.ts';
import type { Engine } from '../engines/engine.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import type { NewEvent } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import type { Helm } from '../helm/helm.ts';
import { storeNamespace } from '../ids.ts';
import type { JobAttempt } from '../jobs/job-attempt.ts';
import type { Kube } from '../kube/kube.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { NewerWishes } from './newer-wishes.ts';
import { type ReconciledStore, underFence } from './observed-store.ts';
import type { StoreScope, StoreSettings, WatchWindows } from './store-scope.ts';
import type { StoreMail } from './tell-by-mail.ts';

export interface ReconcileContext {
  readonly db: Db;
  readonly kube: Kube;
  readonly helm: Helm;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly settings: StoreSettings;
  readonly windows: WatchWindows;
  readonly newerWishes: NewerWishes;
  /** Left out where the installation sends no mail. */
  readonly mail?: StoreMail;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What an attempt knows before a step runs; the bracket adds what belongs to the step. */
export type AttemptScope = Omit<StoreScope, 'act' | 'announce' | 'hasActed'> & {
  readonly jobId: string;
  readonly actor: string;
  readonly mail: StoreMail | undefined;
  readonly metrics: Metrics;
  /** Set by the first effect of any step of the attempt. */
  readonly progress: { hasActed: boolean };
};

export function makeAttemptScope(
  { db, kube, helm, engines, settings, windows, mail, log, metrics }: ReconcileContext,
  attempt: JobAttempt,
  store: ReconciledStore,
  superseded: AbortSignal,
): AttemptScope {
  const engine = engines.get(store.engine)?.engine ?? unknownEngine(store.engine);
  const readAt = performance.now();
  // In any other phase the clock of the row is that of an earlier provisioning, or of none: then it begins with this attempt.
  const spentMs = store.phase === 'provisioning' ? (store.provisioningMs ?? 0) : 0;
  return {
    store,
    engine,
    namespace: storeNamespace(store.id),
    settings,
    windows,
    db,
    kube,
    helm,
    lease: { signal: attempt.signal, msLeft: () => attempt.leaseMsLeft() },
    fence: attempt.fence,
    superseded,
    log: log.child({ storeId: store.id, jobId: attempt.job.id }),
    jobId: attempt.job.id,
    actor: attempt.leaseOwner,
    mail,
    metrics,
    progress: { hasActed: false },
    provisionMsLeft: () => engine.provisionTimeoutMs - spentMs - (performance.now() - readAt),
  };
}

/** A store outlives its engine's removal from the installation: it can still be deleted, and nothing else. */
function unknownEngine(name: string): Engine {
  const refuse = (): never => {
    throw new Error(`this worker does not know the engine "${name}"`);
  };
  return {
    name,
    title: name,
    summary: '',
    version: '',
    chartPath: '',
    images: [],
    provisionTimeoutMs: Number.MAX_SAFE_INTEGER,
    adminPath: '/',
    workloads: refuse,
    services: refuse,
    secrets: refuse,
    values: refuse,
    verify: refuse,
    placeOrder: refuse,
    findOrder: refuse,
  };
}

/** Commits only while no successor has begun; between the failpoints `before-<effect>` and `after-<effect>`, which is after the commit. */
export async function writeUnderFence(
  { db, store, fence }: AttemptScope,
  effect: string,
  change: (tx: Tx) => Promise<void>,
): Promise<void> {
  await withFailpoints(effect, () => underFence(db, { storeId: store.id, fence }, change));
}

export function eventOf({ store, actor }: AttemptScope, type: EventType, message: string): NewEvent {
  return { type, tenantId: store.tenantId, storeId: store.id, actor, message };
}
