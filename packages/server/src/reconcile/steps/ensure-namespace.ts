// The store's namespace, held to Pod Security "restricted" before anything is in it. One that is on its way out is waited for:
// what is made in it would go with it.
import { dataLost } from '../lost-data.ts';
import { DONE, type StepOutcome, waiting } from '../step.ts';
import { type StoreScope, storeLabels } from '../store-scope.ts';

// A namespace takes about six seconds to go; asking again within one loses little.
const TERMINATING_RECHECK_MS = 1_000;

export async function ensureNamespace(scope: StoreScope): Promise<StepOutcome> {
  const { kube, lease, namespace, store } = scope;
  const found = await kube.get('Namespace', { name: namespace }, lease.signal);
  if (found?.metadata.deletionTimestamp !== undefined) {
    return waiting(TERMINATING_RECHECK_MS, 'the former namespace is still being removed');
  }
  if (found === null && store.readyAt !== null) {
    // It went in the moment since the attempt looked; made anew it would hold an empty shop.
    throw dataLost({ message: `the namespace ${namespace} was deleted from outside, and all data with it` });
  }
  const labels = namespaceLabels(scope);
  const isAsWanted = Object.entries(labels).every(([key, value]) => found?.metadata.labels?.[key] === value);
  if (!isAsWanted) {
    await scope.act('apply-namespace', () =>
      kube.apply('Namespace', { metadata: { name: namespace, labels } }, lease.signal),
    );
  }
  return DONE;
}

function namespaceLabels({ store }: StoreScope): Record<string, string> {
  return {
    ...storeLabels(store),
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
}
