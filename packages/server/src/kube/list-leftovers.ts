// The proof that a namespace is empty: asks the cluster which kinds it keeps in namespaces, custom ones included, and lists each.
import type { Leftovers } from './kube.ts';
import { isKubeError } from './kube-error.ts';
import type { KubeTransport } from './kube-transport.ts';

interface DiscoveredResource {
  readonly resource: string;
  readonly scope: string;
  readonly verbs: readonly string[];
}

interface DiscoveryList {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions?: readonly { readonly version: string; readonly resources?: readonly DiscoveredResource[] }[];
  }[];
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const PARALLEL_LISTS = 8;
// Events are a log and no object of the store: they outlive what they tell of, and go with the namespace.
const NOT_COUNTED: ReadonlySet<string> = new Set(['events']);

export async function listLeftovers(
  transport: KubeTransport,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<Leftovers> {
  const collections = await listNamespacedCollections(transport, signal);
  const objects: string[] = [];
  let kindsListed = 0;
  const queue = [...collections];
  const listNext = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const found = await listCollection(transport, next, namespace, signal);
      if (found !== null) {
        kindsListed += 1;
        objects.push(...found);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_LISTS }, listNext));
  return { objects: objects.sort(), kindsListed };
}

interface Collection {
  readonly groupPath: string;
  readonly plural: string;
}

async function listNamespacedCollections(
  transport: KubeTransport,
  signal: AbortSignal | undefined,
): Promise<readonly Collection[]> {
  const discover = async (path: string): Promise<DiscoveryList> =>
    (await transport.call({ method: 'GET', path, accept: AGGREGATED }, signal)) as DiscoveryList;
  const [core, named] = await Promise.all([discover('/api'), discover('/apis')]);
  return [...core.items, ...named.items].flatMap((group) => {
    // The first version is the preferred one; every version of a kind lists the same objects.
    const version = group.versions?.[0];
    const name = group.metadata.name ?? '';
    const groupPath = name === '' ? `/api/${version?.version}` : `/apis/${name}/${version?.version}`;
    return (version?.resources ?? [])
      .filter((kind) => kind.scope === 'Namespaced' && kind.verbs.includes('list') && !NOT_COUNTED.has(kind.resource))
      .map((kind) => ({ groupPath, plural: kind.resource }));
  });
}

/** Null where the kind cannot be listed by this identity, or stopped being served. */
async function listCollection(
  transport: KubeTransport,
  { groupPath, plural }: Collection,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | null> {
  try {
    const answer = (await transport.call(
      { method: 'GET', path: `${groupPath}/namespaces/${namespace}/${plural}`, accept: METADATA_LIST },
      signal,
    )) as { items: { metadata: { name: string } }[] | null };
    return (answer.items ?? []).map((item) => `${plural}/${item.metadata.name}`);
  } catch (error) {
    // The worker has no standing right to read Secrets: once the namespace is gone, so is its role there. The namespace itself
    // goes only when nothing is left in it, whatever the kind, so this listing loses no proof.
    if (isKubeError(error, 403) || isKubeError(error, 404) || isKubeError(error, 405)) {
      return null;
    }
    throw error;
  }
}
