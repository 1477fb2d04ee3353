// The first move of a teardown: shoppers stop reaching the store before anything behind it goes away.
import { ensureOwnRole, findNamespace, isTerminating } from '../own-namespace.ts';
import { DONE, type StepOutcome } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';

export async function removeRoute(scope: StoreScope): Promise<StepOutcome> {
  const { kube, namespace, lease } = scope;
  const found = await findNamespace(scope);
  if (found === null || isTerminating(found)) {
    // What is left of it goes by itself, and the worker's role with it.
    return DONE;
  }
  const { items } = await kube.listMetadata('Ingress', { namespace }, lease.signal);
  if (items.length > 0) {
    await ensureOwnRole(scope);
    await scope.act('delete-ingresses', () =>
      Promise.all(
        items.map(({ metadata: { name, uid } }) => kube.delete('Ingress', { name, namespace }, { uid }, lease.signal)),
      ),
    );
  }
  return DONE;
}
