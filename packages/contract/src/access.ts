// Who may do what: roles of a person in a tenant, scopes of a token, and what each route asks for. A route is open to whoever has
// both the role and, when a token asks, the scope; the OpenAPI document says it for each operation as `x-souk-access`.
import { z } from 'zod';
import { hasNoControls } from './text.ts';

/** From the most to the least. Each may do what those after it may. */
export const ROLES = ['owner', 'admin', 'member', 'viewer'] as const;
export const roleSchema = z.enum(ROLES);
export type Role = z.infer<typeof roleSchema>;

export const SCOPES = ['stores:read', 'stores:write', 'admin'] as const;
export const scopeSchema = z.enum(SCOPES);
export type Scope = z.infer<typeof scopeSchema>;

export function hasRole(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) <= ROLES.indexOf(needed);
}

/** `stores:write` includes `stores:read`; `admin` stands apart, so that a token for members and audit need not touch stores. */
export function hasScope(held: readonly Scope[], needed: Scope): boolean {
  return held.includes(needed) || (needed === 'stores:read' && held.includes('stores:write'));
}

export type Access =
  /** Anyone, signed in or not. */
  | { readonly for: 'all' }
  /** A signed-in person, about themselves; no token. */
  | { readonly for: 'person' }
  /** Within one tenant: that role, and for a token that scope too. */
  | { readonly for: 'tenant'; readonly role: Role; readonly scope: Scope }
  /** A platform admin, or a platform admin's token with the scope `admin`. */
  | { readonly for: 'platform' };

/** Names the tenant that a request is about; needed only by those who are in several. */
export const TENANT_HEADER = 'souk-tenant';
export const tenantIdSchema = z
  .string()
  .regex(/^ten_[a-z0-9]{10}$/, 'must be "ten_" followed by 10 lower-case letters or digits')
  .meta({ example: 'ten_5m2k9x0q7a' });
export const personIdSchema = z
  .string()
  .regex(/^per_[a-z0-9]{10}$/, 'must be "per_" followed by 10 lower-case letters or digits')
  .meta({ example: 'per_3k9x0q7m2a' });

/** Compared without regard to case; kept in lower case. */
export const emailSchema = z
  .email('must be an e-mail address')
  .max(254, 'must be an e-mail address of at most 254 characters')
  .transform((email) => email.toLowerCase());

const plainText = (most: number) =>
  z
    .string()
    .trim()
    .min(1, `must have 1 to ${most} characters`)
    .max(most, `must have 1 to ${most} characters`)
    .refine(hasNoControls, 'may not hold control characters')
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode');
export const personNameSchema = plainText(80);
export const tenantNameSchema = plainText(80);
export const tokenNameSchema = plainText(80);

export const PASSWORD_MIN_LENGTH = 12;
export const PASSWORD_MAX_LENGTH = 128;
export const passwordSchema = z
  .string()
  .min(PASSWORD_MIN_LENGTH, 'must have 12 to 128 characters')
  .max(PASSWORD_MAX_LENGTH, 'must have 12 to 128 characters')
  .refine((password) => password.isWellFormed(), 'must be well-formed Unicode');
