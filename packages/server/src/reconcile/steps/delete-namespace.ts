// Deletes the namespace, and with it everything that the release did not own. Once it is going nothing new can be made in it; what
// slipped in before is ended here, while the cluster still waits its own five seconds before it sweeps.
import { isKubeError } from '../../kube/kube-error.ts';
import { findNamespace, isTerminating } from '../own-namespace.ts';
import { DONE, type StepOutcome } from '../step.ts';
import { endPods } from '../stop-workloads.ts';
import type { StoreScope } from '../store-scope.ts';

export async function deleteNamespace(scope: StoreScope): Promise<StepOutcome> {
  const { kube, namespace, lease } = scope;
  // Read fresh, and deleted by its UID: a namespace that somebody made anew under this name is left alone.
  const found = await findNamespace(scope);
  if (found === null) {
    return DONE;
  }
  if (!isTerminating(found)) {
    const { uid } = found.metadata;
    await scope.act('delete-namespace', () => kube.delete('Namespace', { name: namespace }, { uid }, lease.signal));
  }
  try {
    await endPods(scope);
  } catch (error) {
    // The sweep has begun and has taken the worker's role; it takes the pods as well.
    if (!isKubeError(error, 403)) {
      throw error;
    }
  }
  return DONE;
}
