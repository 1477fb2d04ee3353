// Everything that is measured, in one list per process: name with unit, labels of few values, help. Modules get this object and
// know nothing of the registry.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const FAST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SLOW_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600];

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(part: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ part });
  const registers = [registry];
  return {
    registry,
    httpSeconds: new Histogram({
      name: 'souk_http_request_seconds',
      help: 'Time to answer a request, by route',
      labelNames: ['method', 'route', 'code'] as const,
      buckets: FAST_SECONDS,
      registers,
    }),
    eventStreams: new Gauge({ name: 'souk_event_streams', help: 'Open event streams', registers }),
    eventStreamsCut: new Counter({
      name: 'souk_event_streams_cut_total',
      help: 'Streams that the server ended, by reason',
      labelNames: ['reason'] as const,
      registers,
    }),
    jobStartSeconds: new Histogram({
      name: 'souk_job_start_seconds',
      help: 'From due to claimed',
      labelNames: ['kind'] as const,
      buckets: FAST_SECONDS,
      registers,
    }),
    jobAttemptSeconds: new Histogram({
      name: 'souk_job_attempt_seconds',
      help: 'How long attempts took, by how they ended',
      labelNames: ['kind', 'outcome'] as const,
      buckets: SLOW_SECONDS,
      registers,
    }),
    jobsTakenOver: new Counter({
      name: 'souk_jobs_taken_over_total',
      help: 'Jobs claimed from a worker whose lease had run out',
      labelNames: ['kind'] as const,
      registers,
    }),
    leasesLost: new Counter({ name: 'souk_leases_lost_total', help: 'Attempts ended by a lost lease', registers }),
    stepSeconds: new Histogram({
      name: 'souk_step_seconds',
      help: 'How long the steps of a reconcile took, by how they ended',
      labelNames: ['engine', 'step', 'outcome'] as const,
      buckets: SLOW_SECONDS,
      registers,
    }),
    provisionSeconds: new Histogram({
      name: 'souk_provision_seconds',
      help: 'From the start of provisioning to its end, by how it ended',
      labelNames: ['engine', 'outcome'] as const,
      buckets: SLOW_SECONDS,
      registers,
    }),
    watchLeader: new Gauge({ name: 'souk_watch_leader', help: '1 while this worker watches the cluster', registers }),
    watchCorrections: new Counter({
      name: 'souk_watch_corrections_total',
      help: 'Objects that the resync found otherwise than the watch had told',
      labelNames: ['kind'] as const,
      registers,
    }),
    watchFailures: new Counter({
      name: 'souk_watch_failures_total',
      help: 'Watches and listings that failed and were begun again',
      labelNames: ['kind'] as const,
      registers,
    }),
    sweepSeconds: new Histogram({
      name: 'souk_sweep_seconds',
      help: 'How long one sweep over all stores took: listing the cluster again, and looking at every Secret',
      labelNames: ['work'] as const,
      buckets: SLOW_SECONDS,
      registers,
    }),
    orphans: new Gauge({
      name: 'souk_orphans',
      help: 'Namespaces with our label that belong to no live store, at the last sweep',
      registers,
    }),
    deletionsDelayed: new Gauge({
      name: 'souk_deletions_delayed',
      help: 'Stores whose deletion takes longer than it should, and says why; read at scrape',
      registers,
    }),
    jobs: new Gauge({
      name: 'souk_jobs',
      help: 'Live jobs by state, read at scrape',
      labelNames: ['state'] as const,
      registers,
    }),
    stores: new Gauge({
      name: 'souk_stores',
      help: 'Stores by phase, read at scrape',
      labelNames: ['phase'] as const,
      registers,
    }),
  };
}

/** Memory, event-loop lag and the like; in a process's main only, because it starts observers. */
export function collectProcessMetrics(metrics: Metrics): void {
  collectDefaultMetrics({ register: metrics.registry });
}
