// Invitations: from request to service and back.
import {
  acceptInvitationSchema,
  createdInvitationSchema,
  createInvitationSchema,
  invitationListSchema,
  invitationPreviewSchema,
  previewInvitationSchema,
  sessionStateSchema,
} from '@souk/contract';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { noteForAudit } from '../audit/audit-note.ts';
import { AppError } from '../errors.ts';
import { ACCESS, type Actor, type Caller } from '../tenants/access.ts';
import { idParams } from '../tenants/id-params.ts';
import { findCallerOfSession } from './callers.ts';
import { listInvitations, revokeInvitation, toInvitation } from './invitation-queries.ts';
import type { InvitationService } from './invitation-service.ts';
import { originOf, type SignInFacts, stateOf, welcome } from './session-routes.ts';

export interface InvitationRoutesOptions {
  readonly facts: SignInFacts;
  readonly service: InvitationService;
  readonly actorOf: (request: FastifyRequest) => Actor;
  readonly callerOf: (request: FastifyRequest) => Caller | null;
}

const noBody = z.union([z.undefined(), z.null(), z.strictObject({})]);

export const invitationRoutes: FastifyPluginAsyncZod<InvitationRoutesOptions> = async (app, options) => {
  const { facts, service, actorOf, callerOf } = options;
  const { db } = facts;

  app.get(
    '/invitations',
    {
      config: { access: ACCESS.administerTenant },
      schema: { summary: 'Invitations that are still open', tags: ['tenant'], response: { 200: invitationListSchema } },
    },
    async (request) => ({ items: (await listInvitations(db, actorOf(request).tenantId)).map(toInvitation) }),
  );

  app.post(
    '/invitations',
    {
      config: { access: ACCESS.administerTenant, audit: 'invitation.create' },
      schema: {
        summary: 'Invite somebody to the tenant',
        description:
          'The link is in the answer, and mailed where the platform has mail. It works once, for seven days.',
        tags: ['tenant'],
        body: createInvitationSchema,
        response: { 201: createdInvitationSchema },
      },
    },
    async (request, reply) => {
      const { email, role } = request.body;
      noteForAudit(request, { details: { email, role } });
      const { invitation, url, isMailed } = await service.inviteMember(actorOf(request), email, role);
      noteForAudit(request, { target: invitation.id });
      return reply.code(201).send({ invitation: toInvitation(invitation), url, isMailed });
    },
  );

  app.delete(
    '/invitations/:id',
    {
      config: { access: ACCESS.administerTenant, audit: 'invitation.revoke' },
      schema: {
        summary: 'Withdraw an invitation',
        tags: ['tenant'],
        params: idParams,
        body: noBody,
        response: { 204: z.null().meta({ description: 'Done' }) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      noteForAudit(request, { target: id });
      if (!(await revokeInvitation(db, actorOf(request).tenantId, id))) {
        throw new AppError('not_found', `There is no open invitation "${id}".`);
      }
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/invitations/preview',
    {
      // Changes nothing; a POST because the link's secret must not stand in an address, which is logged.
      config: { access: ACCESS.all, audit: null },
      schema: {
        summary: 'What an invitation is to, and what accepting it needs',
        tags: ['session'],
        body: previewInvitationSchema,
        response: { 200: invitationPreviewSchema },
      },
    },
    (request) => service.preview(request.body.token, callerOf(request)),
  );

  app.post(
    '/invitations/accept',
    {
      config: { access: ACCESS.all, audit: 'invitation.accept' },
      schema: {
        summary: 'Join a tenant by an invitation',
        tags: ['session'],
        body: acceptInvitationSchema,
        response: { 201: sessionStateSchema },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { invitation, signedIn } = await service.accept(request.body, caller, originOf(request));
      const { id, tenantId, role } = invitation;
      reply.code(201);
      if (signedIn !== null) {
        const state = await welcome(facts, request, reply, signedIn);
        noteForAudit(request, { tenantId, target: id, details: { role } });
        return reply.send(state);
      }
      noteForAudit(request, { tenantId, target: id, details: { role } });
      const { sessionId, personId } = caller ?? {};
      const now = sessionId == null || personId == null ? null : await findCallerOfSession(db, { sessionId, personId });
      return reply.send(await stateOf(facts, now));
    },
  );
};
