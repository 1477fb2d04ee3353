// Everything that a store can leave behind, looked for by listing, not by asking for what is expected: objects of every kind,
// volumes and their folders, Helm's records, routes.
import { readdir } from 'node:fs/promises';
import type { Store } from '@souk/contract';
import type { Platform } from './platform.ts';
import { namespaceOf } from './stores.ts';

interface ObjectList {
  readonly items: readonly {
    readonly kind: string;
    readonly metadata: {
      readonly name: string;
      readonly namespace?: string;
      readonly labels?: Readonly<Record<string, string>>;
    };
  }[];
}

/** One line for each trace; empty when nothing is left. */
export async function findTraces(platform: Platform, store: Store): Promise<string[]> {
  const namespace = namespaceOf(store);
  const [objects, folders, routes] = await Promise.all([
    listObjectsNaming(platform, namespace),
    listFoldersNaming(platform, namespace),
    listRoutes(platform, store),
  ]);
  return [...objects, ...folders, ...routes];
}

// Events tell of a namespace after it has gone and expire by themselves.
const NOT_COUNTED = /^events(?:\.events\.k8s\.io)?$/;
const KINDS_AT_ONCE = 40;

/** All objects of all kinds, of the whole cluster, that live in the namespace or name it. */
async function listObjectsNaming(platform: Platform, namespace: string): Promise<string[]> {
  const words = async (...args: string[]): Promise<string[]> =>
    (await platform.kubectl(...args)).split('\n').filter((word) => word !== '' && !NOT_COUNTED.test(word));
  const [inNamespaces, ofCluster] = await Promise.all([
    words('api-resources', '--namespaced=true', '--verbs=list', '-o', 'name'),
    words('api-resources', '--namespaced=false', '--verbs=list', '-o', 'name'),
  ]);
  const traces: string[] = [];
  for (const kinds of chunks(inNamespaces, KINDS_AT_ONCE)) {
    const found = await platform.kubectl('get', kinds.join(','), '-n', namespace, '-o', 'name', '--ignore-not-found');
    traces.push(
      ...found
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => `in ${namespace}: ${line}`),
    );
  }
  for (const kinds of chunks(ofCluster, KINDS_AT_ONCE)) {
    const { items } = JSON.parse(await platform.kubectl('get', kinds.join(','), '-o', 'json')) as ObjectList;
    const naming = items.filter((item) => JSON.stringify(item).includes(namespace));
    traces.push(...naming.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  }
  return traces;
}

async function listFoldersNaming(platform: Platform, namespace: string): Promise<string[]> {
  const folders = await readdir(platform.facts.volumesDir);
  return folders.filter((folder) => folder.includes(namespace)).map((folder) => `folder ${folder}`);
}

async function listRoutes(platform: Platform, store: Store): Promise<string[]> {
  const hosts = [new URL(store.storefrontUrl).host, hostOfId(platform, store)];
  const traces = await Promise.all(
    hosts.map(async (host) => {
      const { status } = await platform.shop(store, '/', { headers: { host } });
      return status === 404 ? [] : [`route ${host} answers ${status}`];
    }),
  );
  return traces.flat();
}

export function hostOfId(platform: Platform, store: Pick<Store, 'id'>): string {
  return `${namespaceOf(store)}.${platform.facts.baseDomain}:${platform.facts.port}`;
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
