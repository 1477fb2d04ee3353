// Tells attempts that only wait that their store is wanted otherwise by now, so that a deletion need not wait for a slow start to
// end. Wishes come with a notification on the jobs channel; what changed is read from the rows, once for all attempts.
import type { StoreId } from '@souk/contract';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

export interface NewerWishes {
  /** The signal aborts when the store's generation is above the given one. */
  watch(storeId: StoreId, generation: number): { readonly signal: AbortSignal; end(): void };
  /** To be called when something may have been wished for. */
  look(): void;
}

interface Watched {
  readonly storeId: StoreId;
  readonly generation: number;
  readonly controller: AbortController;
}

export function createNewerWishes(db: Db, log: Log): NewerWishes {
  const watched = new Set<Watched>();
  let isLooking = false;
  let mustLookAgain = false;

  async function readGenerations(): Promise<void> {
    const ids = [...watched].map(({ storeId }) => storeId);
    const { rows } = await sql<{ id: StoreId; generation: number }>`
      select id, generation from stores where id = any(${ids})`.execute(db);
    const generations = new Map(rows.map(({ id, generation }) => [id, generation]));
    for (const { storeId, generation, controller } of watched) {
      if ((generations.get(storeId) ?? 0) > generation) {
        controller.abort(new Error('the store is wanted otherwise by now'));
      }
    }
  }

  async function lookUntilQuiet(): Promise<void> {
    isLooking = true;
    while (mustLookAgain) {
      mustLookAgain = false;
      // A look that fails costs a waiting attempt nothing but time: its own window ends it.
      await readGenerations().catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'newer wishes could not be read');
      });
    }
    isLooking = false;
  }

  function look(): void {
    mustLookAgain = true;
    if (watched.size > 0 && !isLooking) {
      void lookUntilQuiet();
    }
  }

  return {
    watch(storeId, generation) {
      const entry = { storeId, generation, controller: new AbortController() };
      watched.add(entry);
      // The wish may have come between reading the row and here.
      look();
      return { signal: entry.controller.signal, end: () => watched.delete(entry) };
    },
    look,
  };
}
