// Ends what runs in a namespace that is to go. Its data goes too, so waiting for last clients and last writes would gain nothing;
// a grace that has begun cannot be shortened for a container that is already being stopped, so this comes before everything else
// that would have pods ended.
import type { KubeObject } from '../kube/kinds.ts';
import type { StoreScope } from './store-scope.ts';

// One second lets a process end by itself.
const POD_GRACE_SECONDS = 1;

/** Deletes what would make pods anew, and leaves the pods. */
export async function stopWorkloads(scope: StoreScope): Promise<void> {
  const { kube, namespace, lease } = scope;
  const kinds = ['Deployment', 'ReplicaSet', 'StatefulSet'] as const;
  const listings = await Promise.all(kinds.map((kind) => kube.listMetadata(kind, { namespace }, lease.signal)));
  const found = kinds.flatMap((kind, index) =>
    (listings[index]?.items ?? []).filter(isStaying).map(({ metadata }) => ({ kind, metadata })),
  );
  if (found.length > 0) {
    await scope.act('stop-workloads', () =>
      Promise.all(
        found.map(({ kind, metadata: { name, uid } }) =>
          kube.delete(kind, { name, namespace }, { uid, propagation: 'Orphan' }, lease.signal),
        ),
      ),
    );
  }
}

/** Ends all pods at once and lets go of their volumes. */
export async function endPods(scope: StoreScope): Promise<void> {
  const { kube, namespace, lease } = scope;
  const [pods, claims] = await Promise.all([
    kube.listMetadata('Pod', { namespace }, lease.signal),
    kube.listMetadata('PersistentVolumeClaim', { namespace }, lease.signal),
  ]);
  const staying = [pods.items.filter(isStaying), claims.items.filter(isStaying)] as const;
  if (staying[0].length + staying[1].length === 0) {
    return;
  }
  await scope.act('end-pods', () =>
    Promise.all([
      ...staying[0].map(({ metadata: { name, uid } }) =>
        kube.delete('Pod', { name, namespace }, { uid, gracePeriodSeconds: POD_GRACE_SECONDS }, lease.signal),
      ),
      ...staying[1].map(({ metadata: { name, uid } }) =>
        kube.delete('PersistentVolumeClaim', { name, namespace }, { uid }, lease.signal),
      ),
    ]),
  );
}

function isStaying({ metadata }: Pick<KubeObject, 'metadata'>): boolean {
  return metadata.deletionTimestamp === undefined;
}
