// Jobs that end in the same moment are ended by one statement and one commit, the next claim's if there is one: short jobs would
// otherwise wait for the disk one by one. A row that somebody else has locked holds up its own job alone.
import type { Db } from '../db/database.ts';
import { completeFreeJobs, completeJob, type Lease } from './job-queries.ts';

interface Ending {
  readonly lease: Lease;
  readonly written: PromiseWithResolvers<boolean>;
}

/** False where the lease was lost. Rejects when it could not be written. */
export type CompleteJob = (lease: Lease) => Promise<boolean>;

export interface Completer {
  readonly complete: CompleteJob;
  /** Has `send` end what waits now, as `completeFreeJobs` would; what it does not end, or throws for, is ended without it. */
  takeAlong<T extends { readonly ended: ReadonlySet<string> }>(
    send: (leases: readonly Lease[]) => Promise<T>,
  ): Promise<T>;
}

export function createCompleter(db: Db): Completer {
  let waiting: Ending[] = [];
  let isWriting = false;
  let writingLocked: Promise<void> = Promise.resolve();

  function take(): readonly Ending[] {
    const taken = waiting;
    waiting = [];
    return taken;
  }

  /** One after another: the pool's connections are not all to wait for locks. */
  function writeOneByOne(endings: readonly Ending[]): void {
    for (const { lease, written } of endings) {
      writingLocked = writingLocked.then(() => completeJob(db, lease).then(written.resolve, written.reject));
    }
  }

  function settle(endings: readonly Ending[], ended: ReadonlySet<string>): void {
    for (const { written } of endings.filter(({ lease }) => ended.has(lease.jobId))) written.resolve(true);
    writeOneByOne(endings.filter(({ lease }) => !ended.has(lease.jobId)));
  }

  async function writeAll(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    // What ends while a statement is under way goes with the next one.
    for (let endings = take(); endings.length > 0; endings = take()) {
      try {
        settle(endings, await completeFreeJobs(db, leasesOf(endings)));
      } catch (error) {
        for (const { written } of endings) written.reject(error);
      }
    }
    isWriting = false;
  }

  return {
    complete(lease) {
      const written = Promise.withResolvers<boolean>();
      waiting.push({ lease, written });
      // Two turns of the event loop: in the first all comes that ends in this one, and a claim may take it along.
      if (waiting.length === 1) setImmediate(() => setImmediate(() => void writeAll()));
      return written.promise;
    },
    async takeAlong(send) {
      const endings = take();
      try {
        const answer = await send(leasesOf(endings));
        settle(endings, answer.ended);
        return answer;
      } catch (error) {
        waiting.push(...endings);
        void writeAll();
        throw error;
      }
    },
  };
}

const leasesOf = (endings: readonly Ending[]): readonly Lease[] => endings.map(({ lease }) => lease);
