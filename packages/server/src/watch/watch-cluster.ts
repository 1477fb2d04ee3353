// One term of the watch: cluster → health and pods of each store, a reconcile where something is missing or a parked job may go on,
// and the facts about the cluster. Events are the fast path; a resync every minute is the truth.
import { setTimeout as delay } from 'node:timers/promises';
import { type Db, inTransaction } from '../db/database.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { messageOf } from '../errors.ts';
import { appendEvent } from '../events/event-queries.ts';
import { storeIdOfNamespace, storeNamespace } from '../ids.ts';
import { enqueueJob } from '../jobs/job-queries.ts';
import type { Kube } from '../kube/kube.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { RECONCILE_STORE } from '../stores/store.ts';
import { type FollowedCluster, followCluster, STORE_LABEL } from './follow-cluster.ts';
import type { Term } from './lead.ts';
import * as observed from './observed-health.ts';
import { type ObservedStore, observeStore } from './store-health.ts';

const RESYNC_MS = 60_000;
// Many objects move at once when a store starts; they are looked at together.
const GATHER_MS = 100;
// What seems to be missing is looked at again after this, because kinds are told of by watches of their own, in no common order.
const DRIFT_CONFIRM_MS = 2_000;
// Health pages call facts older than a minute stale.
const FACTS_MS = 20_000;

export interface WatchContext {
  readonly db: Db;
  readonly kube: Kube;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly baseDomain: string;
  readonly actor: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether each store's namespace lets the API in by a RoleBinding of its own. */
  readonly isApiBound: boolean;
  readonly factsMs?: number;
  readonly resyncMs?: number;
}

export interface ClusterWatch {
  /** Rows may have changed phase: look whether their health must follow. */
  lookAtRows(): void;
  /** Looks at what changed, once; for tests, and what `run` does again and again. */
  runOnce(): Promise<void>;
  run(): Promise<void>;
}

export function createClusterWatch(context: WatchContext, term: Term): ClusterWatch {
  const { db, kube, log, metrics, baseDomain } = context;
  const { signal } = term;
  const factsMs = context.factsMs ?? FACTS_MS;
  const resyncMs = context.resyncMs ?? RESYNC_MS;
  const dirty = new Set<string>();
  const driftSince = new Map<string, number>();
  const driftTold = new Map<string, string>();
  let mustLookAtRows = true;
  let wake: (() => void) | null = null;
  const wakeUp = (): void => wake?.();
  const cluster = followCluster({
    kube,
    signal,
    metrics,
    onChange: wakeUp,
    onError: (kind, error) => log.warn({ kind, reason: messageOf(error) }, 'a watch failed; it goes on'),
  });
  let resyncAt = performance.now() + resyncMs;
  let factsAt = 0;
  let mustLookAtAll = false;

  async function runOnce(): Promise<void> {
    if (!cluster.isListed()) {
      return;
    }
    // Before the resync, which fails where the cluster does not answer: that is what is to be told then.
    if (performance.now() >= factsAt) {
      factsAt = performance.now() + factsMs;
      await writeFacts();
    }
    if (performance.now() >= resyncAt) {
      resyncAt = performance.now() + resyncMs;
      await resync();
    }
    addAll(dirty, cluster.takeChanged());
    if (mustLookAtRows) {
      mustLookAtRows = false;
      addAll(dirty, await observed.listStaleStoreIds(db));
    }
    if (mustLookAtAll) {
      addAll(dirty, await observed.listLiveStoreIds(db));
      mustLookAtAll = false;
    }
    for (const [storeId, since] of driftSince) {
      if (performance.now() - since >= DRIFT_CONFIRM_MS) {
        dirty.add(storeId);
      }
    }
    const ids = [...dirty];
    dirty.clear();
    for (const store of ids.length === 0 ? [] : await observed.readWatchedStores(db, ids)) {
      await lookAtStore(store);
    }
  }

  async function lookAtStore(store: observed.WatchedStore): Promise<void> {
    const workloads = context.engines.get(store.engine)?.engine.workloads(store.plan) ?? [];
    const objects = cluster.objectsOf(storeNamespace(store.id));
    const seen = observeStore(store.phase, workloads, objects);
    if (
      seen.health !== store.health ||
      JSON.stringify(seen.pods) !== JSON.stringify(sortKeysAs(store.pods, seen.pods))
    ) {
      await recordHealth(store, seen);
    }
    await followDrift(store, seen.drift);
    const isGone = objects.namespace === undefined;
    const mayGoOn = store.phase === 'provisioning' ? seen.areWorkloadsReady : isGone;
    if (store.isJobWaiting && mayGoOn) {
      await queueReconcile(store);
    }
  }

  async function recordHealth(store: observed.WatchedStore, seen: ObservedStore): Promise<void> {
    await inTransaction(db, async (tx) => {
      const isWritten = await observed.writeHealth(tx, term.fence, store.id, seen);
      // From unknown to healthy is what everybody expects of a new shop, and `store.ready` has told it.
      const isNews = seen.health === 'degraded' || (seen.health === 'healthy' && store.health === 'degraded');
      if (isWritten && isNews && seen.health !== store.health) {
        const message =
          seen.reason === null ? `${store.name} is healthy again` : `${store.name} is degraded: ${seen.reason}`;
        await appendEvent(tx, {
          ...eventOf(store),
          type: 'store.health_changed',
          message,
          details: { health: seen.health },
        });
      }
    });
  }

  async function followDrift(store: observed.WatchedStore, drift: string | null): Promise<void> {
    if (drift === null) {
      driftSince.delete(store.id);
      driftTold.delete(store.id);
      return;
    }
    const since = driftSince.get(store.id);
    if (since === undefined) {
      driftSince.set(store.id, performance.now());
      setTimeout(wakeUp, DRIFT_CONFIRM_MS + 10).unref();
    } else if (performance.now() - since >= DRIFT_CONFIRM_MS) {
      // Queued again by each resync while it is so, but told once.
      driftSince.set(store.id, Number.POSITIVE_INFINITY);
      await inTransaction(db, async (tx) => {
        if (driftTold.get(store.id) !== drift) {
          await appendEvent(tx, {
            ...eventOf(store),
            type: 'store.drift_detected',
            message: `${store.name}: ${drift}`,
          });
        }
        await enqueueJob(tx, jobOf(store));
      });
      driftTold.set(store.id, drift);
    }
  }

  async function resync(): Promise<void> {
    const corrected = await cluster.resync();
    if (corrected.size > 0) {
      log.warn({ stores: [...corrected] }, 'the resync found what the watch had not told');
    }
    driftSince.clear();
    const live = await observed.listLiveStoreIds(db);
    addAll(dirty, live);
    for (const forgotten of await observed.listForgottenStores(db)) {
      log.warn({ storeId: forgotten.id }, 'a store that wants something had no job; queued');
      await queueReconcile(forgotten);
    }
    reportOrphans(cluster, new Set(live), log);
    if (context.isApiBound) {
      await queueUnbound().catch((error: unknown) => {
        signal.throwIfAborted();
        // A cluster may let the worker see these in stores alone; the rest of the watch must not depend on it.
        log.warn({ reason: messageOf(error) }, 'who is let into the stores could not be read');
      });
    }
  }

  /** Stores from before the API had an identity of its own: their reconcile makes what is missing. */
  async function queueUnbound(): Promise<void> {
    const { items } = await kube.listMetadata('RoleBinding', { labels: STORE_LABEL }, signal);
    const bound = new Set(items.map(({ metadata }) => metadata.namespace));
    for (const store of await observed.listReadyStores(db)) {
      if (!bound.has(storeNamespace(store.id))) {
        log.warn({ storeId: store.id }, 'the API is not let into a store; queued');
        await queueReconcile(store);
      }
    }
  }

  async function writeFacts(): Promise<void> {
    let version: string | null = null;
    let message: string | null = null;
    try {
      version = await kube.readVersion(signal);
    } catch (error) {
      signal.throwIfAborted();
      message = `The cluster does not answer: ${messageOf(error)}.`;
    }
    const nodes = cluster.nodes().map(({ metadata, status }) => ({
      name: metadata.name,
      ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    }));
    await observed.writeClusterFacts(db, term.fence, baseDomain, { version, nodes, message });
  }

  async function queueReconcile(store: { readonly id: string; readonly tenantId: string }): Promise<void> {
    await inTransaction(db, (tx) => enqueueJob(tx, jobOf(store)));
  }

  const eventOf = (store: observed.WatchedStore) => ({
    tenantId: store.tenantId,
    storeId: store.id,
    actor: context.actor,
  });

  return {
    lookAtRows() {
      mustLookAtRows = true;
      wakeUp();
    },
    runOnce,
    async run() {
      while (!signal.aborted) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        try {
          await runOnce();
        } catch (error) {
          signal.throwIfAborted();
          log.warn({ reason: messageOf(error) }, 'the watch could not write what it saw; trying again');
          // Nobody knows how far it came; the next look is at everything.
          mustLookAtAll = true;
          mustLookAtRows = true;
        }
        await Promise.race([woken, delay(factsMs / 4, undefined, { signal })]).catch(() => undefined);
        await delay(GATHER_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

const jobOf = ({ id, tenantId }: { readonly id: string; readonly tenantId: string }) => ({
  kind: RECONCILE_STORE,
  subject: id,
  fairGroup: tenantId,
});

/** Namespaces that carry our label and belong to no live store are told of, and left to a person. */
function reportOrphans(cluster: FollowedCluster, live: ReadonlySet<string>, log: Log): void {
  const orphans = cluster
    .namespaces()
    .map(({ metadata }) => metadata.name)
    .filter((namespace) => !live.has(storeIdOfNamespace(namespace) ?? ''));
  if (orphans.length > 0) {
    log.error({ namespaces: orphans }, 'namespaces without a store; look why, then delete them by hand');
  }
}

function addAll(into: Set<string>, from: Iterable<string>): void {
  for (const item of from) {
    into.add(item);
  }
}

/** jsonb keeps no order of keys: both sides are compared in ours. */
function sortKeysAs(stored: readonly object[], seen: readonly object[]): readonly object[] {
  const keys = Object.keys(seen[0] ?? stored[0] ?? {});
  return stored.map((pod) => Object.fromEntries(keys.map((key) => [key, (pod as Record<string, unknown>)[key]])));
}
