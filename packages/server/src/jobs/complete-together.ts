// Jobs that end in the same moment are ended by one statement and one commit: short jobs would otherwise wait for the disk one by one.
import type { Db } from '../db/database.ts';
import { completeJobs, type Lease } from './job-queries.ts';

interface Ending {
  readonly lease: Lease;
  readonly written: PromiseWithResolvers<boolean>;
}

/** Answers as `completeJobs` does, for one lease: false where it was lost. Rejects when the statement fails for all that it was for. */
export type CompleteJob = (lease: Lease) => Promise<boolean>;

export function createCompleter(db: Db): CompleteJob {
  let waiting: Ending[] = [];
  let isWriting = false;

  async function writeAll(): Promise<void> {
    isWriting = true;
    // What ends while a statement is under way goes with the next one.
    while (waiting.length > 0) {
      const endings = waiting;
      waiting = [];
      try {
        const ended = await completeJobs(
          db,
          endings.map(({ lease }) => lease),
        );
        for (const { lease, written } of endings) written.resolve(ended.has(lease.jobId));
      } catch (error) {
        for (const { written } of endings) written.reject(error);
      }
    }
    isWriting = false;
  }

  return (lease) => {
    const written = Promise.withResolvers<boolean>();
    waiting.push({ lease, written });
    // In the next turn of the event loop, when all that ends in this one has come.
    if (!isWriting && waiting.length === 1) setImmediate(() => void writeAll());
    return written.promise;
  };
}
