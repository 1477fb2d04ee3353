// Deletes the namespace, and with it everything that the release did not own. Once it is going nothing new can be made in it, so
// its pods can be ended at once and its volumes released, while the cluster still waits its own five seconds before it sweeps.
import { DONE, type StepOutcome } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';

// The data is to be removed anyway: one second lets a process end by itself, waiting for its last client would gain nothing.
const POD_GRACE_SECONDS = 1;

export async function deleteNamespace(scope: StoreScope): Promise<StepOutcome> {
  const { kube, namespace, lease } = scope;
  // Read fresh, and deleted by its UID: a namespace that somebody made anew under this name is left alone.
  const found = await kube.get('Namespace', { name: namespace }, lease.signal);
  if (found === null) {
    return DONE;
  }
  if (found.metadata.deletionTimestamp === undefined) {
    const { uid } = found.metadata;
    await scope.act('delete-namespace', () => kube.delete('Namespace', { name: namespace }, { uid }, lease.signal));
  }
  await endPods(scope);
  return DONE;
}

async function endPods(scope: StoreScope): Promise<void> {
  const { kube, namespace, lease } = scope;
  const [pods, claims] = await Promise.all([
    kube.listMetadata('Pod', { namespace }, lease.signal),
    kube.listMetadata('PersistentVolumeClaim', { namespace }, lease.signal),
  ]);
  if (pods.items.length + claims.items.length === 0) {
    return;
  }
  await scope.act('end-pods', () =>
    Promise.all([
      ...pods.items.map(({ metadata: { name, uid } }) =>
        kube.delete('Pod', { name, namespace }, { uid, gracePeriodSeconds: POD_GRACE_SECONDS }, lease.signal),
      ),
      ...claims.items.map(({ metadata: { name, uid } }) =>
        kube.delete('PersistentVolumeClaim', { name, namespace }, { uid }, lease.signal),
      ),
    ]),
  );
}
