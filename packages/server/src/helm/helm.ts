// What Souk needs of Helm. A release's history is kept by Helm in Secrets of the store's own namespace; the newest record says what
// state it is in. No call waits for workloads: watching is the caller's business.
import { LeaseLostError } from '../errors.ts';

export const RELEASE_STATUSES = [
  'deployed',
  'failed',
  'superseded',
  'uninstalling',
  'uninstalled',
  'pending-install',
  'pending-upgrade',
  'pending-rollback',
  'unknown',
] as const;
export type ReleaseStatus = (typeof RELEASE_STATUSES)[number];

export interface ReleaseRef {
  readonly namespace: string;
  readonly name: string;
}

export interface Release {
  readonly revision: number;
  readonly status: ReleaseStatus;
  /** What was installed, as `fingerprint` was given to `upgrade`; null for a release of another hand. */
  readonly fingerprint: string | null;
  /** The newest revision that was deployed once, and that a rollback may go to; null when there never was one. */
  readonly lastDeployedRevision: number | null;
}

export interface ReleaseUpgrade extends ReleaseRef {
  readonly chartPath: string;
  /** All of them, every time; they travel on standard input. They hold no secret, because Helm keeps them. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Kept as a label of the release: at most 63 letters and digits. */
  readonly fingerprint: string;
}

/** The right to act: a Helm process ends before somebody else can get that right. */
export interface ActionLease {
  readonly signal: AbortSignal;
  /** Milliseconds until another worker may take over, counted so that it errs on the early side. */
  readonly msLeft: () => number;
}

/**
 * To be called right before anything is done to the world. A process that stood still goes on with what had come in before its timers
 * run, the one that would abort the signal among them: so the clock itself is asked.
 */
export function throwIfLeaseLost({ signal, msLeft }: ActionLease): void {
  signal.throwIfAborted();
  if (msLeft() <= 0) {
    throw new LeaseLostError('the lease ended while this worker stood still');
  }
}

export interface Helm {
  /** Null where there is no release. */
  readRelease(ref: ReleaseRef, signal?: AbortSignal): Promise<Release | null>;
  /** Installs, or upgrades what is there. A release left pending or never deployed must be cleared first; see `isPending`. */
  upgrade(upgrade: ReleaseUpgrade, lease: ActionLease): Promise<void>;
  /** Succeeds when there is no release. */
  uninstall(ref: ReleaseRef, lease: ActionLease): Promise<void>;
  rollback(ref: ReleaseRef, revision: number, lease: ActionLease): Promise<void>;
}

/** A Helm process died while it changed the release; Helm refuses every further change until that is cleared. */
export function isPending(release: Release): boolean {
  return release.status.startsWith('pending-');
}
