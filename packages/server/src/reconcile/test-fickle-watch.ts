// A cluster whose watches tell late, twice or never what happened, as a test chooses. What Kubernetes promises still holds: what is told
// of one kind is told in its order, and what is told again ends with the newest. Everything else goes to the cluster as it is.
import type { Kind, KindMap } from '../kube/kinds.ts';
import type { Kube, WatchEvent, WatchStart } from '../kube/kube.ts';

export const TELLINGS = ['at once', 'late', 'twice', 'never'] as const;
export type Telling = (typeof TELLINGS)[number];

export interface FickleWatch {
  readonly kube: Kube;
  /** From now on; what was told late so far comes now, what was not told stays untold. */
  setTelling(telling: Telling): void;
  /** Tells one event more of each kind that has any. */
  tellOne(): void;
}

export function createFickleWatch(kube: Kube): FickleWatch {
  let telling: Telling = 'at once';
  const held = new Set<() => void>();
  const tellOne = (): void => {
    for (const tell of [...held]) tell();
  };

  async function* watch<K extends Kind>(
    kind: K,
    start: WatchStart,
    signal?: AbortSignal,
  ): AsyncIterable<WatchEvent<KindMap[K]>> {
    let before: WatchEvent<KindMap[K]> | null = null;
    for await (const event of kube.watch(kind, start, signal)) {
      if (telling === 'never') {
        continue;
      }
      if (telling === 'late') {
        await untilTold(held, signal);
      }
      yield event;
      if (telling === 'twice') {
        if (before !== null) yield before;
        yield event;
      }
      before = event;
    }
  }

  return {
    kube: { ...kube, watch },
    setTelling(value) {
      telling = value;
      tellOne();
    },
    tellOne,
  };
}

async function untilTold(held: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  held.add(resolve);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  held.delete(resolve);
  signal?.throwIfAborted();
}
