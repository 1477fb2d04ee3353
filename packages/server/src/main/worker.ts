// A worker process: reconciles stores, and when it leads, watches the cluster. Wiring only; every background activity is on this page.
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { WORKER_VARIABLES } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { listen } from '../db/listen.ts';
import { loadEngines } from '../engines/registry.ts';
import { EVENTS_CHANNEL } from '../events/event-queries.ts';
import { armFailpointsFrom } from '../failpoint.ts';
import { createHelm } from '../helm/real-helm.ts';
import { storeNamespace } from '../ids.ts';
import { JOBS_CHANNEL } from '../jobs/job-queries.ts';
import { createJobRunner } from '../jobs/run-jobs.ts';
import { connectKube } from '../kube/connect-kube.ts';
import type { NodeObject } from '../kube/kinds.ts';
import { createLog } from '../log.ts';
import { createOutbox, SEND_MAIL } from '../mail/outbox.ts';
import { createMailSender } from '../mail/send-mail.ts';
import { collectProcessMetrics, createMetrics } from '../metrics.ts';
import { readConfigOrExit } from '../read-config.ts';
import { guardrailObjects } from '../reconcile/guardrail-objects.ts';
import { createNewerWishes } from '../reconcile/newer-wishes.ts';
import { createStoreReconciler } from '../reconcile/reconcile-store.ts';
import { WATCH_WINDOWS } from '../reconcile/store-scope.ts';
import { createStoreMail } from '../reconcile/tell-by-mail.ts';
import { createTenantDeleter, DELETE_TENANT } from '../stores/delete-tenant.ts';
import { platformUrlOf, RECONCILE_STORE } from '../stores/store.ts';
import { PLANS } from '../tenants/plans.ts';
import { createCandidate } from '../watch/lead.ts';
import { WATCH_LEASE, type WatchedStore } from '../watch/observed-health.ts';
import { createUsageRecorder } from '../watch/record-usage.ts';
import { type ClusterWatch, createClusterWatch } from '../watch/watch-cluster.ts';
import { settleMemory } from './settle-memory.ts';
import { onShutdown } from './shutdown.ts';
import { serveWorkerEndpoints } from './worker-endpoints.ts';

process.title = 'souk main/worker';
// An attempt that only waits is given back at once; one that installs gets to its end.
const STOP_WITHIN_MS = 5_000;

const config = readConfigOrExit(WORKER_VARIABLES);
armFailpointsFrom(config.failpointsFolder);
const log = createLog({ level: config.logLevel, part: 'worker' });
const metrics = createMetrics('worker');
collectProcessMetrics(metrics);
const worker = `worker-${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`;
const { databaseUrl } = config;
const { db, close: closeDatabase } = openDatabase({
  url: databaseUrl,
  maxConnections: 8,
  log,
  applicationName: worker,
});
const { kubeconfig, kubeContext: context } = config;
const kube = await connectKube({ kubeconfig, context });
const engines = await loadEngines({
  extraFolders: config.engineFolders,
  images: config.images,
  missingImages: config.missingImages,
});
const helm = await createHelm({
  helmPath: config.helmPath,
  kubeconfig,
  context,
  homeFolder: config.helmHome ?? (await mkdtemp(join(tmpdir(), 'souk-helm-'))),
  listRecords: async ({ namespace, name }, signal) => {
    const { items } = await kube.listMetadata('Secret', { namespace, labels: `owner=helm,name=${name}` }, signal);
    return items.map(({ metadata }) => metadata.labels ?? {});
  },
});

// 1. Jobs: claimed under leases, each an attempt at one store, one mail or the end of one tenant.
const common = { db, kube, engines, log, metrics };
const newerWishes = createNewerWishes(db, log);
const { smtpUrl, platformKey, baseDomain, sendsCredentials } = config;
const platformUrl =
  config.platformUrl || platformUrlOf({ scheme: config.publicScheme, baseDomain, port: config.publicPort });
const hasMail = smtpUrl !== '';
const mail = createStoreMail({ outbox: createOutbox(platformKey), kube, platformUrl, sendsCredentials });
const from = config.mailFrom || `souk@${baseDomain}`;
const runner = createJobRunner({
  databaseUrl,
  worker,
  concurrency: config.concurrency,
  totalLimit: config.maxParallelProvisions,
  handlers: {
    [RECONCILE_STORE]: createStoreReconciler({
      ...common,
      helm,
      settings: config,
      windows: WATCH_WINDOWS,
      newerWishes,
      ...(hasMail && { mail }),
    }),
    [DELETE_TENANT]: createTenantDeleter(db),
    // A mail whose worker has no SMTP waits for one that has.
    ...(hasMail && { [SEND_MAIL]: createMailSender({ db, platformKey, smtpUrl, from, domain: baseDomain }) }),
  },
  log,
  metrics,
});

// 2. The watch: on one of all workers at a time.
let clusterWatch: ClusterWatch | null = null;
const candidate = createCandidate({
  db,
  name: WATCH_LEASE,
  owner: worker,
  log,
  lead: async (term) => {
    metrics.watchLeader.set(1);
    try {
      const sweepIntervalMs = config.sweepIntervalSeconds * 1_000;
      const guardrails = (store: WatchedStore, nodes: readonly NodeObject[]) =>
        guardrailObjects({ store, namespace: storeNamespace(store.id), settings: config }, PLANS[store.plan], nodes);
      clusterWatch = createClusterWatch(
        { ...common, baseDomain, platformKey, sweepIntervalMs, guardrails, actor: worker },
        term,
      );
      const usage = createUsageRecorder({ db, kube, baseDomain, log, quotas: clusterWatch.quotas }, term);
      await Promise.all([clusterWatch.run(), usage.run()]);
    } finally {
      clusterWatch = null;
      metrics.watchLeader.set(0);
    }
  },
});

// 3. What the database tells: wishes for attempts under way, changes of phase for the watch.
const listener = listen({
  url: databaseUrl,
  channels: [JOBS_CHANNEL, EVENTS_CHANNEL],
  onNotification: (channel) => (channel === JOBS_CHANNEL ? newerWishes.look() : clusterWatch?.lookAtRows()),
  onConnected: () => newerWishes.look(),
  log,
});

// 4. For whoever watches this process.
const endpoints = await serveWorkerEndpoints({ host: config.metricsHost, port: config.metricsPort, metrics, db, log });

runner.start();
candidate.start();
log.info({ worker, metrics: endpoints.url, engines: [...engines.keys()] }, 'worker started');
settleMemory();

onShutdown(log, [
  ['attempts and the watch', async () => void (await Promise.all([runner.stop(STOP_WITHIN_MS), candidate.stop()]))],
  ['listeners', async () => void (await Promise.all([listener.close(), endpoints.close()]))],
  ['database', closeDatabase],
  ['cluster', async () => kube.close()],
]);
