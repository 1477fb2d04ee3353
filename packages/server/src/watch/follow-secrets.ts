// When the Secrets of which store are inspected, and what was found: all of them by sweeps, and sooner those of which something else
// tells that they may have changed. Neither waits for the other, nor does anything else for them.
import { messageOf } from '../errors.ts';
import type { Kube } from '../kube/kube.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { SecretInspector } from './inspect-secrets.ts';
import type { WatchedStore } from './observed-health.ts';
import { createSecretWatches } from './watch-secrets.ts';

// Listings of Secrets under way at once; a thousand stores are through in seconds. Together they are half of the calls that a worker
// makes at once, the other half is its attempts'.
const SWEPT_AT_ONCE = 4;
const SOON_AT_ONCE = 2;

export interface SecretFollowerOptions {
  readonly kube: Kube;
  readonly inspector: SecretInspector;
  readonly signal: AbortSignal;
  /** Something else was found than the last time. */
  readonly onChange: (storeId: string) => void;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface SecretFollower {
  /** What is wrong with a store's Secrets as far as is known; null when nothing is. */
  driftOf(storeId: string): string | null;
  /**
   * From now on what happens to them is inspected soon: edits by a watch, of release records what the quota counts, which every watch
   * may see. Null where it does not count.
   */
  follow(store: Pick<WatchedStore, 'id' | 'phase'>, count: string | null): void;
  /** Inspects again where something was wrong: a repair changes Secrets, which no watch tells. */
  inspectBroken(): void;
  /** Inspects those of all ready stores, and forgets what is known of others. Never fails: what could not be seen waits. */
  inspectAll(liveStores: readonly Pick<WatchedStore, 'id' | 'phase'>[]): Promise<void>;
}

export function createSecretFollower(options: SecretFollowerOptions): SecretFollower {
  const { kube, inspector, signal, onChange, log, metrics } = options;
  const drifts = new Map<string, string>();
  const counts = new Map<string, string | null>();
  const soon = new Set<string>();
  const underWay = new Set<string>();
  const again = new Set<string>();
  let inspectingSoon = 0;

  /** One at a time of a store, so that no older answer comes after a newer one; who comes meanwhile gets another one. */
  async function inspect(storeId: string): Promise<void> {
    if (underWay.has(storeId)) {
      again.add(storeId);
      return;
    }
    underWay.add(storeId);
    do {
      again.delete(storeId);
      await inspectOnce(storeId);
    } while (again.has(storeId) && !signal.aborted);
    underWay.delete(storeId);
  }

  async function inspectOnce(storeId: string): Promise<void> {
    try {
      const found = await inspector.inspect(storeId, signal);
      if (found !== (drifts.get(storeId) ?? null)) {
        if (found === null) {
          drifts.delete(storeId);
        } else {
          drifts.set(storeId, found);
        }
        onChange(storeId);
      }
    } catch (error) {
      if (!signal.aborted) {
        log.warn({ storeId, reason: messageOf(error) }, 'the Secrets of a store could not be looked at');
      }
    }
  }

  /** Takes them out one by one, beside others that do the same, until none is left. */
  async function inspectEach(storeIds: Set<string>): Promise<void> {
    for (const storeId of storeIds) {
      storeIds.delete(storeId);
      if (!signal.aborted) {
        await inspect(storeId);
      }
    }
  }

  async function inspectSoon(storeId: string): Promise<void> {
    soon.add(storeId);
    if (inspectingSoon < SOON_AT_ONCE) {
      inspectingSoon += 1;
      // One may have come between the last of them and here.
      while (soon.size > 0) {
        await inspectEach(soon);
      }
      inspectingSoon -= 1;
    }
  }

  let mayTell = true;
  const watches = createSecretWatches({
    kube,
    signal,
    metrics,
    onChange: (storeId) => void inspectSoon(storeId),
    onError(error) {
      // Most often they all fail at once.
      if (mayTell) {
        log.warn({ reason: messageOf(error) }, 'watches on Secrets fail; they go on, and sweeps see edits meanwhile');
      }
      mayTell = false;
    },
  });

  return {
    driftOf: (storeId) => drifts.get(storeId) ?? null,
    follow({ id, phase }, count) {
      const before = counts.get(id);
      counts.set(id, count);
      if (phase !== 'ready') {
        watches.end(id);
        return;
      }
      watches.begin(id);
      if (before !== undefined && before !== count) {
        void inspectSoon(id);
      }
    },
    inspectBroken() {
      for (const storeId of drifts.keys()) {
        void inspectSoon(storeId);
      }
    },
    async inspectAll(liveStores) {
      const storeIds = new Set(liveStores.filter(({ phase }) => phase === 'ready').map(({ id }) => id));
      inspector.keepOnly(storeIds);
      for (const id of drifts.keys()) {
        if (!storeIds.has(id)) drifts.delete(id);
      }
      // One that got ready since these were read is followed already.
      const liveIds = new Set<string>(liveStores.map(({ id }) => id));
      watches.endOthers(liveIds);
      for (const id of counts.keys()) {
        if (!liveIds.has(id)) counts.delete(id);
      }
      mayTell = true;
      const end = metrics.sweepSeconds.startTimer({ work: 'secrets' });
      const left = new Set(storeIds);
      await Promise.all(Array.from({ length: SWEPT_AT_ONCE }, () => inspectEach(left)));
      end();
    },
  };
}
