// What was done to stores behind the platform's back: told once, when it has lasted for a moment, and answered by a reconcile, which is
// queued again in every sweep while it lasts. What waits for a person's answer is told, and nothing is queued for it.
import type { Tx } from '../db/database.ts';
import { appendEvent } from '../events/event-queries.ts';
import { enqueueJob } from '../jobs/job-queries.ts';
import { RECONCILE_STORE } from '../stores/store.ts';
import { isDriftTold, isTermOver, type WatchedStore } from './observed-health.ts';

// What seems to be missing is looked at again after this, because kinds are told of by watches of their own, in no common order.
const DRIFT_CONFIRM_MS = 1_000;
// Timers may be early by a part of a millisecond.
const TIMER_MARGIN_MS = 10;

export interface DriftFollowerOptions {
  readonly actor: string;
  readonly fence: number;
  readonly write: (effect: string, run: (tx: Tx) => Promise<void>) => Promise<void>;
  readonly queueReconcile: (store: WatchedStore) => Promise<void>;
  /** Called when something is due. */
  readonly onDue: () => void;
}

export interface DriftFollower {
  /** Takes in what a look at the store has shown; null when all is as wanted. */
  follow(store: WatchedStore, drift: string | null): Promise<void>;
  /** Stores of which something was seen once, long enough ago to be looked at again. */
  dueIds(): readonly string[];
  /** From now on, what still stands is queued once more when it is seen. */
  beginSweep(): void;
}

interface Drift {
  readonly firstSeenAt: number;
  readonly told: string | null;
  readonly queuedInSweep: number | null;
}

export function createDriftFollower(options: DriftFollowerOptions): DriftFollower {
  const { actor, fence, write, queueReconcile, onDue } = options;
  const drifts = new Map<string, Drift>();
  // Stores that show an error and no drift, and were looked at for that in this sweep.
  const answered = new Set<string>();
  let sweep = 0;

  async function confirm(store: WatchedStore, drift: string, known: Drift): Promise<void> {
    // Kept, because a sweep may begin while this is written.
    const queuedInSweep = sweep;
    await write('record-drift', async (tx) => {
      // The next leader sees it too; a former one that does not know of it yet must not tell it a second time.
      if (await isTermOver(tx, fence)) {
        return;
      }
      const message = `${store.name}: ${drift}`;
      // The leader before this one may have told it already.
      if (known.told !== drift && !(await isDriftTold(tx, store.id, message))) {
        await appendEvent(tx, {
          type: 'store.drift_detected',
          tenantId: store.tenantId,
          storeId: store.id,
          actor,
          message,
        });
      }
      if (store.errorCode === null) {
        await enqueueJob(tx, { kind: RECONCILE_STORE, subject: store.id, fairGroup: store.tenantId });
      }
    });
    drifts.set(store.id, { ...known, told: drift, queuedInSweep });
  }

  return {
    async follow(store, drift) {
      const known = drifts.get(store.id);
      if (drift === null) {
        drifts.delete(store.id);
        if (store.phase === 'ready' && store.errorCode !== null && !answered.has(store.id)) {
          // What was lost is there again: the reconcile takes the error away, or finds that it still stands.
          await queueReconcile(store);
          answered.add(store.id);
        }
        return;
      }
      answered.delete(store.id);
      if (known === undefined) {
        drifts.set(store.id, { firstSeenAt: performance.now(), told: null, queuedInSweep: null });
        setTimeout(onDue, DRIFT_CONFIRM_MS + TIMER_MARGIN_MS).unref();
      } else if (known.queuedInSweep !== sweep && hasLasted(known)) {
        await confirm(store, drift, known);
      }
    },
    dueIds: () => [...drifts].flatMap(([id, drift]) => (drift.queuedInSweep === null && hasLasted(drift) ? [id] : [])),
    beginSweep() {
      sweep += 1;
      answered.clear();
    },
  };
}

const hasLasted = ({ firstSeenAt }: Drift): boolean => performance.now() - firstSeenAt >= DRIFT_CONFIRM_MS;
