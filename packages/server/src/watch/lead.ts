// Runs something on exactly one of many workers. A worker that cannot renew its lease ends its term by itself, before the lease runs
// out; another begins within seconds.
import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../db/database.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { renewLeadership, resignLeadership, takeLeadership } from './leader-lease.ts';

const LEASE_MS = 6_000;
const RENEW_MS = 2_000;
// With the lease, this keeps the gap between two leaders below eight seconds.
const APPLY_MS = 1_500;
// A term ends this much before its lease could be another's.
const MARGIN_MS = 1_000;

export interface Term {
  readonly fence: number;
  /** Aborted when the term is over. */
  readonly signal: AbortSignal;
}

export interface LeadOptions {
  readonly db: Db;
  readonly name: string;
  readonly owner: string;
  /** Runs for a whole term and ends with its signal; when it throws, the term ends. */
  readonly lead: (term: Term) => Promise<void>;
  readonly log: Log;
}

export interface Candidate {
  start(): void;
  stop(): Promise<void>;
}

export function createCandidate({ db, name, owner, lead, log }: LeadOptions): Candidate {
  const stopped = new AbortController();
  let running: Promise<void> | undefined;

  async function applyUntilStopped(): Promise<void> {
    while (!stopped.signal.aborted) {
      const askedAt = performance.now();
      const fence = await takeLeadership(db, name, owner, LEASE_MS).catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'leadership could not be asked for; trying again');
        return null;
      });
      if (fence !== null) {
        await serveTerm(fence, askedAt);
      }
      await delay(APPLY_MS * (0.7 + Math.random() * 0.3), undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  async function serveTerm(fence: number, askedAt: number): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, stopped.signal]);
    log.info({ lease: name, fence }, 'leading');
    const renewing = renewUntilOver(fence, askedAt, over, signal);
    try {
      await lead({ fence, signal });
    } catch (error) {
      if (!signal.aborted) {
        log.warn({ err: error, lease: name }, 'the term ended with an error');
      }
    } finally {
      over.abort();
      await renewing;
      log.info({ lease: name, fence }, 'no longer leading');
    }
  }

  async function renewUntilOver(
    fence: number,
    askedAt: number,
    over: AbortController,
    signal: AbortSignal,
  ): Promise<void> {
    let heldUntil = askedAt + LEASE_MS;
    const watchdog = setInterval(() => {
      if (performance.now() > heldUntil - MARGIN_MS) {
        over.abort();
      }
    }, 250);
    while (!signal.aborted) {
      await delay(RENEW_MS, undefined, { signal }).catch(() => undefined);
      const sentAt = performance.now();
      if (signal.aborted) {
        break;
      }
      try {
        if (!(await renewLeadership(db, name, fence, LEASE_MS))) {
          over.abort();
          break;
        }
        heldUntil = sentAt + LEASE_MS;
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'leadership could not be renewed; trying again');
      }
    }
    clearInterval(watchdog);
    // Harmless when it fails: the lease runs out by itself.
    await resignLeadership(db, name, fence).catch(() => undefined);
  }

  return {
    start() {
      running ??= applyUntilStopped();
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
