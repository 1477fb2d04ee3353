// `Kube` on a real cluster, by its REST API.
import { EXEC_PROTOCOL, runOverSocket } from './exec-program.ts';
import type { Kind, KindMap, KubeObject, Secret } from './kinds.ts';
import { RESOURCES } from './kinds.ts';
import type { Kube, Listing, ObjectRef, PageSelection, Selection, WatchEvent, WatchStart } from './kube.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import type { Call, KubeTransport } from './kube-transport.ts';
import { listLeftovers } from './list-leftovers.ts';
import { createUsageReader } from './read-usage.ts';

const FIELD_MANAGER = 'souk';
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
// Whatever the API server has at hand, which tells of all that is there before it goes on.
const FROM_NOW = '0';
// The server ends a watch by itself after this long, which is ordinary; we then go on from the last version.
const WATCH_TIMEOUT_SECONDS = 290;
// API servers send a bookmark about once a minute. Two missed ones mean a connection that died without a word.
const WATCH_SILENCE_MS = 150_000;
const EXEC_TIMEOUT_MS = 30_000;
// Half of what kubectl asks for at once: a page of pods is about a megabyte, as text and again when it is parsed.
const OBJECTS_A_PAGE = 250;

export function createRealKube(
  transport: KubeTransport,
  openKubelet: (host: string, port: number) => KubeTransport,
): Kube {
  const usage = createUsageReader(transport, openKubelet);
  async function* pagesAs<T extends Pick<KubeObject, 'metadata'>>(
    kind: Kind,
    selection: PageSelection,
    accept: string | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Listing<T>> {
    let next: string | undefined;
    do {
      const { items, metadata } = (await transport.call(
        {
          method: 'GET',
          path: collectionPath(kind, selection.namespace),
          query: {
            labelSelector: selection.labels,
            fieldSelector: selection.fields,
            limit: String(selection.objectsAPage ?? OBJECTS_A_PAGE),
            continue: next,
          },
          ...(accept === undefined ? {} : { accept }),
        },
        signal,
      )) as { items: T[] | null; metadata: { resourceVersion: string; continue?: string } };
      for (const item of items ?? []) {
        dropBookkeeping(item);
      }
      yield { items: items ?? [], resourceVersion: metadata.resourceVersion };
      next = metadata.continue;
    } while (next !== undefined && next !== '');
  }

  async function listAs<T extends Pick<KubeObject, 'metadata'>>(
    ...asked: Parameters<typeof pagesAs<T>>
  ): Promise<Listing<T>> {
    const items: T[] = [];
    let resourceVersion = '';
    for await (const page of pagesAs<T>(...asked)) {
      items.push(...page.items);
      resourceVersion = page.resourceVersion;
    }
    return { items, resourceVersion };
  }

  return {
    async get<K extends Kind>(kind: K, ref: ObjectRef, signal?: AbortSignal) {
      return await nullIfMissing(
        () => transport.call({ method: 'GET', path: objectPath(kind, ref) }, signal) as Promise<KindMap[K]>,
      );
    },

    async list<K extends Kind>(kind: K, selection: Selection, signal?: AbortSignal) {
      return await listAs<KindMap[K]>(kind, selection, undefined, signal);
    },

    listPages<K extends Kind>(kind: K, selection: PageSelection, signal?: AbortSignal) {
      return pagesAs<KindMap[K]>(kind, selection, undefined, signal);
    },

    async listMetadata<K extends Kind>(kind: K, selection: Selection, signal?: AbortSignal) {
      const listing = await listAs<Pick<KindMap[K], 'metadata'>>(kind, selection, METADATA_LIST, signal);
      // Each item says of itself that it is a PartialObjectMetadata; nobody is to take that for its kind.
      return { ...listing, items: listing.items.map(({ metadata }) => ({ metadata })) };
    },

    async apply(kind, manifest, signal) {
      const answer = await transport.call(
        {
          method: 'PATCH',
          path: objectPath(kind, manifest.metadata),
          query: { fieldManager: FIELD_MANAGER, force: 'true' },
          // JSON is YAML; the server knows server-side apply by this media type alone.
          contentType: 'application/apply-patch+yaml',
          body: { apiVersion: RESOURCES[kind].apiVersion, kind, ...manifest },
        },
        signal,
      );
      return answer as never;
    },

    async createIfAbsent(kind, manifest, signal) {
      try {
        await transport.call(
          {
            method: 'POST',
            path: collectionPath(kind, manifest.metadata.namespace),
            query: { fieldManager: FIELD_MANAGER },
            body: { apiVersion: RESOURCES[kind].apiVersion, kind, ...manifest },
          },
          signal,
        );
        return true;
      } catch (error) {
        if (error instanceof KubeError && error.status === 409 && error.reason === 'AlreadyExists') {
          return false;
        }
        throw error;
      }
    },

    async delete(kind, ref, options, signal) {
      try {
        await transport.call(
          {
            method: 'DELETE',
            path: objectPath(kind, ref),
            body: {
              apiVersion: 'v1',
              kind: 'DeleteOptions',
              preconditions: { uid: options.uid },
              propagationPolicy: options.propagation ?? 'Background',
              ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
            },
          },
          signal,
        );
      } catch (error) {
        // 404: somebody was quicker. 409: the name now belongs to another object, so the one meant is gone. Namespaces that
        // are already terminating answer 409 as well.
        if (!isKubeError(error, 404) && !isKubeError(error, 409)) {
          throw error;
        }
      }
    },

    async *watch<K extends Kind>(kind: K, start: WatchStart, signal?: AbortSignal) {
      const chunks = await transport.stream(watchCall(kind, start), WATCH_SILENCE_MS, signal);
      for await (const line of splitLines(chunks)) {
        yield parseWatchEvent<KindMap[K]>(line);
      }
    },

    async *watchMetadata<K extends Kind>(kind: K, start: Omit<WatchStart, 'resourceVersion'>, signal?: AbortSignal) {
      const call = { ...watchCall(kind, { ...start, resourceVersion: FROM_NOW }), accept: METADATA };
      const chunks = await transport.streamShared(call, WATCH_SILENCE_MS, signal);
      for await (const line of splitLines(chunks)) {
        const { type, object } = parseWatchEvent<KindMap[K]>(line);
        yield { type, object: { metadata: object.metadata } };
      }
    },

    async listLeftovers(namespace, signal) {
      return await listLeftovers(transport, namespace, signal);
    },

    async readSecret(ref, signal) {
      const secret = await nullIfMissing(
        () => transport.call({ method: 'GET', path: objectPath('Secret', ref) }, signal) as Promise<Secret>,
      );
      return secret === null ? null : decodeSecret(secret);
    },

    async readLogs(ref, options, signal) {
      return await nullIfMissing(() =>
        transport.stream(
          {
            method: 'GET',
            path: `${objectPath('Pod', ref)}/log`,
            query: {
              container: options.container,
              tailLines: options.tailLines === undefined ? undefined : String(options.tailLines),
              follow: options.follow ? 'true' : undefined,
              previous: options.previous ? 'true' : undefined,
            },
          },
          null,
          signal,
        ),
      );
    },

    async exec(ref, { container, command, input }, signal) {
      const timeout = AbortSignal.timeout(EXEC_TIMEOUT_MS);
      const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      const query = { container, stdin: 'true', command };
      const call = { method: 'GET', path: `${objectPath('Pod', ref)}/exec`, query } as const;
      return await nullIfMissing(async () => {
        const socket = await transport.upgrade(call, EXEC_PROTOCOL, either);
        return await runOverSocket(socket, input, either);
      }).catch((error: unknown) => {
        const isOwn = timeout.aborted && signal?.aborted !== true;
        throw isOwn ? new KubeError(0, 'Timeout', `the program in ${ref.name} took too long`, { cause: error }) : error;
      });
    },

    async readVersion(signal) {
      const answer = (await transport.call({ method: 'GET', path: '/version' }, signal)) as { gitVersion: string };
      return answer.gitVersion;
    },

    readUsage: (nodes, signal) => usage.read(nodes, signal),

    close() {
      usage.close();
      transport.close();
    },
  };
}

export function decodeSecret(secret: Secret): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

function collectionPath(kind: Kind, namespace: string | undefined): string {
  const { apiVersion, plural, isNamespaced } = RESOURCES[kind];
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return isNamespaced && namespace !== undefined ? `${group}/namespaces/${namespace}/${plural}` : `${group}/${plural}`;
}

function objectPath(kind: Kind, ref: ObjectRef): string {
  return `${collectionPath(kind, ref.namespace)}/${ref.name}`;
}

function watchCall(kind: Kind, start: WatchStart): Call {
  return {
    method: 'GET',
    path: collectionPath(kind, start.namespace),
    query: {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: start.resourceVersion,
      labelSelector: start.labels,
      fieldSelector: start.fields,
      timeoutSeconds: String(start.timeoutSeconds ?? WATCH_TIMEOUT_SECONDS),
    },
  };
}

async function nullIfMissing<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isKubeError(error, 404)) {
      return null;
    }
    throw error;
  }
}

async function* splitLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

function parseWatchEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as { type: WatchEvent<T>['type'] | 'ERROR'; object: unknown };
  if (event.type === 'ERROR') {
    const status = event.object as { code?: number; reason?: string; message?: string };
    throw new KubeError(status.code ?? 500, status.reason ?? '', status.message ?? 'the watch failed');
  }
  const object = event.object as T;
  dropBookkeeping(object);
  return { type: event.type, object };
}

/** What server-side apply notes down is the larger half of most objects, and nobody here reads it. */
function dropBookkeeping(object: { metadata: object }): void {
  delete (object.metadata as { managedFields?: unknown }).managedFields;
}
