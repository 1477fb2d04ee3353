// What platform admins may do beyond any tenant.
import { makeSignInLinkSchema, signInLinkSchema } from '@souk/contract';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { noteForAudit } from '../audit/audit-note.ts';
import type { Db } from '../db/database.ts';
import type { SignInService } from '../people/sign-in-service.ts';
import { ACCESS, type Caller } from '../tenants/access.ts';

export interface AdminRoutesOptions {
  readonly db: Db;
  readonly signIns: SignInService;
  readonly callerOf: (request: FastifyRequest) => Caller | null;
}

const tags = ['admin'];

export const adminRoutes: FastifyPluginAsyncZod<AdminRoutesOptions> = async (app, { signIns, callerOf }) => {
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
      const caller = callerOf(request);
      if (caller === null) {
        throw new Error('a platform route was reached by nobody');
      }
      const { personId, ...link } = await signIns.makeLink(caller, request.body.email);
      noteForAudit(request, { target: personId, details: { email: link.email } });
      return reply.code(201).send(link);
    },
  );
};
