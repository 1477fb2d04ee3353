// Who asks, and whether they ask too often. Every request below /api/v1 passes here before anything of it is read; a request
// without a valid token counts against its address, one with a token against the token.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Db } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { type RateLimit, takeRateLimit } from '../tenants/rate-limit.ts';
import { type Actor, findActor } from '../tenants/tenant-queries.ts';

export interface AuthOptions {
  readonly db: Db;
  readonly tokenRequestsPerMinute: number;
  readonly addressRequestsPerMinute: number;
}

export interface Auth {
  /** A hook: refuses a request without a valid token, unless the route is open to all. */
  authenticate(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Only behind `authenticate`. */
  actorOf(request: FastifyRequest): Actor;
  /** Null on an open route without a token. */
  findActorOf(request: FastifyRequest): Actor | null;
}

const MINUTE_MS = 60_000;

export function createAuth(options: AuthOptions): Auth {
  const { db } = options;
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
  return {
    async authenticate(request) {
      const token = bearerToken(request.headers.authorization);
      const actor = token === null ? null : await findActor(db, token);
      if (actor === null) {
        await takeRateLimit(db, `address:${request.ip}`, addressLimit);
        if (!isOpen(request)) {
          const why =
            token === null ? 'Send a token: "Authorization: Bearer …".' : 'The token is unknown, expired or revoked.';
          throw new AppError('unauthenticated', why);
        }
        return;
      }
      actors.set(request, actor);
      await takeRateLimit(db, `token:${actor.tokenId}`, tokenLimit);
    },
    actorOf(request) {
      const actor = actors.get(request);
      if (actor === undefined) {
        throw new Error(`${request.url} was reached without authentication`);
      }
      return actor;
    },
    findActorOf: (request) => actors.get(request) ?? null,
  };
}

function isOpen(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { isOpen?: boolean }).isOpen === true;
}

// Longer than any token of ours; what is longer need not be hashed.
const MAX_TOKEN_LENGTH = 256;

function bearerToken(header: string | undefined): string | null {
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(header ?? '')?.[1];
  return token === undefined || token.length > MAX_TOKEN_LENGTH ? null : token;
}
