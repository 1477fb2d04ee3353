// Signing in and out, and what a signed-in person sees of themselves.
import { z } from 'zod';
import { emailSchema, passwordSchema, personIdSchema, personNameSchema, roleSchema, scopeSchema } from './access.ts';
import { tenantSchema } from './tenant.ts';

const linkTokenSchema = z.string().min(20, 'is not the token of a link').max(200, 'is not the token of a link');

/** Either a one-time link's token or e-mail and password. */
export const signInSchema = z.union([
  z.strictObject({ linkToken: linkTokenSchema }),
  // No rule for the password beyond its length: what was set under other rules must still open.
  z.strictObject({ email: emailSchema, password: z.string().min(1).max(1_000) }),
]);
export type SignIn = z.input<typeof signInSchema>;

export const personSchema = z.object({
  id: personIdSchema,
  email: z.string(),
  name: z.string(),
  isPlatformAdmin: z.boolean(),
  hasPassword: z.boolean(),
});
export type Person = z.infer<typeof personSchema>;

/** A way to sign in by another's account; send the browser to `startUrl`, with `?returnTo=/path` to come back there. */
export const providerSchema = z.object({ name: z.string(), title: z.string(), startUrl: z.string() });
export type Provider = z.infer<typeof providerSchema>;

export const membershipSchema = tenantSchema.pick({ id: true, name: true }).extend({ role: roleSchema });
export type Membership = z.infer<typeof membershipSchema>;

/** Who asks, answered to everyone: `via` null is nobody. */
export const sessionStateSchema = z.object({
  via: z.enum(['session', 'token']).nullable(),
  person: personSchema.nullable().meta({ description: 'Null for nobody and for a token that belongs to no person' }),
  sessionId: z.string().nullable(),
  expiresAt: z.iso.datetime().nullable(),
  scopes: z.array(scopeSchema).nullable().meta({ description: 'Of a token; null for a session, which may do all' }),
  tenants: z.array(membershipSchema).meta({ description: 'By name; name one by the header Souk-Tenant' }),
  providers: z.array(providerSchema),
  hasMail: z.boolean().meta({ description: 'Whether a forgotten password can be reset by mail' }),
});
export type SessionState = z.infer<typeof sessionStateSchema>;

export const sessionSchema = z.object({
  id: z.string().meta({ example: 'ses_3k9x0q7m2a' }),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  address: z.string().nullable(),
  client: z.string().nullable().meta({ description: 'The User-Agent that signed in' }),
  method: z.enum(['link', 'password', 'provider', 'invitation', 'reset']),
  isCurrent: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;
export const sessionListSchema = z.object({ items: z.array(sessionSchema) });

export const changePersonSchema = z.strictObject({ name: personNameSchema });
export const changePasswordSchema = z.strictObject({
  currentPassword: z.string().max(1_000).optional().meta({ description: 'Left out only by who has no password yet' }),
  newPassword: passwordSchema,
});
export const requestResetSchema = z.strictObject({ email: emailSchema });
export const confirmResetSchema = z.strictObject({ token: linkTokenSchema, newPassword: passwordSchema });

export const makeSignInLinkSchema = z.strictObject({
  email: emailSchema.optional().meta({ description: 'Whom it signs in; left out: the first platform admin' }),
});
export const signInLinkSchema = z.object({ url: z.string(), email: z.string(), expiresAt: z.iso.datetime() });
export type SignInLink = z.infer<typeof signInLinkSchema>;

export const acceptInvitationSchema = z.strictObject({
  token: linkTokenSchema,
  name: personNameSchema.optional(),
  password: passwordSchema.optional(),
});
export const previewInvitationSchema = z.strictObject({ token: linkTokenSchema });
export const invitationPreviewSchema = z.object({
  tenantName: z.string(),
  email: z.string(),
  role: roleSchema,
  needs: z.enum(['password', 'sign-in', 'nothing']).meta({
    description:
      'password: send name and password with the acceptance; sign-in: sign in as `email` first; nothing: accept as you are',
  }),
  expiresAt: z.iso.datetime(),
});
export type InvitationPreview = z.infer<typeof invitationPreviewSchema>;
