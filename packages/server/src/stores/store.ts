// A store as the API sees it: its row, what may be done with it, and how it is said over the wire. Pure.
import type { Health, Phase, PlanName, Pod, Store } from '@souk/contract';
import { storeNamespace } from '../ids.ts';

/** The kind of the one job that brings a store to what is desired of it, whatever that is. */
export const RECONCILE_STORE = 'reconcile-store';

export interface StoreRow {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly plan: PlanName;
  readonly adminEmail: string;
  readonly desiredPhase: 'ready' | 'deleted';
  readonly generation: number;
  readonly phase: Phase;
  readonly observedGeneration: number;
  readonly errorCode: string | null;
  readonly errorStep: string | null;
  readonly errorMessage: string | null;
  readonly health: Health;
  readonly pods: readonly Pod[];
  readonly createdAt: Date;
  readonly readyAt: Date | null;
}

/** How stores are reached from outside. */
export interface PublicAddress {
  readonly scheme: 'http' | 'https';
  readonly baseDomain: string;
  readonly port: number;
}

/** What people are told: deletion counts from the moment it was asked for, before a worker has seen it. */
export function shownPhase(store: Pick<StoreRow, 'desiredPhase' | 'phase'>): Phase {
  return store.desiredPhase === 'deleted' && store.phase !== 'deleted' ? 'deleting' : store.phase;
}

/** A failed store whose failure the worker has settled on; while a newer wish is on its way, that one is under way already. */
export function isRetryable(store: Pick<StoreRow, 'desiredPhase' | 'phase'>): boolean {
  return shownPhase(store) === 'failed';
}

export function storefrontUrl(address: PublicAddress, name: string): string {
  const isOwnPort = address.port === (address.scheme === 'https' ? 443 : 80);
  return `${address.scheme}://${name}.${address.baseDomain}${isOwnPort ? '' : `:${address.port}`}`;
}

/** The base domain itself, where nothing else is configured. */
export function platformUrlOf({ scheme, baseDomain, port }: PublicAddress): string {
  return new URL(`${scheme}://${baseDomain}:${port}`).origin;
}

export interface StoreRendering {
  readonly address: PublicAddress;
  /** Path of the engine's administration; '/' for an engine that is no longer installed. */
  readonly adminPathOf: (engine: string) => string;
}

export function toStore(row: StoreRow, rendering: StoreRendering): Store {
  const url = storefrontUrl(rendering.address, row.name);
  return {
    id: row.id,
    name: row.name,
    engine: row.engine,
    engineVersion: row.engineVersion,
    plan: row.plan,
    phase: shownPhase(row),
    health: row.health,
    storefrontUrl: url,
    adminUrl: `${url}${rendering.adminPathOf(row.engine)}`,
    error:
      row.errorCode === null ? null : { code: row.errorCode, step: row.errorStep, message: row.errorMessage ?? '' },
    createdAt: row.createdAt.toISOString(),
    readyAt: row.readyAt?.toISOString() ?? null,
    generation: row.generation,
    observedGeneration: row.observedGeneration,
  };
}

export function namespaceOf(store: Pick<StoreRow, 'id'>): string {
  return storeNamespace(store.id);
}
