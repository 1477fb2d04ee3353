// The store's namespace, held to Pod Security "restricted" before anything is in it, and the worker's right to work there. One that
// is on its way out is waited for: what is made in it would go with it. One that is somebody else's is never touched.

import { dataLost } from '../lost-data.ts';
import { ensureOwnRole, findNamespace, isTerminating } from '../own-namespace.ts';
import { DONE, type StepOutcome, waiting } from '../step.ts';
import { type StoreScope, storeLabels } from '../store-scope.ts';
import { describeBlocker } from './confirm-gone.ts';

// A namespace takes about six seconds to go; asking again within one loses little.
const TERMINATING_RECHECK_MS = 1_000;

export async function ensureNamespace(scope: StoreScope): Promise<StepOutcome> {
  const { kube, lease, namespace, store } = scope;
  const found = await findNamespace(scope);
  if (found !== null && isTerminating(found)) {
    return waiting(TERMINATING_RECHECK_MS, `the former one must go first: ${describeBlocker(found, [])}`);
  }
  if (found === null && store.readyAt !== null) {
    // It went in the moment since the attempt looked; made anew it would hold an empty shop.
    throw dataLost({ message: `the namespace ${namespace} was deleted from outside, and all data with it` });
  }
  const labels = namespaceLabels(scope);
  const manifest = { metadata: { name: namespace, labels } };
  if (found !== null) {
    // Only from inside may the labels of a namespace be put right.
    await ensureOwnRole(scope);
  }
  const isAsWanted = Object.entries(labels).every(([key, value]) => found?.metadata.labels?.[key] === value);
  if (!isAsWanted) {
    await scope.act('apply-namespace', async () => {
      await (found === null
        ? kube.createIfAbsent('Namespace', manifest, lease.signal)
        : kube.apply('Namespace', manifest, lease.signal));
    });
  }
  if (found === null) {
    await ensureOwnRole(scope);
  }
  return DONE;
}

function namespaceLabels({ store }: StoreScope): Record<string, string> {
  return {
    ...storeLabels(store),
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
    'pod-security.kubernetes.io/audit': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
}
