// Whether the data of a shop that once lived is still there. Kubernetes makes a missing namespace or volume claim anew without a
// word, and the shop would start from its golden database as if nothing had been: so the UIDs are compared with those it was ready
// with, and a loss is an error that a person must answer, never a reason to build.

import { TerminalError } from '../errors.ts';
import { STORE_LABEL } from '../ids.ts';
import type { Anchors } from './observed-store.ts';
import type { StoreScope } from './store-scope.ts';

export const DATA_LOST = 'data_lost';

type DataScope = Pick<StoreScope, 'kube' | 'namespace' | 'lease' | 'store'>;

export interface DataLoss {
  /** `all`: nothing of it is left. `replaced`: something else stands in its place, which may be a restored copy. */
  readonly extent: 'all' | 'replaced';
  readonly message: string;
}

/** Claims are recognised by the label that every object of a store carries. */
export async function readAnchors({ kube, namespace, lease }: Omit<DataScope, 'store'>): Promise<Anchors> {
  const [found, claims] = await Promise.all([
    kube.get('Namespace', { name: namespace }, lease.signal),
    kube.listMetadata('PersistentVolumeClaim', { namespace, labels: STORE_LABEL }, lease.signal),
  ]);
  const isStaying = found !== null && found.metadata.deletionTimestamp === undefined;
  return {
    namespaceUid: isStaying ? found.metadata.uid : null,
    claims: Object.fromEntries(claims.items.map(({ metadata: { name, uid } }) => [name, uid])),
  };
}

/** Null for a store that never was ready: it has nothing to lose. */
export async function findDataLoss(scope: DataScope): Promise<DataLoss | null> {
  const { store, namespace } = scope;
  if (store.readyAt === null) {
    return null;
  }
  const now = await readAnchors(scope);
  if (now.namespaceUid === null) {
    return { extent: 'all', message: `the namespace ${namespace} was deleted from outside, and all data with it` };
  }
  const { namespaceUid, claims } = store.anchors;
  if (namespaceUid !== null && namespaceUid !== now.namespaceUid) {
    return {
      extent: 'replaced',
      message: `another namespace stands in the place of ${namespace}; its data is not the shop's`,
    };
  }
  const lost = Object.entries(claims).filter(([name, uid]) => now.claims[name] !== uid);
  if (lost.length === 0) {
    return null;
  }
  const names = lost.map(([name]) => name).join(', ');
  return { extent: 'replaced', message: `the volume claim ${names} was deleted from outside, and its data with it` };
}

/** Whoever asked for a repair while this very error was shown has agreed to it. */
export function mayRepair(
  { repairGeneration, observedGeneration, repairCode }: StoreScope['store'],
  code: string,
): boolean {
  return repairGeneration > observedGeneration && repairCode === code;
}

export function dataLost({ message }: Pick<DataLoss, 'message'>): TerminalError {
  return new TerminalError(DATA_LOST, `${message}; put a copy back, or ask for a repair to begin with an empty shop`);
}
