// One term of the watch: cluster → health and pods of each store, a reconcile where something is missing or a parked job may go on,
// and the facts about the cluster. Events are the fast path; the sweep, which lists everything again, is the truth.
import { setTimeout as delay } from 'node:timers/promises';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { messageOf } from '../errors.ts';
import { appendEvent, tellObserved } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import { storeNamespace } from '../ids.ts';
import { enqueueJob } from '../jobs/job-queries.ts';
import type { NodeObject } from '../kube/kinds.ts';
import type { Kube } from '../kube/kube.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { RECONCILE_STORE } from '../stores/store.ts';
import { followCluster } from './follow-cluster.ts';
import { createSecretInspector } from './inspect-secrets.ts';
import type { Term } from './lead.ts';
import * as observed from './observed-health.ts';
import { type ObservedStore, observeStore, type WantedObject } from './store-health.ts';
import { createOrphanSweeper } from './sweep-orphans.ts';

// Many objects move at once when a store starts; they are looked at together.
const GATHER_MS = 100;
// What seems to be missing is looked at again after this, because kinds are told of by watches of their own, in no common order.
const DRIFT_CONFIRM_MS = 1_000;
// Listings of Secrets under way at once; a thousand stores are through in seconds.
const INSPECTIONS_AT_ONCE = 4;
// Health pages call facts older than a minute stale.
const FACTS_MS = 20_000;

export interface WatchContext {
  readonly db: Db;
  readonly kube: Kube;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly baseDomain: string;
  readonly platformKey: Buffer;
  /** What no watch tells is noticed after this. */
  readonly sweepIntervalMs: number;
  /** The guardrails that a store's namespace must have on a cluster of these nodes; injected, because the reconcile owns them. */
  readonly guardrails: (store: observed.WatchedStore, nodes: readonly NodeObject[]) => readonly WantedObject[];
  readonly actor: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly factsMs?: number;
}

export interface ClusterWatch {
  /** Rows may have changed phase: look whether their health must follow. */
  lookAtRows(): void;
  /** Looks at what changed, once; for tests, and what `run` does again and again. */
  runOnce(): Promise<void>;
  run(): Promise<void>;
}

export function createClusterWatch(context: WatchContext, term: Term): ClusterWatch {
  const { db, kube, log, metrics, baseDomain, sweepIntervalMs } = context;
  const { signal } = term;
  const factsMs = context.factsMs ?? FACTS_MS;
  const dirty = new Set<string>();
  const driftSince = new Map<string, number>();
  const driftTold = new Map<string, string>();
  const secretDrift = new Map<string, string>();
  const secretCounts = new Map<string, string | null>();
  // Stores that show an error and no drift, and were looked at for that.
  const answered = new Set<string>();
  const inspector = createSecretInspector(kube, context.platformKey);
  const sweeper = createOrphanSweeper({ db, kube, log, metrics, actor: context.actor, fence: term.fence });
  let inspecting: Promise<void> = Promise.resolve();
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
  let resyncAt = performance.now() + sweepIntervalMs;
  let factsAt = 0;
  let mustLookAtAll = false;
  let nodeAddresses = '';

  const write = <T>(effect: string, run: (tx: Tx) => Promise<T>): Promise<T> =>
    withFailpoints(effect, () => inTransaction(db, run));

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
      resyncAt = performance.now() + sweepIntervalMs;
      await resync();
    }
    const addresses = cluster.nodes().flatMap(({ status }) => status?.addresses?.map(({ address }) => address) ?? []);
    if (addresses.sort().join() !== nodeAddresses) {
      nodeAddresses = addresses.join();
      // The policies of every store close them.
      mustLookAtAll = true;
    }
    addAll(dirty, cluster.takeChanged());
    if (mustLookAtRows) {
      mustLookAtRows = false;
      addAll(dirty, await observed.listStaleStoreIds(db));
    }
    if (mustLookAtAll) {
      addAll(
        dirty,
        (await observed.listLiveStores(db)).map(({ id }) => id),
      );
      mustLookAtAll = false;
    }
    for (const [storeId, since] of driftSince) {
      if (performance.now() - since >= DRIFT_CONFIRM_MS) {
        dirty.add(storeId);
      }
    }
    const ids = [...dirty];
    dirty.clear();
    const stores = ids.length === 0 ? [] : await observed.readWatchedStores(db, ids);
    for (const store of stores) {
      await lookAtStore(store);
    }
    const live = new Set<string>(stores.filter(({ phase }) => phase !== 'deleted').map(({ id }) => id));
    const strays = ids.filter((id) => !live.has(id)).map((id) => cluster.objectsOf(storeNamespace(id)).namespace);
    await sweeper.look(
      strays.filter((namespace) => namespace !== undefined),
      signal,
    );
  }

  async function lookAtStore(store: observed.WatchedStore): Promise<void> {
    const engine = context.engines.get(store.engine)?.engine;
    const parts = { workloads: engine?.workloads(store.plan) ?? [], services: engine?.services(store.plan) ?? [] };
    const objects = cluster.objectsOf(storeNamespace(store.id));
    const { phase, anchors } = store;
    const wanted = { phase, ...parts, anchors, guardrails: context.guardrails(store, cluster.nodes()) };
    const seen = observeStore(wanted, objects, secretDrift.get(store.id) ?? null);
    followSecretCount(store);
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
    await write('record-health', async (tx) => {
      const isWritten = await observed.writeHealth(tx, term.fence, store.id, seen);
      if (isWritten) {
        await tellObserved(tx, store);
      }
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
      if (store.phase === 'ready' && store.errorCode !== null && !answered.has(store.id)) {
        // What was lost is there again: the reconcile takes the error away, or finds that it still stands.
        answered.add(store.id);
        await queueReconcile(store);
      }
      return;
    }
    answered.delete(store.id);
    const since = driftSince.get(store.id);
    if (since === undefined) {
      driftSince.set(store.id, performance.now());
      setTimeout(wakeUp, DRIFT_CONFIRM_MS + 10).unref();
    } else if (performance.now() - since >= DRIFT_CONFIRM_MS) {
      // Queued again by each resync while it is so, but told once. What waits for a person's answer is not queued at all.
      driftSince.set(store.id, Number.POSITIVE_INFINITY);
      await write('record-drift', async (tx) => {
        // The next leader sees it too; a former one that does not know of it yet must not tell it a second time.
        if (await observed.isTermOver(tx, term.fence)) {
          return;
        }
        if (driftTold.get(store.id) !== drift) {
          await appendEvent(tx, {
            ...eventOf(store),
            type: 'store.drift_detected',
            message: `${store.name}: ${drift}`,
          });
        }
        if (store.errorCode === null) {
          await enqueueJob(tx, jobOf(store));
        }
      });
      driftTold.set(store.id, drift);
    }
  }

  /** The quota's count is the one thing that every watch may see of Secrets coming and going. */
  function followSecretCount(store: observed.WatchedStore): void {
    const count = cluster.countSecrets(storeNamespace(store.id));
    const before = secretCounts.get(store.id);
    secretCounts.set(store.id, count);
    if (store.phase === 'ready' && before !== undefined && before !== count) {
      void inspectSecrets(store.id);
    }
  }

  async function inspectSecrets(storeId: string): Promise<void> {
    try {
      const found = await inspector.inspect(storeId, signal);
      if (found !== (secretDrift.get(storeId) ?? null)) {
        if (found === null) {
          secretDrift.delete(storeId);
        } else {
          secretDrift.set(storeId, found);
        }
        dirty.add(storeId);
        wakeUp();
      }
    } catch (error) {
      if (!signal.aborted) {
        log.warn({ storeId, reason: messageOf(error) }, 'the Secrets of a store could not be looked at');
      }
    }
  }

  /** Beside the fast path, which must not wait for a thousand listings. */
  async function inspectAll(storeIds: readonly string[]): Promise<void> {
    const end = metrics.sweepSeconds.startTimer({ work: 'secrets' });
    const left = [...storeIds];
    const inspectNext = async (): Promise<void> => {
      for (let id = left.pop(); id !== undefined && !signal.aborted; id = left.pop()) {
        await inspectSecrets(id);
      }
    };
    await Promise.all(Array.from({ length: INSPECTIONS_AT_ONCE }, inspectNext));
    end();
  }

  async function resync(): Promise<void> {
    const end = metrics.sweepSeconds.startTimer({ work: 'objects' });
    const corrected = await cluster.resync();
    if (corrected.size > 0) {
      log.warn({ stores: [...corrected] }, 'the resync found what the watch had not told');
    }
    for (const [storeId, since] of driftSince) {
      if (since === Number.POSITIVE_INFINITY) {
        driftSince.set(storeId, performance.now() - DRIFT_CONFIRM_MS);
      }
    }
    answered.clear();
    const live = await observed.listLiveStores(db);
    addAll(
      dirty,
      live.map(({ id }) => id),
    );
    for (const forgotten of await observed.listForgottenStores(db)) {
      log.warn({ storeId: forgotten.id }, 'a store that wants something had no job; queued');
      await queueReconcile(forgotten);
    }
    await sweeper.sweep(cluster.namespaces(), signal);
    end();
    const ready = new Set<string>(live.filter(({ phase }) => phase === 'ready').map(({ id }) => id));
    inspector.keepOnly(ready);
    for (const known of [secretDrift, secretCounts]) {
      for (const id of known.keys()) {
        if (!ready.has(id)) known.delete(id);
      }
    }
    // One round at a time, however slow the cluster is.
    inspecting = inspecting.then(() => inspectAll([...ready]));
  }

  /** Asked each time: what was listed once looks the same whether the cluster still answers or not. */
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
    await write('queue-reconcile', (tx) => enqueueJob(tx, jobOf(store)));
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
      // A repair changes Secrets, which no watch tells.
      for (const storeId of secretDrift.keys()) {
        void inspectSecrets(storeId);
      }
    },
    runOnce,
    async run() {
      inspecting = observed
        .listLiveStores(db)
        .then((live) => inspectAll(live.filter(({ phase }) => phase === 'ready').map(({ id }) => id)))
        .catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'the Secrets wait for the next sweep'));
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
        const restMs = Math.max(0, Math.min(factsMs / 4, resyncAt - performance.now()));
        await Promise.race([woken, delay(restMs, undefined, { signal })]).catch(() => undefined);
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
