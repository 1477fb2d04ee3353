// What platform admins may do beyond any tenant: people, tenants and their limits, all stores, one-time sign-in links.
import {
  adminPersonListSchema,
  adminPersonSchema,
  adminStoreListSchema,
  adminTenantListSchema,
  adminTenantSchema,
  changeAdminPersonSchema,
  changeAdminTenantSchema,
  createdTenantSchema,
  createTenantSchema,
  listAllStoresQuerySchema,
  listPeopleQuerySchema,
  listTenantsQuerySchema,
  makeSignInLinkSchema,
  signInLinkSchema,
} from '@souk/contract';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { noteForAudit } from '../audit/audit-note.ts';
import { AppError } from '../errors.ts';
import type { SignInService } from '../people/sign-in-service.ts';
import { ACCESS, type Caller } from '../tenants/access.ts';
import { idParams } from '../tenants/id-params.ts';
import type { AdminService } from './admin-service.ts';

export interface AdminRoutesOptions {
  readonly service: AdminService;
  readonly signIns: SignInService;
  readonly callerOf: (request: FastifyRequest) => Caller | null;
}

const tags = ['admin'];
const noBody = z.union([z.undefined(), z.null(), z.strictObject({})]);

export const adminRoutes: FastifyPluginAsyncZod<AdminRoutesOptions> = async (app, { service, signIns, callerOf }) => {
  const adminOf = (request: FastifyRequest): Caller => {
    const caller = callerOf(request);
    if (caller === null) {
      throw new Error(`${request.url} was reached by nobody`);
    }
    return caller;
  };

  app.get(
    '/admin/people',
    {
      config: { access: ACCESS.platform },
      schema: {
        summary: 'All people',
        tags,
        querystring: listPeopleQuerySchema,
        response: { 200: adminPersonListSchema },
      },
    },
    (request) => service.listPeople(request.query),
  );

  app.patch(
    '/admin/people/:id',
    {
      config: { access: ACCESS.platform, audit: 'person.change' },
      schema: {
        summary: 'Disable or enable a person, or make one a platform admin',
        description: 'Disabling ends all sessions and tokens of the person at once, for good.',
        tags,
        params: idParams,
        body: changeAdminPersonSchema,
        response: { 200: adminPersonSchema },
      },
    },
    async (request) => {
      const { id } = request.params;
      noteForAudit(request, { target: id, details: request.body });
      if (id === adminOf(request).personId) {
        throw new AppError('forbidden', 'Nobody disables or demotes themselves; ask another platform admin.');
      }
      return await service.changePerson(id, request.body);
    },
  );

  app.get(
    '/admin/tenants',
    {
      config: { access: ACCESS.platform },
      schema: {
        summary: 'All tenants',
        tags,
        querystring: listTenantsQuerySchema,
        response: { 200: adminTenantListSchema },
      },
    },
    (request) => service.listTenants(request.query),
  );

  app.post(
    '/admin/tenants',
    {
      config: { access: ACCESS.platform, audit: 'tenant.create' },
      schema: { summary: 'Make a tenant', tags, body: createTenantSchema, response: { 201: createdTenantSchema } },
    },
    async (request, reply) => {
      noteForAudit(request, { details: request.body });
      const created = await service.createTenant(adminOf(request), request.body);
      noteForAudit(request, { target: created.tenant.id, tenantId: created.tenant.id });
      return reply.code(201).send(created);
    },
  );

  app.patch(
    '/admin/tenants/:id',
    {
      config: { access: ACCESS.platform, audit: 'tenant.change' },
      schema: {
        summary: "Change a tenant's name or limits",
        tags,
        params: idParams,
        body: changeAdminTenantSchema,
        response: { 200: adminTenantSchema },
      },
    },
    async (request) => {
      const { id } = request.params;
      noteForAudit(request, { target: id, details: request.body });
      const tenant = await service.changeTenant(id, request.body);
      noteForAudit(request, { tenantId: tenant.id });
      return tenant;
    },
  );

  app.delete(
    '/admin/tenants/:id',
    {
      config: { access: ACCESS.platform, audit: 'tenant.delete' },
      schema: {
        summary: 'Delete a tenant with all its stores',
        description: 'Answers at once; the stores go first, each by its own job, then the tenant.',
        tags,
        params: idParams,
        body: noBody,
        response: { 202: adminTenantSchema },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      noteForAudit(request, { target: id });
      const tenant = await service.deleteTenant(adminOf(request), id);
      noteForAudit(request, { tenantId: tenant.id, details: { name: tenant.name } });
      return reply.code(202).send(tenant);
    },
  );

  app.get(
    '/admin/stores',
    {
      config: { access: ACCESS.platform },
      schema: {
        summary: 'The stores of all tenants, newest first',
        tags,
        querystring: listAllStoresQuerySchema,
        response: { 200: adminStoreListSchema },
      },
    },
    (request) => service.listStores(request.query),
  );

  app.post(
    '/admin/sign-in-links',
    {
      config: { access: ACCESS.platform, audit: 'sign_in_link.create' },
      schema: {
        summary: 'Make a one-time sign-in link for a platform admin',
        description: 'For the first sign-in, and for who lost every other way in. Works once, for 15 minutes.',
        tags,
        body: makeSignInLinkSchema,
        response: { 201: signInLinkSchema },
      },
    },
    async (request, reply) => {
      const { personId, ...link } = await signIns.makeLink(adminOf(request), request.body.email);
      noteForAudit(request, { target: personId, details: { email: link.email } });
      return reply.code(201).send(link);
    },
  );
};
