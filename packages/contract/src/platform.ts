// What the platform says of itself: engines, plans, figures and health.
import { z } from 'zod';
import { jobSchema } from './job.ts';
import { HEALTHS, PHASES, planNameSchema, storeSchema } from './store.ts';

/** What every mutating store call answers: the store as it is now and the job that does the work. */
export const storeAndJobSchema = z.object({ store: storeSchema, job: jobSchema });
export type StoreAndJob = z.infer<typeof storeAndJobSchema>;

export const engineSchema = z.object({
  name: z.string(),
  title: z.string(),
  summary: z.string().meta({ description: 'One line for whoever chooses' }),
  version: z.string(),
  available: z.boolean(),
  reason: z.string().nullable().meta({ description: 'Why it is not available; null when it is' }),
});
export type Engine = z.infer<typeof engineSchema>;
export const engineListSchema = z.object({ items: z.array(engineSchema) });

export const planSchema = z.object({
  name: planNameSchema,
  title: z.string(),
  pods: z.int(),
  cpuRequests: z.string(),
  cpuLimits: z.string(),
  memoryRequests: z.string(),
  memoryLimits: z.string(),
  volumes: z.int(),
  storage: z.string(),
});
export type Plan = z.infer<typeof planSchema>;
export const planListSchema = z.object({ items: z.array(planSchema) });

const durationsSchema = z.object({ count: z.int(), p50Ms: z.number().nullable(), p95Ms: z.number().nullable() });
export const statsSchema = z.object({
  byPhase: z.record(z.enum(PHASES), z.int()),
  byHealth: z.record(z.enum(HEALTHS), z.int()),
  byEngine: z.record(z.string(), z.int()),
  provisioning: z.record(z.string(), durationsSchema).meta({ description: 'Requested → ready, by engine' }),
  quota: z.object({ stores: z.object({ limit: z.int(), used: z.int() }) }),
});
export type Stats = z.infer<typeof statsSchema>;

/** Of the last thirty days: how long each step took, and how provisioning ended day by day. */
export const insightsSchema = z.object({
  steps: z.array(durationsSchema.extend({ engine: z.string(), step: z.string() })),
  days: z.array(
    z.object({
      day: z.iso.date(),
      ready: z.int(),
      failed: z.int(),
      p50Ms: z.number().nullable(),
      p95Ms: z.number().nullable(),
    }),
  ),
});
export type Insights = z.infer<typeof insightsSchema>;

const usedSchema = z.object({ cpuMillicores: z.number(), memoryMib: z.number() });
const partSchema = z.object({ healthy: z.boolean(), message: z.string().nullable() });
export const platformHealthSchema = z.object({
  healthy: z.boolean(),
  api: partSchema.extend({ version: z.string() }),
  database: partSchema.extend({ version: z.string().nullable() }),
  cluster: partSchema.extend({
    version: z.string().nullable(),
    nodes: z.array(
      z.object({
        name: z.string(),
        ready: z.boolean(),
        version: z.string().nullable().optional(),
        capacity: usedSchema.extend({ pods: z.number() }).nullable().optional(),
        used: usedSchema.nullable().optional(),
      }),
    ),
    observedAt: z.iso.datetime().nullable(),
  }),
  workers: z.object({ alive: z.int() }),
});
export type PlatformHealth = z.infer<typeof platformHealthSchema>;
