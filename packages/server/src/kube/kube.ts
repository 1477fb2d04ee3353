// What Souk needs of a Kubernetes cluster, and no more. Every call takes the caller's abort signal and has its own timeout.
// Decided here, for the real cluster and the double alike: a missing object is null and never an error, deleting what is absent or
// has been replaced succeeds, applying forces conflicts, creating what exists leaves it as it is.
import type { Kind, KindMap, Manifest, NodeObject } from './kinds.ts';
import type { UsageReading } from './read-usage.ts';

export interface ObjectRef {
  readonly name: string;
  readonly namespace?: string;
}

export interface Selection {
  readonly namespace?: string;
  /** A label selector in Kubernetes' own notation, e.g. `souk.dev/store` or `owner=helm,name=store-x`. */
  readonly labels?: string;
  readonly fields?: string;
}

export interface PageSelection extends Selection {
  /** How many objects a piece has at most; left out, as many as are good to hold at once. */
  readonly objectsAPage?: number;
}

export interface Listing<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface WatchEvent<T> {
  /** `BOOKMARK` carries only a newer resourceVersion. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface WatchStart extends Selection {
  readonly resourceVersion: string;
  /** After this long the server ends the watch by itself, with a bookmark before it; left out, after some minutes. */
  readonly timeoutSeconds?: number;
}

export interface DeleteOptions {
  /** Read fresh just before: an object that was replaced meanwhile under the same name is left alone. */
  readonly uid: string;
  readonly gracePeriodSeconds?: number;
  /** What becomes of what the object owns; `Orphan` leaves it. Without this it is deleted too, after the object. */
  readonly propagation?: 'Background' | 'Orphan';
}

export interface LogOptions {
  readonly container?: string;
  readonly tailLines?: number;
  readonly follow?: boolean;
  /** The log of the container's last run instead of this one. */
  readonly previous?: boolean;
}

/** A program to run in a container. Arguments are seen by whoever sees processes; what is secret goes into the input. */
export interface Program {
  readonly container: string;
  readonly command: readonly string[];
  /** The whole of its standard input. */
  readonly input: string;
}

export interface Leftovers {
  /** `kind/name` of everything that is still in the namespace. */
  readonly objects: readonly string[];
  readonly kindsListed: number;
}

/** The part of a cluster that the API may see: one store's logs and its one revealable Secret. */
export interface StoreReader {
  /** Values decoded; null where the Secret does not exist. */
  readSecret(ref: Required<ObjectRef>, signal?: AbortSignal): Promise<Readonly<Record<string, string>> | null>;
  /** Chunks of text as they come; ends with the log, or when the signal aborts a followed one. Null where the pod does not exist. */
  readLogs(ref: Required<ObjectRef>, options: LogOptions, signal?: AbortSignal): Promise<AsyncIterable<string> | null>;
}

export interface Kube extends StoreReader {
  get<K extends Kind>(kind: K, ref: ObjectRef, signal?: AbortSignal): Promise<KindMap[K] | null>;
  list<K extends Kind>(kind: K, selection: Selection, signal?: AbortSignal): Promise<Listing<KindMap[K]>>;
  /**
   * The same in pieces, for what may be thousands: all of one moment, whose resourceVersion each piece bears. Throws a KubeError whose
   * `isExpired` is true when the pieces were fetched too slowly for that.
   */
  listPages<K extends Kind>(
    kind: K,
    selection: PageSelection,
    signal?: AbortSignal,
  ): AsyncIterable<Listing<KindMap[K]>>;
  /** Metadata alone, for kinds whose content must not be read without need (Secrets). */
  listMetadata<K extends Kind>(
    kind: K,
    selection: Selection,
    signal?: AbortSignal,
  ): Promise<Listing<Pick<KindMap[K], 'metadata'>>>;
  /** Server-side apply as the one field manager of Souk: what we no longer say is removed, what others set stays. */
  apply<K extends Kind>(kind: K, manifest: Manifest, signal?: AbortSignal): Promise<KindMap[K]>;
  /** Never changes what exists; answers whether this call made it. */
  createIfAbsent<K extends Kind>(kind: K, manifest: Manifest, signal?: AbortSignal): Promise<boolean>;
  delete(kind: Kind, ref: ObjectRef, options: DeleteOptions, signal?: AbortSignal): Promise<void>;
  /**
   * Events from a listing's resourceVersion on. Ends when the server ends it or nothing was heard for too long; throws a
   * KubeError whose `isExpired` is true when the version is too old, so that the caller lists again.
   */
  watch<K extends Kind>(kind: K, start: WatchStart, signal?: AbortSignal): AsyncIterable<WatchEvent<KindMap[K]>>;
  /**
   * Metadata alone of what is there now, as `ADDED`, and then of what changes. Made for thousands at once, which share connections.
   * Ends as `watch` does, and fails as it does except that no version can be too old.
   */
  watchMetadata<K extends Kind>(
    kind: K,
    start: Omit<WatchStart, 'resourceVersion'>,
    signal?: AbortSignal,
  ): AsyncIterable<WatchEvent<Pick<KindMap[K], 'metadata'>>>;
  /** Runs a program to its end, within half a minute, and answers its exit code; what it prints goes nowhere. Null: no such pod. */
  exec(ref: Required<ObjectRef>, program: Program, signal?: AbortSignal): Promise<number | null>;
  /** Lists every kind that the cluster keeps in namespaces, the ones that Souk does not know of included. */
  listLeftovers(namespace: string, signal?: AbortSignal): Promise<Leftovers>;
  readVersion(signal?: AbortSignal): Promise<string>;
  /** What pods and those nodes use now; empty where the cluster does not tell. */
  readUsage(nodes: readonly NodeObject[], signal?: AbortSignal): Promise<UsageReading>;
  /** Ends idle connections; calls under way fail. */
  close(): void;
}
