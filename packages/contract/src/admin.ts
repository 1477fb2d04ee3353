// What platform admins see and decide: people, tenants with their limits, and the stores of all tenants.
import { z } from 'zod';
import { emailSchema, personIdSchema, tenantIdSchema, tenantNameSchema } from './access.ts';
import { membershipSchema } from './session.ts';
import { listStoresQuerySchema, planNameSchema, storeSchema } from './store.ts';
import { tenantSchema } from './tenant.ts';
import { hasNoControls } from './text.ts';

const searchText = z.string().max(100).refine(hasNoControls, 'may not hold control characters').optional();
const page = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(200).refine(hasNoControls, 'may not hold control characters').optional(),
};

export const adminPersonSchema = z.object({
  id: personIdSchema,
  email: z.string(),
  name: z.string(),
  isPlatformAdmin: z.boolean(),
  isDisabled: z.boolean(),
  hasPassword: z.boolean(),
  providers: z.array(z.string()),
  createdAt: z.iso.datetime(),
  lastSignInAt: z.iso.datetime().nullable(),
  tenants: z.array(membershipSchema),
});
export type AdminPerson = z.infer<typeof adminPersonSchema>;
export const listPeopleQuerySchema = z.strictObject({
  ...page,
  q: searchText.meta({ description: 'Part of e-mail or name' }),
});
export const adminPersonListSchema = z.object({ items: z.array(adminPersonSchema), next: z.string().nullable() });
export const changeAdminPersonSchema = z
  .strictObject({ isDisabled: z.boolean().optional(), isPlatformAdmin: z.boolean().optional() })
  .refine((change) => Object.keys(change).length > 0, 'must change something');

export const adminTenantSchema = tenantSchema.extend({
  members: z.int(),
  isDeleting: z.boolean().meta({ description: 'Its stores are being deleted; it goes when the last one has gone' }),
});
export type AdminTenant = z.infer<typeof adminTenantSchema>;
export const listTenantsQuerySchema = z.strictObject({
  ...page,
  q: searchText.meta({ description: 'Part of the name' }),
});
export const adminTenantListSchema = z.object({ items: z.array(adminTenantSchema), next: z.string().nullable() });
const quotaChanges = {
  maxStores: z.int().min(0, 'must be 0 to 10000').max(10_000, 'must be 0 to 10000').optional(),
  maxParallelProvisions: z.int().min(1, 'must be 1 to 100').max(100, 'must be 1 to 100').optional(),
  largestPlan: planNameSchema.optional(),
};
export const createTenantSchema = z.strictObject({
  name: tenantNameSchema,
  ownerEmail: emailSchema
    .optional()
    .meta({ description: 'Gets an invitation as owner, or owns it at once when known' }),
  ...quotaChanges,
});
export const createdTenantSchema = z.object({
  tenant: adminTenantSchema,
  invitationUrl: z.string().nullable().meta({ description: 'For an owner who is not known yet' }),
});
export const changeAdminTenantSchema = z
  .strictObject({ name: tenantNameSchema.optional(), ...quotaChanges })
  .refine((change) => Object.keys(change).length > 0, 'must change something');

export const listAllStoresQuerySchema = listStoresQuerySchema.extend({ tenant: tenantIdSchema.optional() });
export const adminStoreSchema = storeSchema.extend({ tenant: tenantSchema.pick({ id: true, name: true }) });
export type AdminStore = z.infer<typeof adminStoreSchema>;
export const adminStoreListSchema = z.object({ items: z.array(adminStoreSchema), next: z.string().nullable() });
