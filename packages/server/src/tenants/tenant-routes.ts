// A tenant from within: its name, its members and its tokens.
import {
  changeMemberSchema,
  changeTenantSchema,
  createdTokenSchema,
  createTokenSchema,
  hasRole,
  hasScope,
  type Member,
  memberListSchema,
  memberSchema,
  type Role,
  type Scope,
  tenantSchema,
  tokenListSchema,
  tokenSchema,
} from '@souk/contract';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { noteForAudit } from '../audit/audit-note.ts';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { ACCESS, type Actor } from './access.ts';
import { idParams } from './id-params.ts';
import { countOwners, listMembers, readMember, removeMember, setRole } from './member-queries.ts';
import { newSecret } from './secrets.ts';
import { lockQuota, readTenant, renameTenant, toTenant } from './tenant-queries.ts';
import { addToken, listTokens, revokeToken } from './token-queries.ts';

export interface TenantRoutesOptions {
  readonly db: Db;
  readonly actorOf: (request: FastifyRequest) => Actor;
}

const noBody = z.union([z.undefined(), z.null(), z.strictObject({})]);
const empty = z.null().meta({ description: 'Done' });

/** What a role must be for a token to be given that scope: nobody hands out more than they have. */
const ROLE_OF_SCOPE: Readonly<Record<Scope, Role>> = {
  'stores:read': 'viewer',
  'stores:write': 'member',
  admin: 'admin',
};

export const tenantRoutes: FastifyPluginAsyncZod<TenantRoutesOptions> = async (app, { db, actorOf }) => {
  app.get(
    '/tenant',
    {
      config: { access: ACCESS.readStores },
      schema: { summary: 'The tenant with its limits', tags: ['tenant'], response: { 200: tenantSchema } },
    },
    async (request) => toTenant(await readTenant(db, actorOf(request).tenantId)),
  );

  app.patch(
    '/tenant',
    {
      config: { access: ACCESS.administerTenant, audit: 'tenant.rename' },
      schema: {
        summary: 'Rename the tenant',
        tags: ['tenant'],
        body: changeTenantSchema,
        response: { 200: tenantSchema },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request);
      const { name } = request.body;
      noteForAudit(request, { target: tenantId, details: { name } });
      return await inTransaction(db, async (tx) => {
        if (!(await renameTenant(tx, tenantId, name))) {
          throw new AppError('name_taken', `A tenant called "${name}" exists already; choose another name.`);
        }
        return toTenant(await readTenant(tx, tenantId));
      });
    },
  );

  app.get(
    '/members',
    {
      config: { access: ACCESS.readTenant },
      schema: { summary: 'Who is in the tenant', tags: ['tenant'], response: { 200: memberListSchema } },
    },
    async (request) => ({ items: await listMembers(db, actorOf(request).tenantId) }),
  );

  app.patch(
    '/members/:id',
    {
      config: { access: ACCESS.administerTenant, audit: 'member.change_role' },
      schema: {
        summary: "Change a member's role",
        tags: ['tenant'],
        params: idParams,
        body: changeMemberSchema,
        response: { 200: memberSchema },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { role } = request.body;
      const personId = request.params.id;
      noteForAudit(request, { target: personId, details: { role } });
      return await inTransaction(db, async (tx) => {
        await lockQuota(tx, actor.tenantId);
        const member = await existingMember(tx, actor.tenantId, personId);
        refuseUnlessOwner(actor, [member.role, role]);
        await setRole(tx, { tenantId: actor.tenantId, personId, role });
        await refuseWithoutOwner(tx, actor.tenantId, member);
        return { ...member, role };
      });
    },
  );

  app.delete(
    '/members/:id',
    {
      // Everyone may leave; that others need an admin is decided below.
      config: { access: ACCESS.readTenant, audit: 'member.remove' },
      schema: {
        summary: 'Remove a member, or leave',
        description: 'Their tokens of this tenant end with it.',
        tags: ['tenant'],
        params: idParams,
        body: noBody,
        response: { 204: empty },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const personId = request.params.id;
      noteForAudit(request, { target: personId });
      const isLeaving = personId === actor.personId;
      if (!isLeaving && !hasRole(actor.role, 'admin')) {
        throw new AppError('forbidden', 'Removing others needs the role admin.');
      }
      await inTransaction(db, async (tx) => {
        await lockQuota(tx, actor.tenantId);
        const member = await existingMember(tx, actor.tenantId, personId);
        refuseUnlessOwner(actor, [member.role]);
        await removeMember(tx, actor.tenantId, personId);
        await refuseWithoutOwner(tx, actor.tenantId, member);
      });
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/tokens',
    {
      config: { access: ACCESS.readTenant },
      schema: {
        summary: "One's own tokens; admins see all of the tenant",
        tags: ['tenant'],
        response: { 200: tokenListSchema },
      },
    },
    async (request) => ({ items: await listTokens(db, tokensOf(actorOf(request))) }),
  );

  app.post(
    '/tokens',
    {
      config: { access: ACCESS.readTenant, audit: 'token.create' },
      schema: {
        summary: 'Make an API token',
        description: 'The answer is the only place where the token is ever shown.',
        tags: ['tenant'],
        body: createTokenSchema,
        response: { 201: createdTokenSchema },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const { name, scopes, expiresInDays } = request.body;
      noteForAudit(request, { details: { name, scopes } });
      for (const scope of scopes) {
        if (!hasRole(actor.role, ROLE_OF_SCOPE[scope])) {
          throw new AppError('forbidden', `A token with the scope ${scope} needs the role ${ROLE_OF_SCOPE[scope]}.`);
        }
        if (actor.scopes !== null && !hasScope(actor.scopes, scope)) {
          throw new AppError('forbidden', `This token has no scope ${scope} to hand on; sign in, or use one that has.`);
        }
      }
      // A token of the platform's own makes tokens of the tenant, which are no platform admins.
      const secret = newSecret('souk_');
      const { tenantId, personId } = actor;
      const token = await addToken(db, {
        tenantId,
        personId,
        name,
        secret,
        scopes,
        expiresInDays: expiresInDays ?? null,
      });
      noteForAudit(request, { target: token.id });
      return reply.code(201).send({ token, secret });
    },
  );

  app.delete(
    '/tokens/:id',
    {
      config: { access: ACCESS.readTenant, audit: 'token.revoke' },
      schema: {
        summary: 'Revoke a token',
        tags: ['tenant'],
        params: idParams,
        body: noBody,
        response: { 200: tokenSchema },
      },
    },
    async (request) => {
      const { id } = request.params;
      noteForAudit(request, { target: id });
      const token = await revokeToken(db, tokensOf(actorOf(request)), id);
      if (token === null) {
        throw new AppError('not_found', `There is no token "${id}".`);
      }
      return token;
    },
  );
};

function tokensOf({ tenantId, personId, role }: Actor): { tenantId: string; personId: string | null } {
  return { tenantId, personId: hasRole(role, 'admin') ? null : personId };
}

async function existingMember(tx: Tx, tenantId: string, personId: string): Promise<Member> {
  const member = await readMember(tx, tenantId, personId);
  if (member === null) {
    throw new AppError('not_found', `The tenant has no member "${personId}".`);
  }
  return member;
}

function refuseUnlessOwner(actor: Actor, roles: readonly Role[]): void {
  if (roles.includes('owner') && actor.role !== 'owner') {
    throw new AppError('forbidden', 'Only an owner makes or unmakes owners.');
  }
}

/** `changed` is the member as they were: whose change leaves the owners as they are is not held up. */
async function refuseWithoutOwner(tx: Tx, tenantId: string, changed: Member): Promise<void> {
  if (changed.role === 'owner' && (await countOwners(tx, tenantId)) === 0) {
    throw new AppError('last_owner', 'A tenant needs an owner; make somebody else one first.');
  }
}
