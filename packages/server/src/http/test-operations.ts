// Every operation that the OpenAPI document names, with an example of a call: what the tests about access and audit are made of. An
// operation without an example fails those tests, so that a new route cannot be forgotten.
import { type Access, type Role, type Scope, tenantSchema } from '@souk/contract';
import { sql } from 'kysely';
import { z } from 'zod';
import { newId } from '../ids.ts';
import { hashSecret, newSecret } from '../tenants/secrets.ts';
import type { TestAnswer, TestApp, TestTenant } from './test-app.ts';

export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly access: Access;
  /** What the audit log calls it. */
  readonly audit: string | null;
}

const operationSchema = z.object({
  'x-souk-access': z.custom<Access>().optional(),
  'x-souk-audit': z.string().optional(),
});
const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), operationSchema)) });

/** Those below /api/v1. */
export async function listOperations(world: TestApp): Promise<readonly Operation[]> {
  const { paths } = documentSchema.parse((await world.call(null, 'GET', '/openapi.json')).json);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]): Operation[] => {
      const access = operation['x-souk-access'];
      if (!path.startsWith('/api/v1/')) {
        return [];
      }
      if (access === undefined) {
        throw new Error(`${method} ${path} does not say who may use it`);
      }
      const name = `${method.toUpperCase()} ${path.slice('/api/v1'.length)}`;
      return [{ name, method: method.toUpperCase(), path, access, audit: operation['x-souk-audit'] ?? null }];
    }),
  );
}

const PASSWORD = 'correct horse battery';
let counter = 0;
const fresh = (): string => {
  counter += 1;
  return `n${counter}-${Date.now().toString(36)}`;
};

/** A body that the operation takes; undefined where it takes none. */
const BODIES: Readonly<Record<string, () => object | undefined>> = {
  'POST /session': () => ({ email: 'nobody@example.com', password: PASSWORD }),
  'DELETE /session': () => undefined,
  'DELETE /sessions': () => undefined,
  'DELETE /sessions/{id}': () => undefined,
  'PATCH /person': () => ({ name: 'Somebody Else' }),
  'POST /person/password': () => ({ newPassword: PASSWORD }),
  'POST /password-resets': () => ({ email: 'nobody@example.com' }),
  'POST /password-resets/confirm': () => ({ token: 'x'.repeat(32), newPassword: PASSWORD }),
  'PATCH /tenant': () => ({ name: fresh() }),
  'PATCH /members/{id}': () => ({ role: 'viewer' }),
  'DELETE /members/{id}': () => undefined,
  'POST /tokens': () => ({ name: 'ci', scopes: ['stores:read'] }),
  'DELETE /tokens/{id}': () => undefined,
  'POST /invitations': () => ({ email: `${fresh()}@example.com`, role: 'viewer' }),
  'DELETE /invitations/{id}': () => undefined,
  'POST /invitations/preview': () => ({ token: 'x'.repeat(32) }),
  'POST /invitations/accept': () => ({ token: 'x'.repeat(32) }),
  'POST /stores': () => ({ name: fresh(), engine: 'test-shop' }),
  'DELETE /stores/{id}': () => undefined,
  'POST /stores/{id}/retry': () => undefined,
  'POST /stores/{id}/repair': () => undefined,
  'POST /stores/{id}/credentials': () => undefined,
  'POST /stores/{id}/credentials/reset': () => undefined,
  'POST /admin/sign-in-links': () => ({}),
  'PATCH /admin/people/{id}': () => ({ isPlatformAdmin: false }),
  'POST /admin/tenants': () => ({ name: fresh() }),
  'PATCH /admin/tenants/{id}': () => ({ maxStores: 7 }),
  'DELETE /admin/tenants/{id}': () => undefined,
};
/** What a GET needs beyond its path. */
const QUERIES: Readonly<Record<string, string>> = { 'GET /stores/{id}/logs': '?pod=web-0' };

export interface Targets {
  readonly store: string;
  readonly member: string;
  readonly token: string;
  readonly session: string;
  readonly invitation: string;
  readonly tenant: string;
}

const TARGET_OF: Readonly<Record<string, keyof Targets>> = {
  '/stores/': 'store',
  '/members/': 'member',
  '/tokens/': 'token',
  '/sessions/': 'session',
  '/invitations/': 'invitation',
  '/admin/people/': 'member',
  '/admin/tenants/': 'tenant',
};

export async function callOperation(
  world: TestApp,
  operation: Operation,
  { as, targets, headers = {} }: { as: TestTenant | null; targets: Targets; headers?: Record<string, string> },
): Promise<TestAnswer> {
  const { method, path, name } = operation;
  const body = BODIES[name];
  if (method !== 'GET' && body === undefined) {
    throw new Error(`${name} has no example in test-operations.ts`);
  }
  const rest = path.slice('/api/v1'.length);
  const prefix = Object.keys(TARGET_OF).find((candidate) => rest.startsWith(candidate));
  const target = prefix === undefined ? undefined : TARGET_OF[prefix];
  if (path.includes('{id}') && target === undefined) {
    throw new Error(`${name} has no target in test-operations.ts`);
  }
  const url = path.replace('{id}', target === undefined ? '' : targets[target]);
  // A cursor that is none: a stream that would be opened answers 400 instead.
  const more = { 'last-event-id': 'none', ...headers };
  return await world.call(as, method, `${url}${QUERIES[name] ?? ''}`, body?.(), more);
}

export interface TokenOptions {
  readonly scopes?: readonly Scope[];
  readonly personId?: string;
  readonly isRevoked?: boolean;
  readonly isExpired?: boolean;
  readonly isPlatform?: boolean;
}

export async function addTestToken(
  world: TestApp,
  tenant: TestTenant,
  options: TokenOptions = {},
): Promise<TestTenant> {
  const secret = newSecret('souk_');
  const id = newId('tok');
  await sql`
    insert into tokens (id, tenant_id, name, token_hash, scopes, person_id, is_platform, revoked_at, expires_at)
    values (${id}, ${tenant.id}, 'test', ${hashSecret(secret)},
      ${[...(options.scopes ?? ['stores:read', 'stores:write', 'admin'])]}::text[], ${options.personId ?? null},
      ${options.isPlatform ?? false}, ${options.isRevoked ? sql`now()` : null},
      ${options.isExpired ? sql`now() - interval '1 second'` : null})`.execute(world.db);
  return { id, token: secret };
}

/** One of everything in a tenant, for routes that name one by id. */
export async function addTargets(world: TestApp, tenant: TestTenant): Promise<Targets> {
  const { json } = await world.call(tenant, 'POST', '/api/v1/stores', { name: fresh(), engine: 'test-shop' });
  const person = await world.addPerson(tenant, 'member', {});
  const token = await addTestToken(world, tenant);
  const invitation = newId('inv');
  await sql`
    insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
    values (${invitation}, ${tenant.id}, ${`${fresh()}@example.com`}, 'viewer', ${hashSecret(newSecret())}, 'test',
      now() + interval '1 day')`.execute(world.db);
  return {
    store: json.store.id,
    member: person.id,
    token: token.id,
    session: person.sessionId,
    invitation,
    tenant: tenantSchema.shape.id.parse(tenant.id),
  };
}

export const ALL_ROLES: readonly Role[] = ['owner', 'admin', 'member', 'viewer'];
