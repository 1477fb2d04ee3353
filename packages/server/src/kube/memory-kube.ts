// The one double of `Kube`: a cluster in memory, for tests. It keeps the promises of `kube.ts` that the conformance suite checks,
// and lets a test act as the rest of the cluster does: change objects, hold a namespace back, be unreachable.
import { setImmediate as nextTick } from 'node:timers/promises';
import type { Kind, KindMap, Manifest, Pod, Secret } from './kinds.ts';
import { RESOURCES } from './kinds.ts';
import type { Kube, LogOptions, ObjectRef, PageSelection, Program, Selection, WatchStart } from './kube.ts';
import { KubeError } from './kube-error.ts';
import { mergeDeep, withoutUnsaid } from './memory-apply.ts';
import { createMemoryHistory } from './memory-history.ts';
import { type ChangeListener, createMemoryObjects, type MutableObject } from './memory-objects.ts';
import type { UsageReading } from './read-usage.ts';
import { countRestarts } from './readiness.ts';
import { decodeSecret } from './real-kube.ts';

export interface MemoryKube extends Kube {
  /** Changes an object as some other program in the cluster would; makes it when it is absent. */
  put<K extends Kind>(kind: K, ref: ObjectRef, fields: Readonly<Record<string, unknown>>): void;
  /** Removes an object at once, as if by somebody else. */
  remove(kind: Kind, ref: ObjectRef): void;
  /** What `readUsage` answers from now on. */
  setUsage(reading: UsageReading): void;
  /** What a pod has printed, and in its last run; without the latter that is the same, as of a pod between two runs. */
  setLogs(ref: Required<ObjectRef>, text: string, previous?: string): void;
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
  onChange(listener: ChangeListener): void;
  /** `Kind namespace/name` of everything there is, sorted. */
  describe(): readonly string[];
}

// So few that more than one page is the rule.
const OBJECTS_A_PAGE = 3;

export function createMemoryKube(): MemoryKube {
  const history = createMemoryHistory();
  const objects = createMemoryObjects(history);
  const logs = new Map<string, { readonly text: string; readonly previous: string }>();
  let isUnreachable = false;
  let usage: UsageReading = { pods: [], nodes: [] };
  let runProgram: (ref: Required<ObjectRef>, program: Program) => number = () => 0;

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    await nextTick();
    signal?.throwIfAborted();
    if (isUnreachable) {
      throw new KubeError(0, 'Unreachable', 'the cluster did not answer');
    }
  }

  return {
    async get<K extends Kind>(kind: K, ref: ObjectRef, signal?: AbortSignal) {
      await enter(signal);
      const entry = objects.find(kind, ref);
      return entry === undefined ? null : (structuredClone(entry.object) as unknown as KindMap[K]);
    },

    async list<K extends Kind>(kind: K, selection: Selection, signal?: AbortSignal) {
      await enter(signal);
      return { items: objects.select(kind, selection), resourceVersion: String(history.version) };
    },

    async *listPages<K extends Kind>(kind: K, selection: PageSelection, signal?: AbortSignal) {
      await enter(signal);
      const [items, resourceVersion] = [objects.select(kind, selection), String(history.version)];
      do {
        yield { items: items.splice(0, selection.objectsAPage ?? OBJECTS_A_PAGE), resourceVersion };
        await enter(signal);
      } while (items.length > 0);
    },

    async listMetadata<K extends Kind>(kind: K, selection: Selection, signal?: AbortSignal) {
      await enter(signal);
      const items = objects.select(kind, selection).map(({ metadata }) => ({ metadata }));
      return { items, resourceVersion: String(history.version) };
    },

    async apply<K extends Kind>(kind: K, manifest: Manifest, signal?: AbortSignal) {
      await enter(signal);
      const said = structuredClone(manifest) as Record<string, unknown>;
      const entry = objects.find(kind, manifest.metadata) ?? objects.insert(kind, manifest, said);
      const before = JSON.stringify(entry.object);
      const kept = entry.applied === null ? entry.object : withoutUnsaid(entry.object, entry.applied, said);
      const merged = mergeDeep(kept, said) as MutableObject;
      entry.applied = said;
      if (JSON.stringify(merged) !== before) {
        objects.replace(entry, merged);
      }
      return structuredClone(entry.object) as unknown as KindMap[K];
    },

    async createIfAbsent(kind, manifest, signal) {
      await enter(signal);
      if (objects.find(kind, manifest.metadata) !== undefined) {
        return false;
      }
      objects.insert(kind, manifest, null);
      return true;
    },

    async delete(kind, ref, options, signal) {
      await enter(signal);
      const entry = objects.find(kind, ref);
      if (entry?.object.metadata.uid === options.uid) {
        objects.startDeletion(entry, options);
      }
    },

    async *watch<K extends Kind>(kind: K, start: WatchStart, signal?: AbortSignal) {
      await enter(signal);
      yield* history.watch(kind, start, signal);
    },

    async *watchMetadata<K extends Kind>(kind: K, start: Omit<WatchStart, 'resourceVersion'>, signal?: AbortSignal) {
      await enter(signal);
      const resourceVersion = String(history.version);
      for (const { metadata } of objects.select(kind, start)) {
        yield { type: 'ADDED' as const, object: { metadata } };
      }
      for await (const { type, object } of history.watch(kind, { ...start, resourceVersion }, signal)) {
        yield { type, object: { metadata: object.metadata } };
      }
    },

    async listLeftovers(namespace, signal) {
      await enter(signal);
      const names = objects
        .all()
        .filter((entry) => entry.object.metadata.namespace === namespace && entry.kind !== 'Event')
        .map((entry) => `${RESOURCES[entry.kind].plural}/${entry.object.metadata.name}`);
      return { objects: names.sort(), kindsListed: Object.keys(RESOURCES).length };
    },

    async readSecret(ref, signal) {
      await enter(signal);
      const entry = objects.find('Secret', ref);
      return entry === undefined ? null : decodeSecret(entry.object as unknown as Secret);
    },

    async readLogs(ref: Required<ObjectRef>, options: LogOptions, signal?: AbortSignal) {
      await enter(signal);
      const entry = objects.find('Pod', ref);
      if (entry === undefined) {
        return null;
      }
      if (options.previous && countRestarts(entry.object as Pod) === 0) {
        throw new KubeError(400, 'BadRequest', `previous terminated container in pod "${ref.name}" not found`);
      }
      const { text = '', previous = '' } = logs.get(`${ref.namespace}/${ref.name}`) ?? {};
      const lines = (options.previous ? previous : text).split('\n').filter((line) => line !== '');
      const shown = options.tailLines === undefined ? lines : lines.slice(-options.tailLines);
      return (async function* () {
        yield shown.map((line) => `${line}\n`).join('');
      })();
    },

    async exec(ref, program, signal) {
      await enter(signal);
      return objects.find('Pod', ref) !== undefined ? runProgram(ref, program) : null;
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
      const entry = objects.find(kind, ref);
      if (entry === undefined) {
        const { metadata, ...rest } = fields;
        objects.insert(kind, { ...rest, metadata: { ...(metadata as object | undefined), ...ref } }, null);
      } else {
        objects.replace(entry, mergeDeep(entry.object, structuredClone(fields)) as MutableObject);
      }
    },

    remove(kind, ref) {
      const entry = objects.find(kind, ref);
      if (entry !== undefined) {
        objects.remove(entry);
      }
    },

    setUsage(reading) {
      usage = reading;
    },

    setLogs(ref, text, previous = text) {
      logs.set(`${ref.namespace}/${ref.name}`, { text, previous });
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

    blockDeletion: objects.blockDeletion,

    onChange: objects.onChange,

    describe() {
      return objects
        .all()
        .map(({ kind, object: { metadata } }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
        .sort();
    },
  };
}
