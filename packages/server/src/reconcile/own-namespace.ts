// A store's namespace as the worker finds it: whether it is this store's at all, and the worker's right to work in it. It may do
// nothing inside one until it has bound the role of store workers to itself there; the installation lets it bind that one and the
// API's, in namespaces of stores alone (charts/platform). What a role gives is known a moment after it is bound.

import { setTimeout as delay } from 'node:timers/promises';
import { TerminalError } from '../errors.ts';
import { STORE_LABEL } from '../ids.ts';
import type { NamespaceObject } from '../kube/kinds.ts';
import { isKubeError } from '../kube/kube-error.ts';
import { bindingOf, WORKER_ROLE } from './role-bindings.ts';
import { type StoreScope, storeLabels } from './store-scope.ts';

const BINDING = 'souk-worker';
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;
// API servers hear of a binding within milliseconds; one that takes longer is behind on everything, and the attempt is tried again.
const KNOWN_WITHIN_MS = 3_000;

/** Null where there is none. One of the same name that is somebody else's is never touched, not even to delete the store. */
export async function findNamespace({ kube, namespace, store, lease }: StoreScope): Promise<NamespaceObject | null> {
  const found = await kube.get('Namespace', { name: namespace }, lease.signal);
  if (found !== null && found.metadata.labels?.[STORE_LABEL] !== store.id) {
    throw new TerminalError('namespace_taken', `the namespace ${namespace} is there, and is not this store's`);
  }
  return found;
}

export function isTerminating(namespace: NamespaceObject): boolean {
  return namespace.metadata.deletionTimestamp !== undefined;
}

/** Costs one read where the role is bound already. The namespace must not be on its way out. */
export async function ensureOwnRole(scope: StoreScope): Promise<void> {
  const { workerSubject } = scope.settings;
  // An identity that may do everything has nothing to bind.
  if (workerSubject === null || (await isBound(scope))) {
    return;
  }
  const { kube, namespace, store, lease } = scope;
  const metadata = { name: BINDING, namespace, labels: storeLabels(store) };
  await scope.act('bind-own-role', () =>
    kube.createIfAbsent('RoleBinding', { metadata, ...bindingOf(WORKER_ROLE, workerSubject) }, lease.signal),
  );
  const giveUpAt = performance.now() + KNOWN_WITHIN_MS;
  for (let pauseMs = FIRST_PAUSE_MS; !(await isBound(scope)); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (performance.now() >= giveUpAt) {
      throw new Error(`the role "${WORKER_ROLE}" gives the worker no rights in ${namespace}`);
    }
    await delay(pauseMs, undefined, { signal: lease.signal });
  }
}

/** Bindings can be read by what they give: being refused means that there is none yet, or that it is not known yet. */
async function isBound({ kube, namespace, lease }: StoreScope): Promise<boolean> {
  try {
    return (await kube.get('RoleBinding', { name: BINDING, namespace }, lease.signal)) !== null;
  } catch (error) {
    if (isKubeError(error, 403)) {
      return false;
    }
    throw error;
  }
}
