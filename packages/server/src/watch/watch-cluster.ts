// One term of the watch: cluster → health and pods of each store, a reconcile where something is missing or a parked job may go on,
// and the facts about the cluster. Events are the fast path; the sweep, which lists everything again, is the truth. They go on beside
// each other, so that no listing, however long, keeps what the watch tells from being looked at.
import { setTimeout as delay } from 'node:timers/promises';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { messageOf } from '../errors.ts';
import { appendEvent, tellObserved } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import { storeNamespace } from '../ids.ts';
import { enqueueJob } from '../jobs/job-queries.ts';
import type { NodeObject, ResourceQuota } from '../kube/kinds.ts';
import type { Kube } from '../kube/kube.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { RECONCILE_STORE } from '../stores/store.ts';
import { followCluster } from './follow-cluster.ts';
import { createDriftFollower } from './follow-drift.ts';
import { createSecretFollower } from './follow-secrets.ts';
import { createSecretInspector } from './inspect-secrets.ts';
import type { Term } from './lead.ts';
import * as observed from './observed-health.ts';
import { type ObservedStore, observeStore, type WantedObject } from './store-health.ts';
import { createOrphanSweeper } from './sweep-orphans.ts';
import { createWorkSet } from './work-set.ts';

// Many objects move at once when a store starts; they are looked at together.
const GATHER_MS = 100;
// Looked at before it is asked again what happened: so few that this waits for a fraction of a second even where each of them has to be
// written, and enough that a thousand need only forty statements to be read.
const STORES_A_BITE = 25;
// After a failure, most often the database's, which is not to be asked without a pause.
const RETRY_MS = 1_000;
// A sweep costs more than a look, and what it is for must not wait for a whole interval more.
const FAILED_SWEEP_MS = 2_000;
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
  /** One look at all that waits for one; nothing before the first listing. Throws what `run` logs. */
  look(): Promise<void>;
  /** Each of the sweeps once, and the facts. Throws what `run` logs. */
  sweep(): Promise<void>;
  /** As the watch has told them; none before the first listing. */
  quotas(): readonly ResourceQuota[];
  /** Both, again and again, until the term ends. */
  run(): Promise<void>;
}

export function createClusterWatch(context: WatchContext, term: Term): ClusterWatch {
  const { db, kube, log, metrics, baseDomain, sweepIntervalMs, actor } = context;
  const { fence, signal } = term;
  const work = createWorkSet();
  let wake = Promise.withResolvers<void>();
  const wakeUp = (): void => wake.resolve();
  signal.addEventListener('abort', wakeUp);
  const lookSoon = (storeId: string): void => {
    work.addUrgent([storeId]);
    wakeUp();
  };
  const inspector = createSecretInspector(kube, context.platformKey);
  const secrets = createSecretFollower({ kube, inspector, signal, onChange: lookSoon, log, metrics });
  const drifts = createDriftFollower({ actor, fence, write, queueReconcile, onDue: wakeUp });
  const sweeper = createOrphanSweeper({ db, kube, log, metrics, actor, fence });
  const cluster = followCluster({
    kube,
    signal,
    metrics,
    onChange: wakeUp,
    onError: (kind, error) => log.warn({ kind, reason: messageOf(error) }, 'a watch failed; it goes on'),
  });
  let mustLookAtRows = true;
  // Null until the first look, which is at every store.
  let nodeAddresses: string | null = null;

  function write<T>(effect: string, run: (tx: Tx) => Promise<T>): Promise<T> {
    return withFailpoints(effect, () => inTransaction(db, run));
  }

  async function queueReconcile({ id, tenantId }: Pick<observed.WatchedStore, 'id' | 'tenantId'>): Promise<void> {
    await write('queue-reconcile', (tx) => enqueueJob(tx, { kind: RECONCILE_STORE, subject: id, fairGroup: tenantId }));
  }

  async function keepLooking(): Promise<void> {
    while (!signal.aborted) {
      const woken = nextWake();
      try {
        await lookOnce();
      } catch (error) {
        if (!signal.aborted) {
          log.warn({ reason: messageOf(error) }, 'the watch could not write what it saw; trying again');
          mustLookAtRows = true;
          await pause(RETRY_MS);
        }
        continue;
      }
      if (work.isEmpty()) {
        await woken;
        await pause(GATHER_MS);
      }
    }
  }

  async function lookOnce(): Promise<void> {
    await gatherWork();
    await lookAtBite(work.takeBite(STORES_A_BITE));
  }

  async function gatherWork(): Promise<void> {
    work.addUrgent(cluster.takeChanged());
    work.addUrgent(drifts.dueIds());
    const addresses = cluster.nodes().flatMap(({ status }) => status?.addresses?.map(({ address }) => address) ?? []);
    const sorted = addresses.sort().join();
    if (sorted !== nodeAddresses) {
      // The policies of every store close them.
      work.addRoutine((await observed.listLiveStores(db)).map(({ id }) => id));
      nodeAddresses = sorted;
    }
    if (mustLookAtRows) {
      mustLookAtRows = false;
      work.addUrgent(await observed.listStaleStoreIds(db));
    }
  }

  /** When it fails, all of them are looked at again, the one at which it failed last: it must not keep others from being looked at. */
  async function lookAtBite(ids: readonly string[]): Promise<void> {
    let begun = 0;
    try {
      const stores = ids.length === 0 ? [] : await observed.readWatchedStores(db, ids);
      const rows = new Map<string, observed.WatchedStore>(stores.map((store) => [store.id, store]));
      const nodes = cluster.nodes();
      for (const id of ids) {
        signal.throwIfAborted();
        begun += 1;
        const store = rows.get(id);
        if (store !== undefined) {
          await lookAtStore(store, nodes);
        }
      }
      await lookAtStrays(ids.filter((id) => (rows.get(id)?.phase ?? 'deleted') === 'deleted'));
    } catch (error) {
      work.addUrgent([...ids.slice(begun), ...ids.slice(0, begun)]);
      throw error;
    }
  }

  /** Of ids that are no live store's there may be namespaces. */
  async function lookAtStrays(ids: readonly string[]): Promise<void> {
    const namespaces = ids.map((id) => cluster.objectsOf(storeNamespace(id)).namespace);
    await sweeper.look(
      namespaces.filter((namespace) => namespace !== undefined),
      signal,
    );
  }

  async function lookAtStore(store: observed.WatchedStore, nodes: readonly NodeObject[]): Promise<void> {
    const engine = context.engines.get(store.engine)?.engine;
    const parts = { workloads: engine?.workloads(store.plan) ?? [], services: engine?.services(store.plan) ?? [] };
    const objects = cluster.objectsOf(storeNamespace(store.id));
    const { phase, anchors } = store;
    const wanted = { phase, ...parts, anchors, guardrails: context.guardrails(store, nodes) };
    const seen = observeStore(wanted, objects, secrets.driftOf(store.id));
    secrets.follow(store, cluster.countSecrets(storeNamespace(store.id)));
    if (
      seen.health !== store.health ||
      JSON.stringify(seen.pods) !== JSON.stringify(sortKeysAs(store.pods, seen.pods))
    ) {
      await recordHealth(store, seen);
    }
    await drifts.follow(store, seen.drift);
    const isGone = objects.namespace === undefined;
    const mayGoOn = store.phase === 'provisioning' ? seen.areWorkloadsReady : isGone;
    if (store.isJobWaiting && mayGoOn) {
      await queueReconcile(store);
    }
  }

  async function recordHealth(store: observed.WatchedStore, seen: ObservedStore): Promise<void> {
    await write('record-health', async (tx) => {
      const isWritten = await observed.writeHealth(tx, fence, store.id, seen);
      if (isWritten) {
        await tellObserved(tx, store);
      }
      // From unknown to healthy is what everybody expects of a new shop, and `store.ready` has told it.
      const isNews = seen.health === 'degraded' || (seen.health === 'healthy' && store.health === 'degraded');
      if (isWritten && isNews && seen.health !== store.health) {
        const message =
          seen.reason === null ? `${store.name} is healthy again` : `${store.name} is degraded: ${seen.reason}`;
        await appendEvent(tx, {
          type: 'store.health_changed',
          tenantId: store.tenantId,
          storeId: store.id,
          actor,
          message,
          details: { health: seen.health },
        });
      }
    });
  }

  /** Every store is to be looked at, also a deleted one that still shows health, and what is not as it should be is queued again. */
  async function sweepStores(): Promise<void> {
    drifts.beginSweep();
    // The notification of a row may have been lost.
    mustLookAtRows = true;
    work.addRoutine((await observed.listLiveStores(db)).map(({ id }) => id));
    wakeUp();
    for (const forgotten of await observed.listForgottenStores(db)) {
      log.warn({ storeId: forgotten.id }, 'a store that wants something had no job; queued');
      await queueReconcile(forgotten);
    }
  }

  /** What it corrects is looked at like what the watch tells. */
  async function resync(): Promise<void> {
    const end = metrics.sweepSeconds.startTimer({ work: 'objects' });
    const corrected = await cluster.resync();
    if (corrected.size > 0) {
      log.warn({ stores: [...corrected] }, 'the resync found what the watch had not told');
    }
    await sweeper.sweep(cluster.namespaces(), signal);
    end();
  }

  async function inspectSecrets(): Promise<void> {
    await secrets.inspectAll(await observed.listLiveStores(db));
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
    const facts = { version, message, ...(cluster.isListed() && { nodes }) };
    await observed.writeClusterFacts(db, fence, baseDomain, facts);
  }

  /**
   * Again and again, with a whole pause after each end. What takes longer than its pause, as listings of thousands of stores do, would
   * otherwise begin anew at once and leave cluster, database and this process no time for all else. What failed is due sooner.
   */
  async function repeat(what: string, pauseMs: number, run: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await run();
        await pause(pauseMs);
      } catch (error) {
        if (!signal.aborted) {
          log.warn({ reason: messageOf(error) }, `${what} failed; it is tried again`);
        }
        await pause(Math.min(pauseMs, FAILED_SWEEP_MS));
      }
    }
  }

  /** Ends early with the term. */
  async function pause(pauseMs: number): Promise<void> {
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }

  /** Settles at the next change or other call for a look, or the end of the term. */
  function nextWake(): Promise<void> {
    wake = Promise.withResolvers();
    return wake.promise;
  }

  return {
    quotas: cluster.quotas,
    lookAtRows() {
      mustLookAtRows = true;
      wakeUp();
      secrets.inspectBroken();
    },
    async look() {
      if (!cluster.isListed()) return;
      do await lookOnce();
      while (!work.isEmpty());
    },
    async sweep() {
      for (const part of [writeFacts, sweepStores, resync, inspectSecrets]) await part();
    },
    async run() {
      // From the first moment on: of a cluster that is away when the term begins nothing can be listed.
      const telling = repeat('telling the facts about the cluster', context.factsMs ?? FACTS_MS, writeFacts);
      while (!signal.aborted && !cluster.isListed()) {
        await nextWake();
      }
      // The first listing tells of everything; what happens from here on comes before it.
      work.addRoutine(cluster.takeChanged());
      await Promise.all([
        telling,
        keepLooking(),
        // The first look is at what has just been listed.
        pause(sweepIntervalMs).then(() => repeat('the sweep over stores', sweepIntervalMs, sweepStores)),
        pause(sweepIntervalMs).then(() => repeat('the resync', sweepIntervalMs, resync)),
        repeat('the sweep over Secrets', sweepIntervalMs, inspectSecrets),
      ]);
    },
  };
}

/** jsonb keeps no order of keys: both sides are compared in ours. */
function sortKeysAs(stored: readonly object[], seen: readonly object[]): readonly object[] {
  const keys = Object.keys(seen[0] ?? stored[0] ?? {});
  return stored.map((pod) => Object.fromEntries(keys.map((key) => [key, (pod as Record<string, unknown>)[key]])));
}
