// A tenant from within: its limits, members, invitations and tokens.
import { z } from 'zod';
import {
  emailSchema,
  personIdSchema,
  roleSchema,
  type Scope,
  scopeSchema,
  tenantIdSchema,
  tenantNameSchema,
  tokenNameSchema,
} from './access.ts';
import { planNameSchema } from './store.ts';

export const quotaSchema = z.object({
  maxStores: z.int(),
  maxParallelProvisions: z.int(),
  largestPlan: planNameSchema.meta({ description: 'Stores may have this plan or a smaller one' }),
});
export type TenantQuota = z.infer<typeof quotaSchema>;

export const tenantSchema = z.object({
  id: tenantIdSchema,
  name: z.string(),
  quota: quotaSchema,
  usage: z.object({ stores: z.int() }),
  createdAt: z.iso.datetime(),
});
export type Tenant = z.infer<typeof tenantSchema>;
export const changeTenantSchema = z.strictObject({ name: tenantNameSchema });

export const memberSchema = z.object({
  id: personIdSchema,
  email: z.string(),
  name: z.string(),
  role: roleSchema,
  isDisabled: z.boolean(),
  joinedAt: z.iso.datetime(),
  lastSignInAt: z.iso.datetime().nullable(),
});
export type Member = z.infer<typeof memberSchema>;
export const memberListSchema = z.object({ items: z.array(memberSchema) });
export const changeMemberSchema = z.strictObject({ role: roleSchema });

export const invitationSchema = z.object({
  id: z.string().meta({ example: 'inv_3k9x0q7m2a' }),
  email: z.string(),
  role: roleSchema,
  invitedBy: z.string().meta({ description: 'Id of a person or token' }),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type Invitation = z.infer<typeof invitationSchema>;
export const invitationListSchema = z.object({ items: z.array(invitationSchema) });
export const createInvitationSchema = z.strictObject({ email: emailSchema, role: roleSchema });
export const createdInvitationSchema = z.object({
  invitation: invitationSchema,
  url: z.string().meta({ description: 'Shown this once; whoever has it may accept' }),
  isMailed: z.boolean(),
});
export type CreatedInvitation = z.infer<typeof createdInvitationSchema>;

export const tokenSchema = z.object({
  id: z.string().meta({ example: 'tok_3k9x0q7m2a' }),
  name: z.string(),
  scopes: z.array(scopeSchema),
  personId: personIdSchema.nullable().meta({ description: 'Whose it is; it ends with their membership' }),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
export type Token = z.infer<typeof tokenSchema>;
export const tokenListSchema = z.object({ items: z.array(tokenSchema) });
export const createTokenSchema = z.strictObject({
  name: tokenNameSchema,
  scopes: z
    .array(scopeSchema)
    .min(1, 'must name at least one scope')
    .max(3)
    .transform((scopes): Scope[] => [...new Set(scopes)]),
  expiresInDays: z.int().min(1, 'must be 1 to 3650').max(3650, 'must be 1 to 3650').optional(),
});
export type CreateToken = z.input<typeof createTokenSchema>;
export const createdTokenSchema = z.object({
  token: tokenSchema,
  secret: z.string().meta({ description: 'The token itself, shown this once' }),
});
export type CreatedToken = z.infer<typeof createdTokenSchema>;
