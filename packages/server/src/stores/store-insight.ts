// The two things that the API reads in a store's namespace, and nowhere else: the log of a pod and the Secret `store-admin`.
import { Readable } from 'node:stream';
import type { Credentials } from '@souk/contract';
import { type Db, inTransaction } from '../db/database.ts';
import { ADMIN_SECRET } from '../engines/engine.ts';
import { AppError } from '../errors.ts';
import { appendEvent } from '../events/event-queries.ts';
import type { StoreReader } from '../kube/kube.ts';
import { KubeError } from '../kube/kube-error.ts';
import type { Actor } from '../tenants/access.ts';
import { namespaceOf, type StoreRendering, type StoreRow, shownPhase, toStore } from './store.ts';

export interface LogWish {
  readonly pod: string;
  readonly container?: string | undefined;
  readonly tail: number;
  readonly follow: boolean;
}

export interface StoreInsight {
  openLog(store: StoreRow, wish: LogWish, signal: AbortSignal): Promise<Readable>;
  /** Recorded before it is answered: what was shown is in the timeline even if the answer never arrived. */
  revealCredentials(actor: Actor, store: StoreRow): Promise<Credentials>;
}

export interface StoreInsightOptions {
  readonly db: Db;
  readonly reader: StoreReader;
  readonly rendering: StoreRendering;
}

export function createStoreInsight({ db, reader, rendering }: StoreInsightOptions): StoreInsight {
  return {
    async openLog(store, wish, signal) {
      const ref = { namespace: namespaceOf(store), name: wish.pod };
      const options = {
        tailLines: wish.tail,
        follow: wish.follow,
        ...(wish.container !== undefined && { container: wish.container }),
      };
      const read = () => reader.readLogs(ref, options, signal);
      const chunks = await readOrRefuse(read, 'There is no log to read', shownPhase(store));
      if (chunks === null) {
        throw new AppError('not_found', `The store has no pod "${wish.pod}".`);
      }
      return Readable.from(chunks, { objectMode: false });
    },
    async revealCredentials(actor, store) {
      const ref = { namespace: namespaceOf(store), name: ADMIN_SECRET };
      const read = () => reader.readSecret(ref);
      const secret = await readOrRefuse(read, 'There are no credentials to show', shownPhase(store));
      const { username, password, publishableKey } = secret ?? {};
      if (username === undefined || password === undefined) {
        throw new AppError('not_ready', `There are no credentials to show: the store is ${shownPhase(store)}.`);
      }
      await inTransaction(db, (tx) =>
        appendEvent(tx, {
          type: 'store.credentials_revealed',
          tenantId: store.tenantId,
          storeId: store.id,
          actor: actor.id,
          message: 'Administrator credentials revealed',
        }),
      );
      const { adminUrl } = toStore(store, rendering);
      return { adminUrl, username, password, ...(publishableKey !== undefined && { publishableKey }) };
    },
  };
}

// Until the namespace is made, and again once it is gone, the cluster forbids or does not know it: that is the store's phase, not a
// failure. What else the cluster objects to (a container that has not started) is worth reading.
async function readOrRefuse<T>(read: () => Promise<T | null>, what: string, phase: string): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof KubeError) || error.isUnreachable) {
      throw error;
    }
    const isHidden = error.status === 401 || error.status === 403 || error.status === 404;
    throw new AppError('not_ready', `${what}: ${isHidden ? `the store is ${phase}` : error.message}.`, {
      cause: error,
    });
  }
}
