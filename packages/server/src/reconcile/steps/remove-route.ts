// The first move of a teardown: shoppers stop reaching the store before anything behind it goes away.
import { DONE, type StepOutcome } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';

export async function removeRoute({ kube, namespace, lease, act }: StoreScope): Promise<StepOutcome> {
  const { items } = await kube.listMetadata('Ingress', { namespace }, lease.signal);
  if (items.length > 0) {
    await act('delete-ingresses', () =>
      Promise.all(
        items.map(({ metadata: { name, uid } }) => kube.delete('Ingress', { name, namespace }, { uid }, lease.signal)),
      ),
    );
  }
  return DONE;
}
