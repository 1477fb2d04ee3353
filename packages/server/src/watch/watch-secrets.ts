// One watch on the Secrets of each ready store, in its own namespace and of their metadata alone: the right to watch those of all
// namespaces would be the right to read them. It tells that something changed; what, an inspection finds out.
import { setTimeout as delay } from 'node:timers/promises';
import { STORE_LABEL, storeNamespace } from '../ids.ts';
import type { Kube } from '../kube/kube.ts';
import { isKubeError } from '../kube/kube-error.ts';
import type { Metrics } from '../metrics.ts';

/** Each costs the API server a third of a megabyte (docs/decisions/0016). The Secrets of the others are left to the sweep. */
export const MOST_WATCHED = 1_000;
// Helm writes its records all the time; the quota counts them.
const FIELDS = 'type!=helm.sh/release.v1';
// A watch is begun anew, and the Secrets are inspected with it, three times an hour; spread, because many begin together.
const SHORTEST_SECONDS = 1_200;
const SPREAD_SECONDS = 600;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

export interface SecretWatchesOptions {
  readonly kube: Pick<Kube, 'watchMetadata'>;
  readonly signal: AbortSignal;
  /** Something may have changed. */
  readonly onChange: (storeId: string) => void;
  readonly onError: (error: unknown) => void;
  readonly metrics: Metrics;
}

export interface SecretWatches {
  /** Costs nothing where it is done already. */
  begin(storeId: string): void;
  end(storeId: string): void;
  endOthers(storeIds: ReadonlySet<string>): void;
}

export function createSecretWatches(options: SecretWatchesOptions): SecretWatches {
  const { kube, onChange, onError, metrics } = options;
  const watches = new Map<string, AbortController>();

  async function watchOnce(storeId: string, signal: AbortSignal): Promise<void> {
    const start = {
      namespace: storeNamespace(storeId),
      labels: STORE_LABEL,
      fields: FIELDS,
      timeoutSeconds: SHORTEST_SECONDS + Math.floor(Math.random() * SPREAD_SECONDS),
    };
    // What happened before it was told to nobody.
    let mustInspect = true;
    for await (const { type } of kube.watchMetadata('Secret', start, signal)) {
      // What is there at the beginning is told as added, and so is what no shop knows of.
      if (mustInspect || type === 'MODIFIED' || type === 'DELETED') {
        mustInspect = false;
        onChange(storeId);
      }
    }
  }

  async function keepWatching(storeId: string, signal: AbortSignal): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        await watchOnce(storeId, signal);
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        metrics.watchFailures.inc({ kind: 'Secret' });
        // Without its namespace, or the right that is bound in it, a store has other troubles, which other watches see.
        if (!isKubeError(error, 403) && !isKubeError(error, 404)) {
          onError(error);
        }
      }
      const hasLasted = performance.now() - startedAt >= LONGEST_PAUSE_MS;
      pauseMs = hasLasted ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      await delay(pauseMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }

  function end(storeId: string): void {
    watches.get(storeId)?.abort();
    watches.delete(storeId);
  }

  options.signal.addEventListener('abort', () => {
    for (const storeId of [...watches.keys()]) end(storeId);
  });

  return {
    begin(storeId) {
      if (!watches.has(storeId) && watches.size < MOST_WATCHED && !options.signal.aborted) {
        const controller = new AbortController();
        watches.set(storeId, controller);
        void keepWatching(storeId, controller.signal);
      }
    },
    end,
    endOthers(storeIds) {
      for (const storeId of [...watches.keys()]) {
        if (!storeIds.has(storeId)) end(storeId);
      }
    },
  };
}
