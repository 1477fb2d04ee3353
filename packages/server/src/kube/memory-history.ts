// What has changed in the double's cluster, and the watches on it.
import type { Kind, KindMap, KubeObject } from './kinds.ts';
import type { WatchEvent, WatchStart } from './kube.ts';
import { KubeError } from './kube-error.ts';
import { matchesSelection } from './selection.ts';

export interface MemoryHistory {
  readonly version: number;
  /** Counts one change and answers the version that its object is to bear. */
  nextVersion(): string;
  tell(kind: Kind, event: WatchEvent<KubeObject>): void;
  watch<K extends Kind>(kind: K, start: WatchStart, signal?: AbortSignal): AsyncGenerator<WatchEvent<KindMap[K]>>;
  /** What is told while it is mute is never told. */
  setMute(isMute: boolean): void;
  /** Every version until now is too old to watch from; open watches go on. */
  expire(): void;
  endWatches(): void;
}

// A second of the cluster's, so that nobody waits for it.
const SECOND_MS = 5;

export function createMemoryHistory(): MemoryHistory {
  let changes: { readonly version: number; readonly kind: Kind; readonly event: WatchEvent<KubeObject> }[] = [];
  const wakers = new Set<() => void>();
  let version = 1;
  let oldest = 0;
  let endings = 0;
  let isMute = false;

  const wakeAll = (): void => {
    for (const wake of wakers) {
      wake();
    }
  };
  const endWatches = (): void => {
    endings += 1;
    wakeAll();
  };

  return {
    get version() {
      return version;
    },
    nextVersion() {
      version += 1;
      return String(version);
    },
    tell(kind, event) {
      if (!isMute) {
        changes.push({ version, kind, event });
      }
      wakeAll();
    },
    async *watch<K extends Kind>(kind: K, start: WatchStart, signal?: AbortSignal) {
      let seen = Number(start.resourceVersion);
      if (seen < oldest) {
        throw new KubeError(410, 'Expired', `too old resource version: ${seen} (${oldest})`);
      }
      const begun = endings;
      let isOver = false;
      const end = (): void => {
        isOver = true;
        wakeAll();
      };
      const timer = start.timeoutSeconds === undefined ? undefined : setTimeout(end, start.timeoutSeconds * SECOND_MS);
      try {
        while (begun === endings) {
          const news = changes.filter((change) => change.version > seen && change.kind === kind);
          seen = version;
          for (const { event } of news) {
            if (matchesSelection(event.object, start)) {
              yield structuredClone(event) as WatchEvent<KindMap[K]>;
            }
          }
          signal?.throwIfAborted();
          if (isOver) {
            yield { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(seen) } } as KindMap[K] };
            return;
          }
          if (version === seen) {
            await untilWoken(wakers, signal);
          }
        }
      } finally {
        clearTimeout(timer);
      }
    },
    setMute(value) {
      isMute = value;
    },
    expire() {
      changes = [];
      // Something of no kind that anybody follows: what was listed last is too old as well.
      version += 1;
      oldest = version;
    },
    endWatches,
  };
}

async function untilWoken(wakers: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void) => () => {
      wakers.delete(wake);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    const wake = end(resolve);
    const abort = end(() => reject(signal?.reason));
    wakers.add(wake);
    signal?.addEventListener('abort', abort);
  });
}
