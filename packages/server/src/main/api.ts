// The API process: opens what it needs, listens, and closes in the opposite order. Wiring only.
import { findWeakSecrets, listProviders } from '../account-variables.ts';
import { enterLostIntents } from '../audit/audit-queries.ts';
import { ensureFirstCluster } from '../clusters/cluster-queries.ts';
import { API_VARIABLES } from '../config.ts';
import { inTransaction, openDatabase } from '../db/database.ts';
import { loadEngines } from '../engines/registry.ts';
import { createEventHub } from '../events/event-hub.ts';
import { trimEvents } from '../events/event-queries.ts';
import { armFailpointsFrom } from '../failpoint.ts';
import { createApp } from '../http/app.ts';
import { readVersion } from '../http/version.ts';
import { deleteFinishedJobs } from '../jobs/job-queries.ts';
import { runPeriodically } from '../jobs/run-periodically.ts';
import { forgetDeadWorkers } from '../jobs/worker-queries.ts';
import { connectKube } from '../kube/connect-kube.ts';
import { createLog } from '../log.ts';
import { deleteOldMails } from '../mail/outbox.ts';
import { collectProcessMetrics, createMetrics } from '../metrics.ts';
import { deleteOldSignIns } from '../people/session-queries.ts';
import { readConfigOrExit } from '../read-config.ts';
import { deleteOldIdempotencyKeys } from '../stores/idempotency.ts';
import { platformUrlOf } from '../stores/store.ts';
import { deleteOldBuckets } from '../tenants/rate-limit.ts';
import { ensureFirstTenant } from '../tenants/tenant-queries.ts';
import { settleMemory } from './settle-memory.ts';
import { onShutdown } from './shutdown.ts';

process.title = 'souk main/api';
const config = readConfigOrExit(API_VARIABLES, findWeakSecrets);
armFailpointsFrom(config.failpointsFolder);
const log = createLog({ level: config.logLevel, part: 'api' });
const metrics = createMetrics('api');
collectProcessMetrics(metrics);

const database = openDatabase({
  url: config.databaseUrl,
  maxConnections: config.databaseConnections,
  log,
  applicationName: 'souk api',
});
const { db } = database;
const engines = await loadEngines({
  extraFolders: config.engineFolders,
  images: config.images,
  missingImages: config.missingImages,
});
await inTransaction(db, async (tx) => {
  await ensureFirstCluster(tx, config.baseDomain);
  if (config.apiToken !== null) {
    await ensureFirstTenant(tx, {
      token: config.apiToken,
      maxStores: config.firstTenantMaxStores,
      maxParallelProvisions: config.firstTenantMaxParallelProvisions,
    });
  }
});
const kube = await connectKube({ kubeconfig: config.kubeconfig, context: config.kubeContext });
const hub = createEventHub({ db, databaseUrl: config.databaseUrl, log });
await hub.start();

const HOUR_MS = 3_600_000;
const housekeeping = runPeriodically({
  everyMs: HOUR_MS,
  log,
  tasks: {
    'trim events': (limit) => trimEvents(db, config.eventRetentionDays, limit),
    'delete ended jobs': (limit) => deleteFinishedJobs(db, config.jobRetentionDays, limit),
    'delete old idempotency keys': (limit) => deleteOldIdempotencyKeys(db, limit),
    'delete old rate limit buckets': (limit) => deleteOldBuckets(db, limit),
    'delete old sessions and links': (limit) => deleteOldSignIns(db, limit),
    'delete old mails': (limit) => deleteOldMails(db, config.jobRetentionDays, limit),
    'forget dead workers': () => forgetDeadWorkers(db, 1),
  },
});

const MINUTE_MS = 60_000;
const auditing = runPeriodically({
  everyMs: MINUTE_MS,
  log,
  tasks: { 'enter what was begun and never answered': (limit) => enterLostIntents(db, limit) },
});

let isServing = true;
const publicAddress = { scheme: config.publicScheme, baseDomain: config.baseDomain, port: config.publicPort };
const app = await createApp({
  ...config,
  providers: listProviders(config),
  platformUrl: config.platformUrl || platformUrlOf(publicAddress),
  db,
  hub,
  reader: kube,
  engines,
  log,
  metrics,
  version: await readVersion(),
  address: publicAddress,
  isServing: () => isServing,
});
const address = await app.listen({ host: config.host, port: config.port });
log.info({ address }, 'the API listens');
settleMemory();

onShutdown(log, [
  // Load balancers see it first and send no more; only then connections are refused.
  [
    'drain',
    async () => {
      isServing = false;
      await new Promise((resolve) => setTimeout(resolve, config.drainMs));
    },
  ],
  ['streams', () => hub.stop()],
  ['requests', () => app.close()],
  ['housekeeping', async () => void (await Promise.all([housekeeping.stop(), auditing.stop()]))],
  ['cluster', async () => kube.close()],
  ['database', () => database.close()],
]);
