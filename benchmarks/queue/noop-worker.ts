// A worker process of the benchmark: runs jobs that do nothing. With `--tell` it prints the instant at which each began, in epoch
// milliseconds. Started as: noop-worker.ts <souk|pg-boss|pg-boss-batches|graphile-worker> <url> <concurrency> [--tell]

import { createJobRunner } from '@souk/server/jobs/run-jobs.ts';
import { silentLog } from '@souk/server/log.ts';
import { createMetrics } from '@souk/server/metrics.ts';
import { importRival } from './rivals.ts';

const [library = '', url = '', concurrencyText = '10', tell] = process.argv.slice(2);
const concurrency = Number(concurrencyText);
const began = (subject: string): void => {
  if (tell !== undefined) process.stdout.write(`${subject} ${performance.timeOrigin + performance.now()}\n`);
};

switch (library) {
  case 'souk': {
    const runner = createJobRunner({
      databaseUrl: url,
      worker: `bench-${process.pid}`,
      concurrency,
      totalLimit: 1_000,
      log: silentLog(),
      metrics: createMetrics('bench'),
      handlers: {
        'do-nothing': async ({ job }) => {
          began(job.subject);
          return { outcome: 'completed' };
        },
      },
    });
    runner.start();
    break;
  }
  case 'pg-boss':
  case 'pg-boss-batches': {
    const { PgBoss } = await importRival('pg-boss');
    const boss = new PgBoss({ connectionString: url, useListenNotify: true });
    boss.on('error', (error: Error) => console.error(error.message));
    await boss.start();
    // As the others, a job a call and so many calls at once; or all of them in one call that ends them together, at once followed by
    // the next while there are more. Both are woken by notifications.
    const how =
      library === 'pg-boss'
        ? { batchSize: 1, localConcurrency: concurrency }
        : { batchSize: concurrency, burstWhenBatchFull: true };
    await boss.work(
      'do-nothing',
      { ...how, pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 },
      async (jobs: { data: { subject: string } }[]) => {
        for (const { data } of jobs) began(data.subject);
      },
    );
    break;
  }
  case 'graphile-worker': {
    const { run } = await importRival('graphile-worker');
    await run({
      connectionString: url,
      concurrency,
      noHandleSignals: true,
      pollInterval: 1_000,
      logger: undefined,
      taskList: { do_nothing: async (payload: { subject: string }) => began(payload.subject) },
    });
    break;
  }
  default:
    throw new Error(`"${library}" is none of souk, pg-boss, pg-boss-batches, graphile-worker`);
}
process.stdout.write('ready\n');
