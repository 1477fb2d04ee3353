// A worker process for the kill tests: runs jobs that last until their subject's row in `work` allows them to end, and writes what it
// does the way a reconcile does, under the fence. Started as:
// test-worker.ts <url> <name> <heartbeatMs> <leaseMs> [<concurrency>]
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { openDatabase } from '../db/database.ts';
import { LeaseLostError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { createJobRunner } from './run-jobs.ts';

const [url = '', worker = '', heartbeatMs, leaseMs, concurrency = '4'] = process.argv.slice(2);
const { db } = openDatabase({ url, maxConnections: 2, log: silentLog() });

const runner = createJobRunner({
  databaseUrl: url,
  worker,
  concurrency: Number(concurrency),
  totalLimit: 100,
  log: silentLog(),
  metrics: createMetrics('test'),
  heartbeatMs: Number(heartbeatMs),
  leaseMs: Number(leaseMs),
  handlers: {
    'do-work': async ({ job, fence, signal }) => {
      await sql`insert into work_log (subject, worker, fact) values (${job.subject}, ${worker}, 'started')`.execute(db);
      for (;;) {
        // No look at the signal before the write: it is the fence that has to stop a former holder.
        const { rows } = await sql<{ mayEnd: boolean }>`
          update work set fence = ${fence}, beats = beats + 1, worker = ${worker}, worker_clock = ${new Date()}
          where subject = ${job.subject} and fence <= ${fence} returning may_end as "mayEnd"`.execute(db);
        if (rows[0] === undefined) {
          await sql`insert into work_log (subject, worker, fact) values (${job.subject}, ${worker}, 'refused')`.execute(
            db,
          );
          throw new LeaseLostError('a successor has been here');
        }
        if (rows[0].mayEnd) {
          return { outcome: 'completed' };
        }
        await delay(20, undefined, { signal });
      }
    },
  },
});
process.on('SIGTERM', () => {
  runner.stop(0).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
runner.start();
