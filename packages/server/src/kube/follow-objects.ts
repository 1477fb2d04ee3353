// Keeps a copy of some objects of the cluster up to date: list, watch from there, and when the watch ends, fails or falls silent,
// go on from the last version or list again, with a growing pause after what failed or was soon over. It never gives up; it ends
// with its signal.
import { setTimeout as delay } from 'node:timers/promises';
import type { Kind, KindMap, KubeObject } from './kinds.ts';
import type { Kube, ObjectRef, Selection } from './kube.ts';
import { KubeError } from './kube-error.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

export interface Followed<T> {
  /** What is known now, in no order. */
  items(): readonly T[];
  /** Of those, what is in one namespace; '' for what is in none. */
  itemsIn(namespace: string): readonly T[];
  get(ref: ObjectRef): T | undefined;
  /** False until the first listing has come. */
  isListed(): boolean;
  /**
   * Lists again and takes the answer for the truth. Answers the names (`namespace/name`) of what the watch had failed to tell; an
   * object that changed while the listing was under way is not counted.
   */
  resync(): Promise<readonly string[]>;
  /** Resolves when the signal has ended it. */
  readonly ended: Promise<void>;
}

export interface FollowOptions<T> {
  readonly signal: AbortSignal;
  /** What is kept of an object in its place; its metadata's name, namespace and versions must be in it. Left out: all of it. */
  readonly keep?: (object: T) => T;
  /** Called after every change of the copy, and once after each listing. */
  readonly onChange: () => void;
  /** Called before it with each object that came, changed or went. */
  readonly onObject?: (object: KubeObject) => void;
  readonly onError?: (error: unknown) => void;
}

export function followObjects<K extends Kind>(
  kube: Pick<Kube, 'listPages' | 'watch'>,
  kind: K,
  selection: Selection,
  { signal, keep = (object) => object, onChange, onObject, onError }: FollowOptions<KindMap[K]>,
): Followed<KindMap[K]> {
  const known = new Map<string, KindMap[K]>();
  const byNamespace = new Map<string, Map<string, KindMap[K]>>();
  // For each listing under way, what went since it began.
  const goneDuring = new Set<Set<string>>();
  let version: string | null = null;
  let isListed = false;

  function put(found: KindMap[K]): void {
    const object = keep(found);
    const { namespace = '', name } = object.metadata;
    known.set(keyOf(object), object);
    const inside = byNamespace.get(namespace) ?? new Map<string, KindMap[K]>();
    byNamespace.set(namespace, inside.set(name, object));
    onObject?.(object);
  }

  function drop(object: KindMap[K]): void {
    const { namespace = '', name } = object.metadata;
    const key = keyOf(object);
    known.delete(key);
    for (const gone of goneDuring) {
      gone.add(key);
    }
    const inside = byNamespace.get(namespace);
    inside?.delete(name);
    if (inside?.size === 0) {
      byNamespace.delete(namespace);
    }
    onObject?.(object);
  }

  async function listAll(): Promise<readonly string[]> {
    const gone = new Set<string>();
    goneDuring.add(gone);
    try {
      return await listBeside(gone);
    } finally {
      goneDuring.delete(gone);
    }
  }

  /** Lists while the watch goes on, and while it adds to `gone`. */
  async function listBeside(gone: ReadonlySet<string>): Promise<readonly string[]> {
    // Whatever is left in it at the end was not in the listing.
    const before = new Map(known);
    const missed: string[] = [];
    let listed: string | null = null;
    // Page by page, so that there are never two copies of everything.
    for await (const { items, resourceVersion } of kube.listPages(kind, selection, signal)) {
      listed = resourceVersion;
      for (const item of items) {
        const key = keyOf(item);
        const old = before.get(key);
        before.delete(key);
        // Only what did not move since the listing began was missed; the rest is the watch doing its work meanwhile.
        // Nor is what came and went since: the pages are of a moment when it was there, and it would stay until the next listing.
        const isUntouched = known.get(key) === old && !gone.has(key);
        if (isUntouched && old?.metadata.resourceVersion !== item.metadata.resourceVersion) {
          missed.push(key);
          put(item);
        }
      }
    }
    for (const [key, old] of before) {
      if (known.get(key) === old) {
        missed.push(key);
        drop(old);
      }
    }
    version ??= listed;
    isListed = true;
    onChange();
    return missed;
  }

  async function watchOn(): Promise<void> {
    const from = version ?? '';
    for await (const event of kube.watch(kind, { ...selection, resourceVersion: from }, signal)) {
      version = event.object.metadata.resourceVersion;
      if (event.type === 'BOOKMARK') {
        continue;
      }
      if (event.type === 'DELETED') {
        drop(event.object);
      } else {
        put(event.object);
      }
      onChange();
    }
  }

  /** Lists where it must, and watches for as long as that lasts. False when something is wrong with the cluster. */
  async function runRound(): Promise<boolean> {
    const isFresh = version === null;
    try {
      if (version === null) {
        await listAll();
      }
      await watchOn();
      return true;
    } catch (error) {
      const isExpired = error instanceof KubeError && error.isExpired;
      if (isExpired) {
        version = null;
      }
      // Versions grow old in the course of things, but not the one of a listing that was just made.
      const isSound = signal.aborted || (isExpired && !isFresh);
      if (!isSound) {
        onError?.(error);
      }
      return isSound;
    }
  }

  async function follow(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const isSound = await runRound();
      // A round as long as the longest pause: going on at once is no more work for the cluster than the slowest back-off.
      const hasLasted = performance.now() - startedAt >= LONGEST_PAUSE_MS;
      if (hasLasted) {
        pauseMs = FIRST_PAUSE_MS;
      }
      if (!hasLasted || !isSound) {
        // Jitter keeps many followers from calling on a cluster that has just come back at the same instant.
        await delay(pauseMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  return {
    items: () => [...known.values()],
    itemsIn: (namespace) => [...(byNamespace.get(namespace)?.values() ?? [])],
    get: (ref) => known.get(keyOf({ metadata: ref })),
    isListed: () => isListed,
    resync: listAll,
    ended: follow(),
  };
}

function keyOf(object: { metadata: { namespace?: string; name: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
