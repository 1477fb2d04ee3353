// Keeps the leases of one worker alive with one statement per beat, on a connection of its own: a busy pool must not cost a lease.
// Promises: an attempt is aborted before its lease can run out, however the database, this process or the clock behave.
import type { Db } from '../db/database.ts';
import { LeaseLostError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Lease, renewLeases } from './job-queries.ts';
import { recordWorkerBeat } from './worker-queries.ts';

export const HEARTBEAT_MS = 3_000;
// Three missed heartbeats: one late beat is a busy machine, three are a dead worker.
export const LEASE_MS = 3 * HEARTBEAT_MS;
// What an aborted attempt has to stop its helm child in, before another worker may start one.
const ABORT_MARGIN_MS = 1_500;

export interface HeldLease extends Lease {
  readonly controller: AbortController;
  leftMs(): number;
  drop(): void;
}

export interface LeaseKeeperOptions {
  readonly db: Db;
  readonly worker: string;
  readonly log: Log;
  readonly heartbeatMs?: number;
  readonly leaseMs?: number;
}

export interface LeaseKeeper {
  readonly leaseMs: number;
  /** `claimedAt` is the monotonic instant just before the claim was sent: the lease is at least that old. */
  hold(lease: Lease, claimedAt: number): HeldLease;
  start(): void;
  stop(): Promise<void>;
  beat(): Promise<void>;
}

interface Entry {
  readonly lease: Lease;
  readonly controller: AbortController;
  heldUntil: number;
  watchdog: NodeJS.Timeout;
}

export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { db, worker, log } = options;
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const marginMs = Math.min(ABORT_MARGIN_MS, leaseMs / 6);
  const held = new Map<number, Entry>();
  let timer: NodeJS.Timeout | undefined;
  let beating: Promise<void> | undefined;

  const lose = (entry: Entry, why: string): void => {
    clearTimeout(entry.watchdog);
    held.delete(entry.lease.fence);
    if (!entry.controller.signal.aborted) {
      log.warn({ jobId: entry.lease.jobId, fence: entry.lease.fence }, `lease lost: ${why}`);
      entry.controller.abort(new LeaseLostError(why));
    }
  };
  const watch = (entry: Entry): void => {
    clearTimeout(entry.watchdog);
    const leftMs = entry.heldUntil - marginMs - performance.now();
    entry.watchdog = setTimeout(() => lose(entry, 'it could not be renewed in time'), Math.max(0, leftMs));
  };

  const beat = async (): Promise<void> => {
    const entries = [...held.values()];
    const sentAt = performance.now();
    try {
      await recordWorkerBeat(db, worker);
      if (entries.length === 0) {
        return;
      }
      const renewed = await renewLeases(
        db,
        worker,
        entries.map((entry) => entry.lease),
        leaseMs,
      );
      for (const entry of entries.filter(({ lease }) => held.has(lease.fence))) {
        if (renewed.has(entry.lease.jobId)) {
          entry.heldUntil = sentAt + leaseMs;
          watch(entry);
        } else {
          lose(entry, 'it ran out, or another worker has it');
        }
      }
    } catch (error) {
      // The watchdogs decide; the next beat may come through in time.
      log.warn({ reason: messageOf(error) }, 'a heartbeat did not reach the database');
    }
  };

  return {
    leaseMs,
    beat,
    hold(lease, claimedAt) {
      const controller = new AbortController();
      const entry: Entry = {
        lease,
        controller,
        heldUntil: claimedAt + leaseMs,
        watchdog: setTimeout(() => undefined, 0),
      };
      held.set(lease.fence, entry);
      watch(entry);
      return {
        ...lease,
        controller,
        leftMs: () => Math.max(0, entry.heldUntil - performance.now()),
        drop() {
          clearTimeout(entry.watchdog);
          held.delete(lease.fence);
        },
      };
    },
    start() {
      timer ??= setInterval(() => {
        // One beat at a time; a slow one is itself the news.
        beating ??= beat().finally(() => {
          beating = undefined;
        });
      }, heartbeatMs);
      beating ??= beat().finally(() => {
        beating = undefined;
      });
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await beating;
      for (const entry of held.values()) {
        clearTimeout(entry.watchdog);
      }
      held.clear();
    },
  };
}
