// `/auth/oidc/{provider}/…`: a browser leaves for its provider and comes back. Whatever goes wrong is told by the sign-in page.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { noteForAudit } from '../../audit/audit-note.ts';
import { AppError } from '../../errors.ts';
import { ACCESS } from '../../tenants/access.ts';
import { readCookie } from '../session-cookie.ts';
import { originOf, type SignInFacts, welcome } from '../session-routes.ts';
import type { SignInService } from '../sign-in-service.ts';
import { ProviderRefusal } from './provider-client.ts';
import { ownPath, type ProviderService } from './provider-service.ts';

export interface ProviderRoutesOptions {
  readonly facts: SignInFacts;
  readonly service: ProviderService;
  readonly signIns: SignInService;
  readonly isSecure: boolean;
}

const params = z.object({ provider: z.string().regex(/^[a-z0-9-]{1,40}$/, 'is not the name of a provider') });
const COOKIE = 'souk_sign_in';
const tags = ['session'];
const redirect = z.null().meta({ description: 'On to the next page' });

export const providerRoutes: FastifyPluginAsyncZod<ProviderRoutesOptions> = async (app, options) => {
  const { facts, service, signIns } = options;
  const cookie = (secret: string): string =>
    `${COOKIE}=${secret}; Path=/auth/; HttpOnly; SameSite=Lax; Max-Age=600${options.isSecure ? '; Secure' : ''}`;
  const goTo = (reply: FastifyReply, path: string) => reply.code(302).header('location', path).send(null);
  const complain = (reply: FastifyReply, problem: string, returnTo = '/') =>
    goTo(reply, `/sign-in?${new URLSearchParams({ error: problem, ...(returnTo !== '/' && { returnTo }) })}`);

  app.get(
    '/auth/oidc/:provider/start',
    {
      config: { access: ACCESS.all },
      schema: {
        summary: 'Sign in by a provider',
        description: 'For browsers: leads to the provider.',
        tags,
        params,
        querystring: z.object({ returnTo: z.string().max(2_000).optional() }),
        response: { 302: redirect },
      },
    },
    async (request, reply) => {
      const { provider } = request.params;
      const returnTo = ownPath(request.query.returnTo);
      if (!service.has(provider)) {
        throw new AppError('not_found', `There is no sign-in provider "${provider}".`);
      }
      try {
        await signIns.countAttempt(originOf(request));
        // The same secret for all tabs of a browser, so that one does not spoil the other's sign-in.
        const begun = await service.begin(provider, returnTo, browserSecretOf(request) ?? undefined);
        if (begun === null) {
          return complain(reply, 'expired', returnTo);
        }
        reply.header('set-cookie', cookie(begun.browserSecret));
        return goTo(reply, begun.url);
      } catch (error) {
        if (error instanceof ProviderRefusal) {
          request.log.warn({ err: error, provider }, 'a sign-in provider could not be reached');
          return complain(reply, error.reason, returnTo);
        }
        if (error instanceof AppError && error.code === 'rate_limited') {
          return complain(reply, 'rate_limited', returnTo);
        }
        throw error;
      }
    },
  );

  app.get(
    '/auth/oidc/:provider/callback',
    {
      config: { access: ACCESS.all, audit: 'session.begin' },
      schema: {
        summary: 'Come back from a provider',
        description: 'For browsers: leads to where the sign-in began, or to the sign-in page with `error`.',
        tags,
        params,
        response: { 302: redirect },
      },
    },
    async (request, reply) => {
      const { provider } = request.params;
      const query = request.url.split('?')[1] ?? '';
      const state = new URLSearchParams(query).get('state') ?? '';
      const browserSecret = browserSecretOf(request) ?? '';
      const outcome = await service.finish(provider, { query, state, browserSecret }, originOf(request));
      noteForAudit(request, { details: { method: 'provider', provider } });
      if ('problem' in outcome) {
        const { problem, cause, email } = outcome;
        request.log.warn({ err: cause, provider, problem }, 'a sign-in by a provider failed');
        noteForAudit(request, { refusal: problem, ...(email !== undefined && { details: { email } }) });
        return complain(reply, problem);
      }
      await welcome(facts, request, reply, outcome.signedIn);
      return goTo(reply, outcome.returnTo);
    },
  );
};

function browserSecretOf(request: FastifyRequest): string | null {
  const secret = readCookie(request.headers.cookie, COOKIE);
  return secret !== null && /^[\w-]{32}$/.test(secret) ? secret : null;
}
