// Who asks, whether they may, and whether they ask too often. Every request below /api/v1 and /auth passes here before anything of it
// is read: credential → caller → rate limit → origin → the route's access. A request without a valid credential counts against its
// address, any other against its token or person.
import { type Access, hasRole, hasScope, TENANT_HEADER } from '@souk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Db } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { findCallerOfSession, findCallerOfToken } from '../people/callers.ts';
import type { SessionCookies } from '../people/session-cookie.ts';
import type { SessionTokens } from '../people/session-token.ts';
import type { Actor, Caller } from '../tenants/access.ts';
import { type RateLimit, takeRateLimit } from '../tenants/rate-limit.ts';
import { isMutating } from './access-rules.ts';

export interface AuthOptions {
  readonly db: Db;
  readonly tokens: SessionTokens;
  readonly cookies: SessionCookies;
  /** Where a browser's writes may come from. */
  readonly ownOrigins: ReadonlySet<string>;
  readonly tokenRequestsPerMinute: number;
  readonly addressRequestsPerMinute: number;
}

export interface Auth {
  /** A hook: refuses whoever may not use the route. */
  authenticate(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Only on routes of a tenant. */
  actorOf(request: FastifyRequest): Actor;
  /** Null on routes of no tenant, and before `authenticate`. */
  findActorOf(request: FastifyRequest): Actor | null;
  /** For answers that last: whether the caller would still be let in. True while that cannot be found out. */
  isStillWelcome(request: FastifyRequest): Promise<boolean>;
  /** Null on an open route without a valid credential. */
  callerOf(request: FastifyRequest): Caller | null;
}

interface Credential {
  readonly secret: string;
  readonly isCookie: boolean;
}

const MINUTE_MS = 60_000;

export function createAuth(options: AuthOptions): Auth {
  const { db } = options;
  const callers = new WeakMap<FastifyRequest, Caller>();
  const actors = new WeakMap<FastifyRequest, Actor>();
  const tokenLimit: RateLimit = {
    name: 'requests a minute with one token',
    most: options.tokenRequestsPerMinute,
    windowMs: MINUTE_MS,
  };
  const addressLimit: RateLimit = {
    name: 'requests a minute from one address without a token',
    most: options.addressRequestsPerMinute,
    windowMs: MINUTE_MS,
  };

  function credentialOf(request: FastifyRequest): Credential | null {
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) {
      const secret = bearerToken(authorization);
      return secret === null ? null : { secret, isCookie: false };
    }
    const secret = options.cookies.read(cookie);
    return secret === null ? null : { secret, isCookie: true };
  }

  async function findCaller({ secret, isCookie }: Credential): Promise<Caller | null> {
    const session = options.tokens.read(secret);
    if (session !== null) {
      return await findCallerOfSession(db, session);
    }
    return isCookie ? null : await findCallerOfToken(db, secret);
  }

  // Shops live on sibling hosts, which browsers count to the same site: the cookie's SameSite alone would let them write here.
  function checkOrigin(request: FastifyRequest, credential: Credential | null, caller: Caller | null): void {
    const isByCookie = caller !== null && credential?.isCookie === true;
    if (!isMutating(request.method) || (caller !== null && !isByCookie)) {
      return;
    }
    const { origin } = request.headers;
    const isForeign = origin === undefined ? isByCookie : !options.ownOrigins.has(origin);
    if (isForeign) {
      throw new AppError('foreign_origin', 'A browser may write from the platform’s own pages only, or with a token.');
    }
  }

  return {
    async authenticate(request) {
      const credential = credentialOf(request);
      const caller = credential === null ? null : await findCaller(credential);
      if (caller === null) {
        await takeRateLimit(db, `address:${request.ip}`, addressLimit);
      } else {
        callers.set(request, caller);
        await takeRateLimit(db, caller.sessionId === null ? `token:${caller.id}` : `person:${caller.id}`, tokenLimit);
      }
      checkOrigin(request, credential, caller);
      const { access } = request.routeOptions.config;
      if (access === undefined || access.for === 'all') {
        return;
      }
      if (caller === null) {
        const why =
          credential === null
            ? 'Sign in, or send a token'
            : 'The token is unknown, expired or revoked; send another one';
        throw new AppError('unauthenticated', `${why}: "Authorization: Bearer …".`);
      }
      const actor = admit(caller, access, request.headers[TENANT_HEADER]);
      if (actor !== null) {
        actors.set(request, actor);
      }
    },
    actorOf(request) {
      const actor = actors.get(request);
      if (actor === undefined) {
        throw new Error(`${request.url} was reached without a tenant`);
      }
      return actor;
    },
    async isStillWelcome(request) {
      const credential = credentialOf(request);
      const { access } = request.routeOptions.config;
      try {
        const caller = credential === null ? null : await findCaller(credential);
        if (caller !== null && access !== undefined) {
          admit(caller, access, request.headers[TENANT_HEADER]);
        }
        return caller !== null;
      } catch (error) {
        return !(error instanceof AppError);
      }
    },
    findActorOf: (request) => actors.get(request) ?? null,
    callerOf: (request) => callers.get(request) ?? null,
  };
}

/** Throws unless the caller may; answers the actor where the route is a tenant's. */
export function admit(caller: Caller, access: Access, tenant: string | string[] | undefined): Actor | null {
  switch (access.for) {
    case 'all':
      return null;
    case 'person':
      if (caller.sessionId === null) {
        throw new AppError('forbidden', 'This is for people who are signed in; a token cannot do it.');
      }
      return null;
    case 'platform':
      requireScope(caller, 'admin');
      if (!caller.isPlatformAdmin) {
        throw new AppError('forbidden', 'This is for platform admins.');
      }
      return null;
    case 'tenant': {
      const actor = actorIn(caller, tenant);
      requireScope(caller, access.scope);
      if (!hasRole(actor.role, access.role)) {
        throw new AppError('forbidden', `This needs the role ${access.role}; you are ${actor.role}.`);
      }
      return actor;
    }
    default:
      return access satisfies never;
  }
}

function requireScope({ scopes }: Caller, scope: Extract<Access, { for: 'tenant' }>['scope']): void {
  if (scopes !== null && !hasScope(scopes, scope)) {
    throw new AppError('forbidden', `This token has no scope ${scope}; make one that has.`);
  }
}

function actorIn(caller: Caller, wanted: string | string[] | undefined): Actor {
  const { id, personId, scopes, isPlatformAdmin, memberships } = caller;
  const [only, ...others] = memberships;
  if (wanted === undefined && others.length > 0) {
    throw new AppError('tenant_needed', 'You are in several tenants; name one in the header Souk-Tenant.');
  }
  const membership = wanted === undefined ? only : memberships.find(({ tenantId }) => tenantId === wanted);
  if (membership === undefined) {
    const why = wanted === undefined ? 'You are in no tenant; ask to be invited.' : `You are in no tenant "${wanted}".`;
    throw new AppError('tenant_not_found', why);
  }
  const { tenantId, role } = membership;
  return { id, personId, tenantId, role, scopes, isPlatformAdmin };
}

// Longer than any token of ours; what is longer need not be looked at.
const MAX_TOKEN_LENGTH = 1024;

function bearerToken(header: string): string | null {
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(header)?.[1];
  return token === undefined || token.length > MAX_TOKEN_LENGTH ? null : token;
}
