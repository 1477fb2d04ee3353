// For machines that watch this process: alive, ready, measured. Open to all who can reach the port; nothing here is a tenant's.
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Db } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { countLiveJobs } from '../jobs/job-queries.ts';
import type { Metrics } from '../metrics.ts';
import { countDelayedDeletions, countStoresByPhase } from '../stores/stats-queries.ts';

export interface HealthRoutesOptions {
  readonly db: Db;
  readonly metrics: Metrics;
  readonly isServing: () => boolean;
}

const okSchema = z.object({ ok: z.literal(true) });

export const healthRoutes: FastifyPluginAsyncZod<HealthRoutesOptions> = async (app, { db, metrics, isServing }) => {
  app.get(
    '/healthz',
    { schema: { summary: 'Whether the process lives', tags: ['operations'], response: { 200: okSchema } } },
    async () => ({ ok: true as const }),
  );
  app.get(
    '/readyz',
    { schema: { summary: 'Whether requests should be sent here', tags: ['operations'], response: { 200: okSchema } } },
    async () => {
      if (!isServing()) {
        throw new AppError('unavailable', 'This process is shutting down.', { retryAfterSeconds: 1 });
      }
      await sql`select 1`.execute(db);
      return { ok: true as const };
    },
  );
  app.get(
    '/metrics',
    { schema: { summary: 'Measurements for Prometheus', tags: ['operations'] } },
    async (_request, reply) => {
      await measureDatabase(db, metrics);
      return reply
        .type(metrics.registry.contentType)
        .serializer(String)
        .send(await metrics.registry.metrics());
    },
  );
};

// Read at the moment of the scrape. A database that is away must not take the other measurements with it.
async function measureDatabase(db: Db, metrics: Metrics): Promise<void> {
  try {
    const [jobs, phases, delayed] = await Promise.all([
      countLiveJobs(db),
      countStoresByPhase(db),
      countDelayedDeletions(db),
    ]);
    metrics.deletionsDelayed.set(delayed);
    metrics.jobs.reset();
    metrics.stores.reset();
    for (const { state, count } of jobs) {
      metrics.jobs.set({ state }, count);
    }
    for (const { phase, count } of phases) {
      metrics.stores.set({ phase }, count);
    }
  } catch {
    metrics.jobs.reset();
    metrics.stores.reset();
  }
}
