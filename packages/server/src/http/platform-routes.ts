// What the platform says of itself: engines, plans, figures, health.
import {
  engineListSchema,
  HEALTHS,
  insightsSchema,
  PHASES,
  PLANS as PLAN_NAMES,
  planListSchema,
  platformHealthSchema,
  type Stats,
  statsSchema,
} from '@souk/contract';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Db } from '../db/database.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { readInsights } from '../stores/insight-queries.ts';
import { countStoresOfTenant, readProvisioningDurations } from '../stores/stats-queries.ts';
import { countLiveStores } from '../stores/store-queries.ts';
import { ACCESS, type Actor } from '../tenants/access.ts';
import { PLANS } from '../tenants/plans.ts';
import { readQuota } from '../tenants/tenant-queries.ts';
import { readPlatformHealth } from './platform-health.ts';

export interface PlatformRoutesOptions {
  readonly db: Db;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly version: string;
  readonly actorOf: (request: FastifyRequest) => Actor;
}

export const platformRoutes: FastifyPluginAsyncZod<PlatformRoutesOptions> = async (app, options) => {
  const { db, engines, version, actorOf } = options;

  app.get(
    '/engines',
    {
      config: { access: ACCESS.readStores },
      schema: { summary: 'The engines of this installation', tags: ['platform'], response: { 200: engineListSchema } },
    },
    async () => ({
      items: [...engines.values()].map(({ engine, available, reason }) => ({
        name: engine.name,
        title: engine.title,
        summary: engine.summary,
        version: engine.version,
        available,
        reason,
      })),
    }),
  );

  app.get(
    '/plans',
    {
      config: { access: ACCESS.readStores },
      schema: { summary: 'The plans and what they offer', tags: ['platform'], response: { 200: planListSchema } },
    },
    async () => ({ items: PLAN_NAMES.map((name) => PLANS[name]) }),
  );

  app.get(
    '/stats',
    {
      config: { access: ACCESS.readStores },
      schema: { summary: 'Figures of the tenant', tags: ['platform'], response: { 200: statsSchema } },
    },
    (request) => readStats(db, actorOf(request).tenantId),
  );

  app.get(
    '/insights',
    {
      config: { access: ACCESS.readStores },
      schema: {
        summary: 'How long provisioning took and how it ended, in the last thirty days',
        tags: ['platform'],
        response: { 200: insightsSchema },
      },
    },
    (request) => readInsights(db, actorOf(request).tenantId),
  );

  app.get(
    '/health',
    {
      // Open, so that a page can say what is wrong before anyone has signed in. It holds nothing of a tenant's.
      config: { access: ACCESS.all },
      schema: {
        summary: 'Health of API, database, cluster and workers',
        description: 'Needs no token. 200 also where a part is unhealthy: the answer says so.',
        tags: ['platform'],
        response: { 200: platformHealthSchema },
      },
    },
    () => readPlatformHealth(db, version),
  );
};

async function readStats(db: Db, tenantId: string): Promise<Stats> {
  const [counts, durations, quota, used] = await Promise.all([
    countStoresOfTenant(db, tenantId),
    readProvisioningDurations(db, tenantId),
    readQuota(db, tenantId),
    countLiveStores(db, tenantId),
  ]);
  const sum = (wanted: (count: (typeof counts)[number]) => boolean): number =>
    counts.filter(wanted).reduce((total, { count }) => total + count, 0);
  const live = counts.filter(({ phase }) => phase !== 'deleted');
  const engineNames = [...new Set(live.map(({ engine }) => engine))];
  return {
    byPhase: record(PHASES, (phase) => sum((count) => count.phase === phase)),
    byHealth: record(HEALTHS, (health) => sum((count) => count.health === health && count.phase !== 'deleted')),
    byEngine: record(engineNames, (engine) => sum((count) => count.engine === engine && count.phase !== 'deleted')),
    provisioning: Object.fromEntries(durations.map(({ engine, ...figures }) => [engine, figures])),
    quota: { stores: { limit: quota.maxStores, used } },
  };
}

function record<K extends string>(keys: readonly K[], countOf: (key: K) => number): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, countOf(key)])) as Record<K, number>;
}
