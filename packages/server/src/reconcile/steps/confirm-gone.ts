// The proof of a deletion: the namespace is gone, no object of any kind is listed in it, and no volume remembers it. It waits for
// as long as it takes, names what stands in the way, and forces nothing.
import { followObjects } from '../../kube/follow-objects.ts';
import type { NamespaceObject, PersistentVolume } from '../../kube/kinds.ts';
import { DONE, type StepOutcome, waiting } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';

const RECHECK_MS = 2_000;

export async function confirmGone(scope: StoreScope): Promise<StepOutcome> {
  const { kube, namespace, lease } = scope;
  const blocker = await watchUntilGone(scope);
  if (blocker !== null) {
    return waiting(RECHECK_MS, blocker);
  }
  const { objects } = await kube.listLeftovers(namespace, lease.signal);
  return objects.length === 0 ? DONE : waiting(RECHECK_MS, `still there: ${objects.slice(0, 5).join(', ')}`);
}

/** Null as soon as the namespace and its volumes are gone; after the window, what is left of them. */
async function watchUntilGone(scope: StoreScope): Promise<string | null> {
  const { kube, namespace, lease } = scope;
  lease.signal.throwIfAborted();
  const ended = new AbortController();
  const signal = AbortSignal.any([lease.signal, ended.signal]);
  const { promise, resolve, reject } = Promise.withResolvers<string | null>();
  const wasDelayed = scope.store.errorCode !== null;
  let lastError: unknown;
  const options = {
    signal,
    onChange: () => look(),
    onError: (error: unknown) => {
      lastError = error;
    },
  };
  const namespaces = followObjects(kube, 'Namespace', { fields: `metadata.name=${namespace}` }, options);
  const volumes = followObjects(kube, 'PersistentVolume', {}, options);
  const isListed = () => namespaces.isListed() && volumes.isListed();
  const blocker = () => describeBlocker(namespaces.items()[0], volumes.items().filter(isVolumeOf(namespace)));

  function look(): void {
    const isGone = isListed() && blocker() === null;
    // Once the delay itself has been told, further attempts are silent until the last, however many there are.
    if (isListed() && (isGone ? wasDelayed : !wasDelayed)) {
      scope.announce();
    }
    if (isGone) {
      resolve(null);
    }
  }

  const timer = setTimeout(() => {
    if (isListed()) {
      resolve(blocker());
    } else {
      reject(lastError ?? new Error('the cluster could not be watched'));
    }
  }, scope.windows.goneMs);
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    ended.abort();
  }
}

function isVolumeOf(namespace: string): (volume: PersistentVolume) => boolean {
  return (volume) => volume.spec?.claimRef?.namespace === namespace;
}

// Kubernetes says what holds a namespace back in these conditions; the others describe its ordinary progress.
const TELLING_CONDITIONS: ReadonlySet<string> = new Set([
  'NamespaceDeletionDiscoveryFailure',
  'NamespaceDeletionGroupVersionParsingFailure',
  'NamespaceDeletionContentFailure',
  'NamespaceContentRemaining',
  'NamespaceFinalizersRemaining',
]);

export function describeBlocker(
  namespace: NamespaceObject | undefined,
  volumes: readonly PersistentVolume[],
): string | null {
  const said = (namespace?.status?.conditions ?? [])
    .filter(({ type, status }) => status === 'True' && TELLING_CONDITIONS.has(type))
    .map(({ message, reason }) => message ?? reason ?? 'unknown');
  const parts = [
    ...(namespace === undefined
      ? []
      : [`the namespace is still being removed${said.length > 0 ? `: ${said.join('; ')}` : ''}`]),
    ...volumes.map(
      ({ metadata, status }) => `volume ${metadata.name} is still ${status?.phase?.toLowerCase() ?? 'there'}`,
    ),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}
