// The audit log on the wire: who did what to what, when, from where, and how it ended.
import { z } from 'zod';
import { tenantIdSchema } from './access.ts';
import { hasNoControls } from './text.ts';

export const AUDIT_OUTCOMES = ['ok', 'refused', 'failed', 'unknown'] as const;
/** `unknown`: the process died between the call and its answer. */
export const auditOutcomeSchema = z.enum(AUDIT_OUTCOMES);
export type AuditOutcome = z.infer<typeof auditOutcomeSchema>;

export const auditEntrySchema = z.object({
  id: z.string().meta({ example: 'aud_42' }),
  at: z.iso.datetime(),
  tenantId: tenantIdSchema.nullable(),
  actor: z.string().meta({ description: 'Id of a person or token, or "anonymous"' }),
  actorName: z.string(),
  action: z.string().meta({ example: 'store.create' }),
  target: z.string().nullable().meta({ example: 'sto_3k9x0q7m2a' }),
  address: z.string(),
  outcome: auditOutcomeSchema,
  code: z.string().meta({ description: 'The HTTP status, or the error code of a refusal', example: '201' }),
  requestId: z.string(),
  details: z.record(z.string(), z.unknown()),
  hash: z.string().meta({ description: "Hexadecimal SHA-256 over this entry and its predecessor's hash" }),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

const filterText = z.string().max(200).refine(hasNoControls, 'may not hold control characters').optional();
const MIN_YEAR = 1970;
const MAX_YEAR = 9998;
const instant = z.iso
  .datetime({ offset: true, error: 'must be an instant such as 2026-01-31T00:00:00Z' })
  .refine((text) => {
    const year = new Date(text).getUTCFullYear();
    return year >= MIN_YEAR && year <= MAX_YEAR;
  }, `must lie in the years ${MIN_YEAR} to ${MAX_YEAR}`)
  .transform((text) => new Date(text).toISOString())
  .optional();
const auditFilter = {
  actor: filterText.meta({ description: 'Id or part of the name' }),
  action: filterText.meta({ description: 'Whole, or its beginning up to a dot: "store"' }),
  target: filterText,
  outcome: auditOutcomeSchema.optional(),
  from: instant,
  to: instant,
};
export const listAuditQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the `next` of an earlier page')
    .optional(),
  ...auditFilter,
});
export type ListAuditQuery = z.infer<typeof listAuditQuerySchema>;
export const exportAuditQuerySchema = z.strictObject({
  format: z.enum(['csv', 'json']).default('csv'),
  ...auditFilter,
});
export type ExportAuditQuery = z.infer<typeof exportAuditQuerySchema>;
export const auditListSchema = z.object({ items: z.array(auditEntrySchema), next: z.string().nullable() });
export type AuditList = z.infer<typeof auditListSchema>;

export const auditVerdictSchema = z.object({
  isIntact: z.boolean(),
  entries: z.int(),
  head: z.string().nullable().meta({ description: 'Hash of the last entry; keep it elsewhere to notice a cut end' }),
  firstBroken: z.string().nullable().meta({ description: 'Id of the first entry that does not fit' }),
  reason: z.string().nullable(),
});
export type AuditVerdict = z.infer<typeof auditVerdictSchema>;
