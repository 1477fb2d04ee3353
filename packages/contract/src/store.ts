// What a store is on the wire: its words (phase, health, engine, plan), the rules for its name, and the request and answer
// schemas. The server validates with these, the CLI and the dashboard read with them; the database's CHECKs use the same words.
import { z } from 'zod';
import { hasNoControls } from './text.ts';

export const PHASES = ['requested', 'provisioning', 'ready', 'upgrading', 'failed', 'deleting', 'deleted'] as const;
export const phaseSchema = z.enum(PHASES);
export type Phase = z.infer<typeof phaseSchema>;

export const HEALTHS = ['unknown', 'healthy', 'degraded'] as const;
export const healthSchema = z.enum(HEALTHS);
export type Health = z.infer<typeof healthSchema>;

export const PLANS = ['small', 'standard', 'large'] as const;
export const planNameSchema = z.enum(PLANS);
export type PlanName = z.infer<typeof planNameSchema>;

export const STORE_NAME_MAX_LENGTH = 40;
const STORE_NAME_PATTERN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const RESERVED_STORE_NAMES: ReadonlySet<string> = new Set(
  'www api app admin dashboard souk store stores mail login auth status docs static cdn assets grafana prometheus'.split(
    ' ',
  ),
);
const RESERVED_PREFIXES = ['store-', 'kube-'] as const;

export function isReservedStoreName(name: string): boolean {
  return RESERVED_STORE_NAMES.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

export const storeNameSchema = z
  .string()
  .min(1, 'must have 1 to 40 characters')
  .max(STORE_NAME_MAX_LENGTH, 'must have 1 to 40 characters')
  .regex(
    STORE_NAME_PATTERN,
    'may hold only lower-case letters, digits and hyphens, and must begin and end with a letter or digit',
  )
  .refine((name) => !isReservedStoreName(name), 'is reserved by the platform; choose another name')
  .meta({ description: 'Host name of the store, e.g. "acme"', example: 'acme' });

export const ADMIN_PASSWORD_MIN_LENGTH = 12;
export const ADMIN_PASSWORD_MAX_LENGTH = 128;

export const storeIdSchema = z
  .string()
  .regex(/^sto_[a-z0-9]{10}$/, 'must be "sto_" followed by 10 lower-case letters or digits')
  .meta({ example: 'sto_3k9x0q7m2a' });
export type StoreId = z.infer<typeof storeIdSchema>;

/** Engine names are not a closed list here: the installation's engine folders decide; `GET /engines` lists them. */
export const engineNameSchema = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[a-z0-9-]+$/, 'may hold only lower-case letters, digits and hyphens')
  .meta({ example: 'medusa' });

export const createStoreSchema = z.strictObject({
  name: storeNameSchema,
  engine: engineNameSchema,
  plan: planNameSchema.optional(),
  adminEmail: z.email('must be an e-mail address').max(254).optional(),
  adminPassword: z
    .string()
    .min(ADMIN_PASSWORD_MIN_LENGTH, 'must have 12 to 128 characters')
    .max(ADMIN_PASSWORD_MAX_LENGTH, 'must have 12 to 128 characters')
    // A control character could not be typed into a shop's login form.
    .refine(hasNoControls, 'may not hold control characters')
    .refine((password) => password.isWellFormed(), 'must be well-formed Unicode')
    .optional(),
  keepFailed: z
    .boolean()
    .optional()
    .meta({ description: 'Leaves what a failed create has made, to look at; it counts against the quota meanwhile' }),
});
export type CreateStore = z.infer<typeof createStoreSchema>;

export const storeErrorSchema = z.object({
  code: z.string(),
  step: z.string().nullable(),
  message: z.string(),
});
export type StoreError = z.infer<typeof storeErrorSchema>;

export const storeSchema = z.object({
  id: storeIdSchema,
  name: z.string(),
  engine: z.string(),
  engineVersion: z.string(),
  plan: planNameSchema,
  phase: phaseSchema,
  health: healthSchema,
  storefrontUrl: z.string(),
  adminUrl: z.string(),
  error: storeErrorSchema.nullable(),
  createdAt: z.iso.datetime(),
  readyAt: z.iso.datetime().nullable(),
  generation: z.int(),
  observedGeneration: z.int(),
});
export type Store = z.infer<typeof storeSchema>;

export const STORE_SORTS = ['newest', 'oldest', 'name'] as const;
export type StoreSort = (typeof STORE_SORTS)[number];

export const listStoresQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(200).optional(),
  sort: z.enum(STORE_SORTS).default('newest'),
  phase: phaseSchema.optional(),
  engine: engineNameSchema.optional(),
  q: z
    .string()
    .max(100)
    .refine(hasNoControls, 'may not hold control characters')
    .optional()
    .meta({ description: 'Part of the name' }),
});
export type ListStoresQuery = z.infer<typeof listStoresQuerySchema>;

export const storeListSchema = z.object({
  items: z.array(storeSchema),
  next: z.string().nullable().meta({ description: 'Pass as `after` to read on; null on the last page' }),
  cursor: z.string().meta({ description: 'Event cursor this list is current to; stream events from here' }),
});
export type StoreList = z.infer<typeof storeListSchema>;

/** Whether a create under this name would find it free; what the platform says of it when not. */
export const nameCheckSchema = z.object({
  name: z.string(),
  available: z.boolean(),
  reason: z.string().nullable(),
  storefrontUrl: z.string().meta({ description: 'Where the store would answer' }),
});
export type NameCheck = z.infer<typeof nameCheckSchema>;
export const nameCheckQuerySchema = z.strictObject({ name: z.string().max(100) });

/** The step that a store is in; stores at rest have none. */
export const storeProgressSchema = z.object({
  storeId: storeIdSchema,
  step: z.string(),
  startedAt: z.iso.datetime(),
});
export type StoreProgress = z.infer<typeof storeProgressSchema>;
export const storeProgressListSchema = z.object({ items: z.array(storeProgressSchema) });

export const credentialsSchema = z.object({
  adminUrl: z.string(),
  username: z.string(),
  password: z.string(),
  publishableKey: z.string().optional(),
});
export type Credentials = z.infer<typeof credentialsSchema>;

export const podSchema = z.object({
  name: z.string(),
  component: z.string().nullable(),
  podPhase: z.string(),
  ready: z.boolean(),
  restarts: z.int(),
  message: z.string().nullable(),
  containers: z.array(z.string()),
  startedAt: z.iso.datetime().nullable(),
});
export type Pod = z.infer<typeof podSchema>;
export const podListSchema = z.object({ items: z.array(podSchema) });

/** Quantities as Kubernetes writes them; samples oldest first, of the last half hour. */
export const storeUsageSchema = z.object({
  quota: z.array(z.object({ resource: z.string(), used: z.string(), limit: z.string() })),
  samples: z.array(
    z.object({
      at: z.iso.datetime(),
      pods: z.array(z.object({ name: z.string(), cpuMillicores: z.number(), memoryMib: z.number() })),
    }),
  ),
});
export type StoreUsage = z.infer<typeof storeUsageSchema>;

const objectNameSchema = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be the name of a Kubernetes object');

export const logsQuerySchema = z.strictObject({
  pod: objectNameSchema,
  container: objectNameSchema.optional(),
  tail: z.coerce.number().int().min(1).max(5000).default(200),
  follow: z.stringbool().default(false),
});
