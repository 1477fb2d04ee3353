// Signing in and out, one's own sessions and account: from request to service and back.
import {
  changePasswordSchema,
  changePersonSchema,
  confirmResetSchema,
  type Provider,
  personSchema,
  requestResetSchema,
  type SessionState,
  sessionListSchema,
  sessionStateSchema,
  signInSchema,
} from '@souk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { noteForAudit } from '../audit/audit-note.ts';
import type { Db } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { ACCESS, type Caller } from '../tenants/access.ts';
import { idParams } from '../tenants/id-params.ts';
import { findCallerOfSession } from './callers.ts';
import { readPerson, renamePerson, toPerson } from './person-queries.ts';
import type { SessionCookies } from './session-cookie.ts';
import { endSession, endSessionsOf, listSessions, readSessionExpiry } from './session-queries.ts';
import type { SessionTokens } from './session-token.ts';
import type { SignedIn, SignInOrigin, SignInService } from './sign-in-service.ts';

/** What is true of whoever signs in, by whatever way. */
export interface SignInFacts {
  readonly db: Db;
  readonly cookies: SessionCookies;
  readonly tokens: SessionTokens;
  readonly providers: readonly Provider[];
  readonly hasMail: boolean;
}

export interface SessionRoutesOptions {
  readonly facts: SignInFacts;
  readonly service: SignInService;
  readonly callerOf: (request: FastifyRequest) => Caller | null;
}

export function originOf(request: FastifyRequest): SignInOrigin {
  return { address: request.ip, client: request.headers['user-agent'] ?? null };
}

/** Gives the browser its cookie, tells the audit log who it was, and answers what `GET /session` would. */
export async function welcome(
  facts: SignInFacts,
  request: FastifyRequest,
  reply: FastifyReply,
  signedIn: SignedIn,
): Promise<SessionState> {
  const { personId, sessionId, email } = signedIn;
  reply.header('set-cookie', facts.cookies.write(facts.tokens.issue(signedIn), signedIn.expiresAt));
  noteForAudit(request, { actor: { id: personId, name: email }, target: sessionId });
  return await stateOf(facts, await findCallerOfSession(facts.db, { sessionId, personId }));
}

export async function stateOf({ db, providers, hasMail }: SignInFacts, caller: Caller | null): Promise<SessionState> {
  const person = caller?.personId == null ? null : await readPerson(db, caller.personId);
  const sessionId = caller?.sessionId ?? null;
  const expiresAt = sessionId === null ? null : await readSessionExpiry(db, sessionId);
  const memberships = caller?.memberships ?? [];
  return {
    via: caller === null ? null : sessionId === null ? 'token' : 'session',
    person: person === null ? null : toPerson(person),
    sessionId,
    expiresAt: expiresAt?.toISOString() ?? null,
    scopes: caller?.scopes == null ? null : [...caller.scopes],
    tenants: memberships.map(({ tenantId, tenantName, role }) => ({ id: tenantId, name: tenantName, role })),
    providers: [...providers],
    hasMail,
  };
}

const noBody = z.union([z.undefined(), z.null(), z.strictObject({})]);
const empty = z.null().meta({ description: 'Done' });
const tags = ['session'];

export const sessionRoutes: FastifyPluginAsyncZod<SessionRoutesOptions> = async (app, options) => {
  const { facts, service, callerOf } = options;
  const { db, cookies } = facts;
  const personOf = (request: FastifyRequest): { personId: string; sessionId: string } => {
    const caller = callerOf(request);
    if (caller?.personId == null || caller.sessionId === null) {
      throw new Error(`${request.url} was reached without a session`);
    }
    return { personId: caller.personId, sessionId: caller.sessionId };
  };

  app.get(
    '/session',
    {
      config: { access: ACCESS.all },
      schema: { summary: 'Who asks, and how one may sign in', tags, response: { 200: sessionStateSchema } },
    },
    (request) => stateOf(facts, callerOf(request)),
  );

  app.post(
    '/session',
    {
      config: { access: ACCESS.all, audit: 'session.begin' },
      schema: {
        summary: 'Sign in by a one-time link, or by e-mail and password',
        tags,
        body: signInSchema,
        response: { 201: sessionStateSchema },
      },
    },
    async (request, reply) => {
      const how = request.body;
      noteForAudit(request, {
        details: 'email' in how ? { method: 'password', email: how.email } : { method: 'link' },
      });
      const signedIn = await service.signIn(how, originOf(request));
      return reply.code(201).send(await welcome(facts, request, reply, signedIn));
    },
  );

  app.delete(
    '/session',
    {
      config: { access: ACCESS.person, audit: 'session.end' },
      schema: { summary: 'Sign out', tags, body: noBody, response: { 204: empty } },
    },
    async (request, reply) => {
      const { personId, sessionId } = personOf(request);
      await endSession(db, personId, sessionId);
      noteForAudit(request, { target: sessionId });
      return reply.header('set-cookie', cookies.clear()).code(204).send(null);
    },
  );

  app.get(
    '/sessions',
    {
      config: { access: ACCESS.person },
      schema: { summary: 'Where one is signed in', tags, response: { 200: sessionListSchema } },
    },
    async (request) => {
      const { personId, sessionId } = personOf(request);
      return { items: await listSessions(db, personId, sessionId) };
    },
  );

  app.delete(
    '/sessions',
    {
      config: { access: ACCESS.person, audit: 'session.end_others' },
      schema: { summary: 'Sign out everywhere else', tags, body: noBody, response: { 204: empty } },
    },
    async (request, reply) => {
      const { personId, sessionId } = personOf(request);
      await endSessionsOf(db, personId, sessionId);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/sessions/:id',
    {
      config: { access: ACCESS.person, audit: 'session.end' },
      schema: { summary: 'Sign out somewhere', tags, params: idParams, body: noBody, response: { 204: empty } },
    },
    async (request, reply) => {
      const { id } = request.params;
      noteForAudit(request, { target: id });
      if (!(await endSession(db, personOf(request).personId, id))) {
        throw new AppError('not_found', `You have no session "${id}".`);
      }
      return reply.code(204).send(null);
    },
  );

  app.patch(
    '/person',
    {
      config: { access: ACCESS.person, audit: 'person.rename' },
      schema: { summary: "Change one's name", tags, body: changePersonSchema, response: { 200: personSchema } },
    },
    async (request) => {
      const { personId } = personOf(request);
      await renamePerson(db, personId, request.body.name);
      const person = await readPerson(db, personId);
      if (person === null) {
        throw new AppError('not_found', 'The account is gone.');
      }
      noteForAudit(request, { target: personId, details: { name: person.name } });
      return toPerson(person);
    },
  );

  app.post(
    '/person/password',
    {
      config: { access: ACCESS.person, audit: 'person.change_password' },
      schema: {
        summary: "Change one's password",
        description: 'Ends the other sessions.',
        tags,
        body: changePasswordSchema,
        response: { 204: empty },
      },
    },
    async (request, reply) => {
      const person = personOf(request);
      noteForAudit(request, { target: person.personId });
      await service.changePassword(person, request.body, originOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/password-resets',
    {
      config: { access: ACCESS.all, audit: 'person.request_reset' },
      schema: {
        summary: 'Ask for a mail with a link to a new password',
        description: 'Answers alike whether or not anyone has the address.',
        tags,
        body: requestResetSchema,
        response: { 202: z.strictObject({}) },
      },
    },
    async (request, reply) => {
      const { email } = request.body;
      const personId = await service.requestReset(email, originOf(request));
      noteForAudit(request, { details: { email }, ...(personId !== null && { target: personId }) });
      return reply.code(202).send({});
    },
  );

  app.post(
    '/password-resets/confirm',
    {
      config: { access: ACCESS.all, audit: 'person.reset_password' },
      schema: {
        summary: 'Set a new password by the link that was mailed',
        tags,
        body: confirmResetSchema,
        response: { 201: sessionStateSchema },
      },
    },
    async (request, reply) => {
      const { token, newPassword } = request.body;
      const signedIn = await service.confirmReset(token, newPassword, originOf(request));
      return reply.code(201).send(await welcome(facts, request, reply, signedIn));
    },
  );
};
