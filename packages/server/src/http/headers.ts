// Headers on every answer: what browsers must not do with it, and which origins may read it.
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface HeaderOptions {
  readonly profile: 'local' | 'production';
  /** In production: whose pages may call with credentials. */
  readonly corsOrigins: ReadonlySet<string>;
  readonly publicScheme: 'http' | 'https';
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const;

export function setHeaders(options: HeaderOptions, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(SECURITY_HEADERS);
  reply.header('x-request-id', request.id);
  if (options.publicScheme === 'https') {
    reply.header('strict-transport-security', 'max-age=31536000; includeSubDomains');
  }
  const { origin } = request.headers;
  if (options.profile === 'local') {
    // Without credentials: a page elsewhere can use a token that it was given, never one that the browser holds.
    reply.header('access-control-allow-origin', '*');
  } else {
    reply.header('vary', 'Origin');
    if (origin !== undefined && options.corsOrigins.has(origin)) {
      reply.header('access-control-allow-origin', origin);
      reply.header('access-control-allow-credentials', 'true');
    }
  }
  reply.header('access-control-expose-headers', 'X-Request-Id, Retry-After');
}

export function isPreflight(request: FastifyRequest): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}

export function answerPreflight(reply: FastifyReply): FastifyReply {
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': 'GET, POST, PATCH, DELETE, OPTIONS',
      'access-control-allow-headers':
        'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Souk-Tenant, X-Request-Id',
      'access-control-max-age': '600',
    })
    .send();
}
