// The objects of the double's cluster: how they come, change and go. Deleting is where a real cluster takes its time, so it does here:
// finalizers, the grace of running pods, the sweep of namespaces, and owners.
import { randomUUID } from 'node:crypto';
import type { Kind, KindMap, KubeObject, Manifest, NamespaceObject, ObjectMeta, Pod } from './kinds.ts';
import { RESOURCES } from './kinds.ts';
import type { DeleteOptions, ObjectRef, Selection, WatchEvent } from './kube.ts';
import { KubeError } from './kube-error.ts';
import type { MemoryHistory } from './memory-history.ts';
import { matchesSelection } from './selection.ts';

export type ChangeListener = (kind: Kind, type: WatchEvent<KubeObject>['type'], object: KubeObject) => void;

export interface MemoryObjects {
  all(): readonly Stored[];
  find(kind: Kind, ref: ObjectRef): Stored | undefined;
  select<K extends Kind>(kind: K, selection: Selection): KindMap[K][];
  insert(kind: Kind, manifest: Manifest, applied: Record<string, unknown> | null): Stored;
  /** Puts this in the place of what it was; it goes if that was the last thing to keep it. */
  replace(entry: Stored, object: MutableObject): void;
  /** As by a call of the API. */
  startDeletion(entry: Stored, options: Partial<DeleteOptions>): void;
  /** At once; a namespace with all that is in it. */
  remove(entry: Stored): void;
  /** Namespaces stay Terminating with this condition, until null is given. */
  blockDeletion(message: string | null): void;
  onChange(listener: ChangeListener): void;
}

// A real cluster waits five seconds before it sweeps a namespace; what is done meanwhile must be possible here too.
// The grace of a pod and the work of the garbage collector are as short.
const SWEEP_AFTER_MS = 20;
const ORPHAN_FINALIZER = 'orphan';

export interface Stored {
  readonly kind: Kind;
  object: MutableObject;
  /** What the last apply said, so that the next can tell what is no longer said. */
  applied: Record<string, unknown> | null;
  /** On its way out, but not to go yet, whatever its finalizers: a pod has its grace, a namespace waits for its sweep. */
  isHeld: boolean;
}

export type MutableObject = Record<string, unknown> & { metadata: ObjectMeta };

export function createMemoryObjects(history: MemoryHistory): MemoryObjects {
  const stored = new Map<string, Stored>();
  const listeners = new Set<ChangeListener>();
  let blockedBy: string | null = null;

  const keyOf = (kind: Kind, ref: ObjectRef): string => `${kind} ${ref.namespace ?? ''}/${ref.name}`;

  function record(kind: Kind, type: 'ADDED' | 'MODIFIED' | 'DELETED', entry: Stored): void {
    entry.object = {
      ...entry.object,
      metadata: { ...entry.object.metadata, resourceVersion: history.nextVersion() },
    };
    const object = structuredClone(entry.object);
    history.tell(kind, { type, object });
    for (const listener of listeners) {
      listener(kind, type, structuredClone(object));
    }
  }

  function insert(kind: Kind, manifest: Manifest, applied: Record<string, unknown> | null): Stored {
    const { namespace } = manifest.metadata;
    if (RESOURCES[kind].isNamespaced) {
      const parent = stored.get(keyOf('Namespace', { name: namespace ?? '' }));
      if (parent === undefined) {
        throw new KubeError(404, 'NotFound', `namespaces "${namespace}" not found`);
      }
      if (parent.object.metadata.deletionTimestamp !== undefined) {
        throw new KubeError(403, 'Forbidden', `namespace ${namespace} is being terminated`);
      }
    }
    const entry: Stored = {
      kind,
      applied,
      isHeld: false,
      object: {
        ...structuredClone(manifest),
        ...(kind === 'Secret' ? { data: encodeStringData(manifest) } : {}),
        metadata: {
          ...manifest.metadata,
          uid: randomUUID(),
          resourceVersion: '0',
          creationTimestamp: new Date().toISOString(),
        },
      },
    };
    stored.set(keyOf(kind, manifest.metadata), entry);
    record(kind, 'ADDED', entry);
    return entry;
  }

  /** Whoever waited to change one may find another in its place. */
  const isThere = (entry: Stored): boolean => stored.get(keyOf(entry.kind, entry.object.metadata)) === entry;

  function change(entry: Stored, metadata: Partial<ObjectMeta>, fields: Record<string, unknown> = {}): void {
    entry.object = { ...entry.object, ...fields, metadata: { ...entry.object.metadata, ...metadata } };
    record(entry.kind, 'MODIFIED', entry);
  }

  function drop(entry: Stored): void {
    if (isThere(entry)) {
      stored.delete(keyOf(entry.kind, entry.object.metadata));
      record(entry.kind, 'DELETED', entry);
      for (const owned of listOwned(entry)) {
        setImmediate(() => startDeletion(owned, {}));
      }
    }
  }

  function listOwned({ object: { metadata } }: Stored): readonly Stored[] {
    return [...stored.values()].filter(({ object }) =>
      object.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid),
    );
  }

  function finalizeNamespace(entry: Stored): void {
    const { name } = entry.object.metadata;
    const listInside = () => [...stored.values()].filter(({ object }) => object.metadata.namespace === name);
    for (const inside of blockedBy === null ? listInside() : []) {
      const isFree = (inside.object.metadata.finalizers ?? []).length === 0;
      isFree ? drop(inside) : startDeletion(inside, {});
    }
    const finalizers = listInside().flatMap(({ object }) => object.metadata.finalizers ?? []);
    if (blockedBy === null && finalizers.length === 0) {
      drop(entry);
      return;
    }
    const type = blockedBy === null ? 'NamespaceFinalizersRemaining' : 'NamespaceContentRemaining';
    const message = blockedBy ?? `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`;
    const conditions = [{ type, status: 'True', reason: 'Blocked', message }];
    change(entry, {}, { status: { phase: 'Terminating', conditions } });
  }

  function startDeletion(entry: Stored, { gracePeriodSeconds, propagation }: Partial<DeleteOptions>): void {
    const { kind, object } = entry;
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    if (!isThere(entry) || deletionTimestamp !== undefined) {
      return;
    }
    const isNamespace = kind === 'Namespace';
    // A pod that no node has yet is gone at once.
    const hasGrace = kind === 'Pod' && (object as Pod).spec?.nodeName !== undefined && gracePeriodSeconds !== 0;
    const orphan = propagation === 'Orphan' ? [ORPHAN_FINALIZER] : [];
    entry.isHeld = isNamespace || hasGrace;
    if (!entry.isHeld && finalizers.length + orphan.length === 0) {
      drop(entry);
      return;
    }
    change(
      entry,
      { deletionTimestamp: new Date().toISOString(), finalizers: [...finalizers, ...orphan] },
      isNamespace ? { status: { phase: 'Terminating' } } : {},
    );
    if (entry.isHeld || orphan.length > 0) {
      setTimeout(() => goOnDeleting(entry), SWEEP_AFTER_MS);
    }
  }

  /** What kubelets, the sweep of namespaces and the garbage collector do with what is on its way out. */
  function goOnDeleting(entry: Stored): void {
    if (!isThere(entry)) {
      return;
    }
    if (entry.kind === 'Namespace') {
      finalizeNamespace(entry);
      return;
    }
    entry.isHeld = false;
    const { uid, finalizers = [] } = entry.object.metadata;
    if (finalizers.includes(ORPHAN_FINALIZER)) {
      for (const owned of listOwned(entry)) {
        change(owned, {
          ownerReferences: owned.object.metadata.ownerReferences?.filter((owner) => owner.uid !== uid) ?? [],
        });
      }
      change(entry, { finalizers: finalizers.filter((finalizer) => finalizer !== ORPHAN_FINALIZER) });
    }
    settle(entry);
  }

  /** To be called after whatever may have taken away the last thing that kept an object from going. */
  function settle(entry: Stored): void {
    const { deletionTimestamp, finalizers = [], namespace = '' } = entry.object.metadata;
    if (deletionTimestamp === undefined || entry.isHeld || finalizers.length > 0) {
      return;
    }
    drop(entry);
    const parent = stored.get(keyOf('Namespace', { name: namespace }));
    if (parent !== undefined && (parent.object as NamespaceObject).status?.conditions !== undefined) {
      finalizeNamespace(parent);
    }
  }

  function select<K extends Kind>(kind: K, selection: Selection): KindMap[K][] {
    return [...stored.values()]
      .filter((entry) => entry.kind === kind && matchesSelection(entry.object, selection))
      .map((entry) => structuredClone(entry.object) as unknown as KindMap[K]);
  }

  return {
    all: () => [...stored.values()],
    find: (kind, ref) => stored.get(keyOf(kind, ref)),
    select,
    insert,
    replace(entry, object) {
      entry.object = object;
      record(entry.kind, 'MODIFIED', entry);
      settle(entry);
    },
    startDeletion,
    remove(entry) {
      if (entry.kind === 'Namespace') {
        finalizeNamespace(entry);
      } else {
        drop(entry);
      }
    },
    blockDeletion(message) {
      blockedBy = message;
      for (const entry of message === null ? [...stored.values()] : []) {
        if (entry.kind === 'Namespace' && entry.object.metadata.deletionTimestamp !== undefined) {
          finalizeNamespace(entry);
        }
      }
    },
    onChange(listener) {
      listeners.add(listener);
    },
  };
}

function encodeStringData(manifest: Manifest): Record<string, string> {
  const { data, stringData } = manifest as { data?: Record<string, string>; stringData?: Record<string, string> };
  const encoded = Object.entries(stringData ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { ...data, ...Object.fromEntries(encoded) };
}
