// Deletes the namespace, and with it everything that the release did not own. Once it is going nothing new can be made in it; what
// slipped in before is ended here, while the cluster still waits its own five seconds before it sweeps.
import { DONE, type StepOutcome } from '../step.ts';
import { endPods } from '../stop-workloads.ts';
import type { StoreScope } from '../store-scope.ts';

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
