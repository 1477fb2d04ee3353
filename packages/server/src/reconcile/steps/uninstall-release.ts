// Removes the Helm release, whatever state it was left in. In a namespace that is already going, Helm's records go with it.
import { ensureOwnRole, findNamespace, isTerminating } from '../own-namespace.ts';
import { DONE, type StepOutcome } from '../step.ts';
import { endPods, stopWorkloads } from '../stop-workloads.ts';
import type { StoreScope } from '../store-scope.ts';

export async function uninstallRelease(scope: StoreScope): Promise<StepOutcome> {
  const { helm, namespace, lease } = scope;
  const ref = { namespace, name: namespace };
  const found = await findNamespace(scope);
  if (found === null || isTerminating(found)) {
    return DONE;
  }
  await ensureOwnRole(scope);
  // Before Helm, which would have the pods ended with all the grace that they ask for.
  await stopWorkloads(scope);
  await endPods(scope);
  if ((await helm.readRelease(ref, lease.signal)) !== null) {
    await scope.act('helm-uninstall', () => helm.uninstall(ref, lease));
  }
  return DONE;
}
