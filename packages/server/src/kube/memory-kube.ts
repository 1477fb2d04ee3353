// The one double of `Kube`: a cluster in memory, for tests. It keeps the promises of `kube.ts` that the conformance suite checks,
// and lets a test act as the rest of the cluster does: change objects, hold a namespace back, be unreachable.
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTick } from 'node:timers/promises';
import type { Kind, KindMap, KubeObject, Manifest, ObjectMeta, Secret } from './kinds.ts';
import { RESOURCES } from './kinds.ts';
import type { Kube, LogOptions, ObjectRef, PageSelection, Program, Selection, WatchEvent, WatchStart } from './kube.ts';
import { KubeError } from './kube-error.ts';
import { mergeDeep, withoutUnsaid } from './memory-apply.ts';
import { createMemoryHistory } from './memory-history.ts';
import type { UsageReading } from './read-usage.ts';
import { decodeSecret } from './real-kube.ts';
import { matchesSelection } from './selection.ts';

export interface MemoryKube extends Kube {
  /** Changes an object as some other program in the cluster would; makes it when it is absent. */
  put<K extends Kind>(kind: K, ref: ObjectRef, fields: Readonly<Record<string, unknown>>): void;
  /** Removes an object at once, as if by somebody else. */
  remove(kind: Kind, ref: ObjectRef): void;
  /** What `readUsage` answers from now on. */
  setUsage(reading: UsageReading): void;
  setLogs(ref: Required<ObjectRef>, text: string): void;
  /** What programs do in a test's pods; without one they do nothing and end well. */
  onExec(run: (ref: Required<ObjectRef>, program: Program) => number): void;
  /** Every call fails as if the API server were away, until `false` is given. */
  setUnreachable(isUnreachable: boolean): void;
  /** Watches stay open and tell nothing of what changes from now on, until `false` is given; what was missed is not told later. */
  muteWatches(isMute: boolean): void;
  /** Versions until now are too old to watch from, as they are in a real cluster after some minutes. */
  expireVersions(): void;
  /** Open watches end, as a server ends each after some minutes. */
  endWatches(): void;
  /** Namespaces stay Terminating with this condition, until null is given. */
  blockDeletion(message: string | null): void;
  /** Runs after every change; a test's stand-in for the controllers of a cluster. */
  onChange(listener: (kind: Kind, type: WatchEvent<KubeObject>['type'], object: KubeObject) => void): void;
  /** `Kind namespace/name` of everything there is, sorted. */
  describe(): readonly string[];
}

// So few that more than one page is the rule.
const OBJECTS_A_PAGE = 3;
// A real cluster waits five seconds before it sweeps a namespace; what is done meanwhile must be possible here too.
const SWEEP_AFTER_MS = 20;

interface Stored {
  readonly kind: Kind;
  object: MutableObject;
  /** What the last apply said, so that the next can tell what is no longer said. */
  applied: Record<string, unknown> | null;
}

type MutableObject = Record<string, unknown> & { metadata: ObjectMeta };

export function createMemoryKube(): MemoryKube {
  const stored = new Map<string, Stored>();
  const history = createMemoryHistory();
  const logs = new Map<string, string>();
  const listeners = new Set<(kind: Kind, type: WatchEvent<KubeObject>['type'], object: KubeObject) => void>();
  let isUnreachable = false;
  let usage: UsageReading = { pods: [], nodes: [] };
  let blockedBy: string | null = null;
  let runProgram: (ref: Required<ObjectRef>, program: Program) => number = () => 0;

  const keyOf = (kind: Kind, ref: ObjectRef): string => `${kind} ${ref.namespace ?? ''}/${ref.name}`;

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    await nextTick();
    signal?.throwIfAborted();
    if (isUnreachable) {
      throw new KubeError(0, 'Unreachable', 'the cluster did not answer');
    }
  }

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

  function drop(entry: Stored): void {
    if (stored.delete(keyOf(entry.kind, entry.object.metadata))) {
      record(entry.kind, 'DELETED', entry);
    }
  }

  function finalizeNamespace(entry: Stored): void {
    if (blockedBy !== null) {
      entry.object = {
        ...entry.object,
        status: {
          phase: 'Terminating',
          conditions: [{ type: 'NamespaceContentRemaining', status: 'True', reason: 'Blocked', message: blockedBy }],
        },
      };
      record('Namespace', 'MODIFIED', entry);
      return;
    }
    for (const inside of [...stored.values()]) {
      if (inside.object.metadata.namespace === entry.object.metadata.name) {
        drop(inside);
      }
    }
    drop(entry);
  }

  function startDeletion(entry: Stored): void {
    if (entry.kind !== 'Namespace') {
      drop(entry);
      return;
    }
    if (entry.object.metadata.deletionTimestamp === undefined) {
      entry.object = {
        ...entry.object,
        metadata: { ...entry.object.metadata, deletionTimestamp: new Date().toISOString() },
        status: { phase: 'Terminating' },
      };
      record('Namespace', 'MODIFIED', entry);
      setTimeout(() => finalizeNamespace(entry), SWEEP_AFTER_MS);
    }
  }

  function select<K extends Kind>(kind: K, selection: Selection): KindMap[K][] {
    return [...stored.values()]
      .filter((entry) => entry.kind === kind && matchesSelection(entry.object, selection))
      .map((entry) => structuredClone(entry.object) as unknown as KindMap[K]);
  }

  return {
    async get<K extends Kind>(kind: K, ref: ObjectRef, signal?: AbortSignal) {
      await enter(signal);
      const entry = stored.get(keyOf(kind, ref));
      return entry === undefined ? null : (structuredClone(entry.object) as unknown as KindMap[K]);
    },

    async list<K extends Kind>(kind: K, selection: Selection, signal?: AbortSignal) {
      await enter(signal);
      return { items: select(kind, selection), resourceVersion: String(history.version) };
    },

    async *listPages<K extends Kind>(kind: K, selection: PageSelection, signal?: AbortSignal) {
      await enter(signal);
      const [items, resourceVersion] = [select(kind, selection), String(history.version)];
      do {
        yield { items: items.splice(0, selection.objectsAPage ?? OBJECTS_A_PAGE), resourceVersion };
        await enter(signal);
      } while (items.length > 0);
    },

    async listMetadata<K extends Kind>(kind: K, selection: Selection, signal?: AbortSignal) {
      await enter(signal);
      const items = select(kind, selection).map(({ metadata }) => ({ metadata }));
      return { items, resourceVersion: String(history.version) };
    },

    async apply<K extends Kind>(kind: K, manifest: Manifest, signal?: AbortSignal) {
      await enter(signal);
      const said = structuredClone(manifest) as Record<string, unknown>;
      const entry = stored.get(keyOf(kind, manifest.metadata)) ?? insert(kind, manifest, said);
      const before = JSON.stringify(entry.object);
      const kept = entry.applied === null ? entry.object : withoutUnsaid(entry.object, entry.applied, said);
      entry.object = mergeDeep(kept, said) as MutableObject;
      entry.applied = said;
      if (JSON.stringify(entry.object) !== before) {
        record(kind, 'MODIFIED', entry);
      }
      return structuredClone(entry.object) as unknown as KindMap[K];
    },

    async createIfAbsent(kind, manifest, signal) {
      await enter(signal);
      if (stored.has(keyOf(kind, manifest.metadata))) {
        return false;
      }
      insert(kind, manifest, null);
      return true;
    },

    async delete(kind, ref, options, signal) {
      await enter(signal);
      const entry = stored.get(keyOf(kind, ref));
      if (entry?.object.metadata.uid === options.uid) {
        startDeletion(entry);
      }
    },

    async *watch<K extends Kind>(kind: K, start: WatchStart, signal?: AbortSignal) {
      await enter(signal);
      yield* history.watch(kind, start, signal);
    },

    async listLeftovers(namespace, signal) {
      await enter(signal);
      const objects = [...stored.values()]
        .filter((entry) => entry.object.metadata.namespace === namespace && entry.kind !== 'Event')
        .map((entry) => `${RESOURCES[entry.kind].plural}/${entry.object.metadata.name}`);
      return { objects: objects.sort(), kindsListed: Object.keys(RESOURCES).length };
    },

    async readSecret(ref, signal) {
      await enter(signal);
      const entry = stored.get(keyOf('Secret', ref));
      return entry === undefined ? null : decodeSecret(entry.object as unknown as Secret);
    },

    async readLogs(ref: Required<ObjectRef>, options: LogOptions, signal?: AbortSignal) {
      await enter(signal);
      if (!stored.has(keyOf('Pod', ref))) {
        return null;
      }
      const lines = (logs.get(`${ref.namespace}/${ref.name}`) ?? '').split('\n').filter((line) => line !== '');
      const shown = options.tailLines === undefined ? lines : lines.slice(-options.tailLines);
      return (async function* () {
        yield shown.map((line) => `${line}\n`).join('');
      })();
    },

    async exec(ref, program, signal) {
      await enter(signal);
      return stored.has(keyOf('Pod', ref)) ? runProgram(ref, program) : null;
    },

    async readVersion(signal) {
      await enter(signal);
      return 'v1.36.3';
    },

    async readUsage(_nodes, signal) {
      await enter(signal);
      return usage;
    },

    close() {
      isUnreachable = true;
      history.endWatches();
    },

    put(kind, ref, fields) {
      const entry = stored.get(keyOf(kind, ref));
      if (entry === undefined) {
        const { metadata, ...rest } = fields;
        insert(kind, { ...rest, metadata: { ...(metadata as object | undefined), ...ref } }, null);
      } else {
        entry.object = mergeDeep(entry.object, structuredClone(fields)) as MutableObject;
        record(kind, 'MODIFIED', entry);
      }
    },

    remove(kind, ref) {
      const entry = stored.get(keyOf(kind, ref));
      if (entry !== undefined && kind === 'Namespace') {
        finalizeNamespace(entry);
      } else if (entry !== undefined) {
        drop(entry);
      }
    },

    setUsage(reading) {
      usage = reading;
    },

    setLogs(ref, text) {
      logs.set(`${ref.namespace}/${ref.name}`, text);
    },

    onExec(run) {
      runProgram = run;
    },

    setUnreachable(value) {
      isUnreachable = value;
      if (value) {
        history.endWatches();
      }
    },

    muteWatches(value) {
      history.setMute(value);
    },

    expireVersions() {
      history.expire();
    },

    endWatches() {
      history.endWatches();
    },

    blockDeletion(message) {
      blockedBy = message;
      for (const entry of [...stored.values()]) {
        if (message === null && entry.kind === 'Namespace' && entry.object.metadata.deletionTimestamp !== undefined) {
          finalizeNamespace(entry);
        }
      }
    },

    onChange(listener) {
      listeners.add(listener);
    },

    describe() {
      return [...stored.keys()].sort();
    },
  };
}

function encodeStringData(manifest: Manifest): Record<string, string> {
  const { data, stringData } = manifest as { data?: Record<string, string>; stringData?: Record<string, string> };
  const encoded = Object.entries(stringData ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { ...data, ...Object.fromEntries(encoded) };
}
