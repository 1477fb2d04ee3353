// The part of the typed client that is about people: signing in, tenants, members, tokens, audit, and what platform admins do.
import type { z } from 'zod';
import type { Role } from './access.ts';
import {
  type AdminPerson,
  type AdminTenant,
  adminPersonListSchema,
  adminPersonSchema,
  adminStoreListSchema,
  adminTenantListSchema,
  adminTenantSchema,
  type changeAdminPersonSchema,
  type changeAdminTenantSchema,
  createdTenantSchema,
  type createTenantSchema,
  type listAllStoresQuerySchema,
  type listPeopleQuerySchema,
} from './admin.ts';
import {
  type AuditList,
  type AuditVerdict,
  auditListSchema,
  auditVerdictSchema,
  type listAuditQuerySchema,
} from './audit.ts';
import type { Exchange } from './http-exchange.ts';
import {
  type acceptInvitationSchema,
  type changePasswordSchema,
  type InvitationPreview,
  invitationPreviewSchema,
  type Person,
  personSchema,
  type Session,
  type SessionState,
  type SignIn,
  type SignInLink,
  sessionListSchema,
  sessionStateSchema,
  signInLinkSchema,
} from './session.ts';
import {
  type CreatedInvitation,
  type CreatedToken,
  type CreateToken,
  createdInvitationSchema,
  createdTokenSchema,
  type Invitation,
  invitationListSchema,
  type Member,
  memberListSchema,
  memberSchema,
  type Tenant,
  type Token,
  tenantSchema,
  tokenListSchema,
  tokenSchema,
} from './tenant.ts';

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface Calls {
  get<T>(schema: z.ZodType<T>, path: string, options?: CallOptions & { query?: Exchange['query'] }): Promise<T>;
  /** Sent once. */
  send<T>(
    schema: z.ZodType<T>,
    method: Exchange['method'],
    path: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<T>;
  /** For answers without a body. */
  sendOnly(method: Exchange['method'], path: string, body?: unknown, options?: CallOptions): Promise<void>;
  read(path: string, query: Exchange['query'], options?: CallOptions): Promise<Response>;
}

const API = '/api/v1';
const part = (text: string): string => encodeURIComponent(text);

export function accountCalls({ get, send, sendOnly, read }: Calls) {
  return {
    getSession: (options?: CallOptions): Promise<SessionState> => get(sessionStateSchema, `${API}/session`, options),
    signIn: (how: SignIn, options?: CallOptions): Promise<SessionState> =>
      send(sessionStateSchema, 'POST', `${API}/session`, how, options),
    signOut: (options?: CallOptions): Promise<void> => sendOnly('DELETE', `${API}/session`, undefined, options),
    listSessions: async (options?: CallOptions): Promise<Session[]> =>
      (await get(sessionListSchema, `${API}/sessions`, options)).items,
    endSession: (id: string, options?: CallOptions): Promise<void> =>
      sendOnly('DELETE', `${API}/sessions/${part(id)}`, undefined, options),
    endOtherSessions: (options?: CallOptions): Promise<void> =>
      sendOnly('DELETE', `${API}/sessions`, undefined, options),
    changePerson: (change: { name: string }, options?: CallOptions): Promise<Person> =>
      send(personSchema, 'PATCH', `${API}/person`, change, options),
    changePassword: (change: z.input<typeof changePasswordSchema>, options?: CallOptions): Promise<void> =>
      sendOnly('POST', `${API}/person/password`, change, options),
    requestPasswordReset: (email: string, options?: CallOptions): Promise<void> =>
      sendOnly('POST', `${API}/password-resets`, { email }, options),
    confirmPasswordReset: (token: string, newPassword: string, options?: CallOptions): Promise<SessionState> =>
      send(sessionStateSchema, 'POST', `${API}/password-resets/confirm`, { token, newPassword }, options),
    makeSignInLink: (wish: { email?: string } = {}, options?: CallOptions): Promise<SignInLink> =>
      send(signInLinkSchema, 'POST', `${API}/admin/sign-in-links`, wish, options),

    getTenant: (options?: CallOptions): Promise<Tenant> => get(tenantSchema, `${API}/tenant`, options),
    renameTenant: (name: string, options?: CallOptions): Promise<Tenant> =>
      send(tenantSchema, 'PATCH', `${API}/tenant`, { name }, options),
    listMembers: async (options?: CallOptions): Promise<Member[]> =>
      (await get(memberListSchema, `${API}/members`, options)).items,
    changeMember: (id: string, role: Role, options?: CallOptions): Promise<Member> =>
      send(memberSchema, 'PATCH', `${API}/members/${part(id)}`, { role }, options),
    removeMember: (id: string, options?: CallOptions): Promise<void> =>
      sendOnly('DELETE', `${API}/members/${part(id)}`, undefined, options),
    listInvitations: async (options?: CallOptions): Promise<Invitation[]> =>
      (await get(invitationListSchema, `${API}/invitations`, options)).items,
    createInvitation: (email: string, role: Role, options?: CallOptions): Promise<CreatedInvitation> =>
      send(createdInvitationSchema, 'POST', `${API}/invitations`, { email, role }, options),
    revokeInvitation: (id: string, options?: CallOptions): Promise<void> =>
      sendOnly('DELETE', `${API}/invitations/${part(id)}`, undefined, options),
    previewInvitation: (token: string, options?: CallOptions): Promise<InvitationPreview> =>
      send(invitationPreviewSchema, 'POST', `${API}/invitations/preview`, { token }, options),
    acceptInvitation: (
      acceptance: z.input<typeof acceptInvitationSchema>,
      options?: CallOptions,
    ): Promise<SessionState> => send(sessionStateSchema, 'POST', `${API}/invitations/accept`, acceptance, options),

    listTokens: async (options?: CallOptions): Promise<Token[]> =>
      (await get(tokenListSchema, `${API}/tokens`, options)).items,
    createToken: (token: CreateToken, options?: CallOptions): Promise<CreatedToken> =>
      send(createdTokenSchema, 'POST', `${API}/tokens`, token, options),
    revokeToken: (id: string, options?: CallOptions): Promise<Token> =>
      send(tokenSchema, 'DELETE', `${API}/tokens/${part(id)}`, undefined, options),

    /** `ofPlatform`: of all tenants, for platform admins. */
    listAudit: (
      query: Partial<z.input<typeof listAuditQuerySchema>> & { ofPlatform?: boolean } = {},
      options?: CallOptions,
    ): Promise<AuditList> => {
      const { ofPlatform, ...filter } = query;
      const path = ofPlatform ? `${API}/admin/audit` : `${API}/audit`;
      return get(auditListSchema, path, { ...options, query: filter as Exchange['query'] });
    },
    /** The file as it comes, unread. */
    exportAudit: (
      query: Readonly<Record<string, string | undefined>> & { format: 'csv' | 'json' },
      { ofPlatform, ...options }: CallOptions & { ofPlatform?: boolean } = {},
    ): Promise<Response> => read(ofPlatform ? `${API}/admin/audit/export` : `${API}/audit/export`, query, options),
    verifyAudit: (options?: CallOptions): Promise<AuditVerdict> =>
      get(auditVerdictSchema, `${API}/admin/audit/verify`, options),

    listPeople: (query: z.input<typeof listPeopleQuerySchema> = {}, options?: CallOptions) =>
      get(adminPersonListSchema, `${API}/admin/people`, { ...options, query: query as Exchange['query'] }),
    changeAdminPerson: (
      id: string,
      change: z.input<typeof changeAdminPersonSchema>,
      options?: CallOptions,
    ): Promise<AdminPerson> => send(adminPersonSchema, 'PATCH', `${API}/admin/people/${part(id)}`, change, options),
    listTenants: (query: z.input<typeof listPeopleQuerySchema> = {}, options?: CallOptions) =>
      get(adminTenantListSchema, `${API}/admin/tenants`, { ...options, query: query as Exchange['query'] }),
    createTenant: (tenant: z.input<typeof createTenantSchema>, options?: CallOptions) =>
      send(createdTenantSchema, 'POST', `${API}/admin/tenants`, tenant, options),
    changeAdminTenant: (
      id: string,
      change: z.input<typeof changeAdminTenantSchema>,
      options?: CallOptions,
    ): Promise<AdminTenant> => send(adminTenantSchema, 'PATCH', `${API}/admin/tenants/${part(id)}`, change, options),
    deleteTenant: (id: string, options?: CallOptions): Promise<AdminTenant> =>
      send(adminTenantSchema, 'DELETE', `${API}/admin/tenants/${part(id)}`, undefined, options),
    listAllStores: (query: z.input<typeof listAllStoresQuerySchema> = {}, options?: CallOptions) =>
      get(adminStoreListSchema, `${API}/admin/stores`, { ...options, query: query as Exchange['query'] }),
  };
}
