// Events: facts a person cares about, in past tense, each with a cursor. A cursor is opaque to clients and grows with time, so a
// stream that is cut resumes with `Last-Event-ID` and misses nothing.
import { z } from 'zod';
import { storeIdSchema } from './store.ts';

export const EVENT_TYPES = [
  'store.requested',
  'store.step_started',
  'store.step_completed',
  'store.step_failed',
  'store.provisioning_started',
  'store.worker_lost',
  'store.ready',
  'store.provisioning_failed',
  'store.retry_requested',
  'store.repair_requested',
  'store.repair_started',
  'store.repair_needed',
  'store.repaired',
  'store.deletion_requested',
  'store.deletion_delayed',
  'store.deleted',
  'store.health_changed',
  'store.drift_detected',
  'store.orphan_found',
  'store.orphan_removed',
  'store.diagnosis_recorded',
  'store.credentials_revealed',
  'store.credentials_reset',
] as const;
export const eventTypeSchema = z.enum(EVENT_TYPES);
export type EventType = z.infer<typeof eventTypeSchema>;

export const eventSchema = z.object({
  id: z.string().meta({ example: 'evt_42' }),
  cursor: z.string().meta({ description: 'Opaque; resumes a stream', example: '781.42' }),
  type: eventTypeSchema,
  storeId: z.string().nullable(),
  at: z.iso.datetime(),
  actor: z.string().meta({ description: 'Who caused it: a token, a member or a worker', example: 'tok_k2m9x1b7qa' }),
  step: z.string().nullable(),
  durationMs: z.int().nullable(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export type Event = z.infer<typeof eventSchema>;

/** A message `observed` on the stream: no event, and no part of the sequence. */
export const observedSchema = z.object({ storeId: z.string() });

export const listEventsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the `next` of an earlier page')
    .optional(),
});

/** A stream begins after `Last-Event-ID`, else after `after` (the `cursor` of a list), else now. */
export const streamEventsQuerySchema = z.strictObject({
  after: z.string().max(60).optional(),
  store: storeIdSchema.optional().meta({ description: 'Only events of this store' }),
});
export const eventListSchema = z.object({ items: z.array(eventSchema), next: z.string().nullable() });
export type EventList = z.infer<typeof eventListSchema>;
