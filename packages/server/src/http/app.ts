// The HTTP application: what every request passes through, in order, and the list of all routes. Needs no open port: tests inject.
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import type { Provider } from '@souk/contract';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync, fastify, LogController } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { ProviderConfig } from '../account-variables.ts';
import { adminRoutes } from '../admin/admin-routes.ts';
import { createAdminService } from '../admin/admin-service.ts';
import { auditRoutes } from '../admin/audit-routes.ts';
import type { Db } from '../db/database.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { AppError } from '../errors.ts';
import type { EventHub } from '../events/event-hub.ts';
import type { StoreReader } from '../kube/kube.ts';
import type { Log } from '../log.ts';
import { createOutbox } from '../mail/outbox.ts';
import type { Metrics } from '../metrics.ts';
import { invitationRoutes } from '../people/invitation-routes.ts';
import { createInvitationService } from '../people/invitation-service.ts';
import { providerRoutes } from '../people/providers/provider-routes.ts';
import { createProviderService } from '../people/providers/provider-service.ts';
import { createSessionCookies } from '../people/session-cookie.ts';
import { sessionRoutes } from '../people/session-routes.ts';
import { createSessionTokens } from '../people/session-token.ts';
import { createSignInService } from '../people/sign-in-service.ts';
import type { PublicAddress } from '../stores/store.ts';
import { createStoreInsight } from '../stores/store-insight.ts';
import { storeRoutes } from '../stores/store-routes.ts';
import { createStoreService } from '../stores/store-service.ts';
import { tenantRoutes } from '../tenants/tenant-routes.ts';
import { logAccess } from './access-log.ts';
import { listOwnOrigins, requireAccessRules } from './access-rules.ts';
import { createAuth } from './auth.ts';
import { registerDashboard, sendPage, wantsPage } from './dashboard-routes.ts';
import { docsRoutes } from './docs-routes.ts';
import { sendError, toInvalidRequest, toProblem } from './error-response.ts';
import { eventStreamRoutes } from './event-stream.ts';
import { answerPreflight, isPreflight, setHeaders } from './headers.ts';
import { healthRoutes } from './health-routes.ts';
import { createLastingAccess } from './lasting-access.ts';
import { createMethodIndex } from './method-index.ts';
import { openapiOptions } from './openapi.ts';
import { platformRoutes } from './platform-routes.ts';
import { recordAudit } from './record-audit.ts';
import { listStaticFiles } from './static-files.ts';

export interface AppOptions {
  readonly db: Db;
  readonly hub: EventHub;
  readonly reader: StoreReader;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly version: string;
  readonly address: PublicAddress;
  readonly platformKey: Buffer;
  readonly profile: 'local' | 'production';
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly tokenRequestsPerMinute: number;
  readonly addressRequestsPerMinute: number;
  readonly storeCreatesPerHour: number;
  readonly maxStores: number;
  readonly signInsPerMinute: number;
  /** Where people reach the platform; no slash at the end. */
  readonly platformUrl: string;
  readonly sessionSecret: string;
  readonly providers: readonly ProviderConfig[];
  readonly signUpDomains: readonly string[];
  readonly newTenantMaxStores: number;
  /** Whether workers send mail. */
  readonly hasMail: boolean;
  /** False once the process is told to stop: load balancers then look elsewhere. */
  readonly isServing: () => boolean;
  readonly streamHeartbeatMs?: number;
  /** The built dashboard; null where this process serves none. */
  readonly dashboardFolder?: string | null;
}

const BODY_LIMIT = 64 * 1024;
const STREAM_HEARTBEAT_MS = 15_000;
// What requests under way have to end in; shorter than a phase of the shutdown.
const CLOSE_WITHIN_MS = 5_000;

export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { db, engines, metrics } = options;
  const ownOrigins = listOwnOrigins(options);
  const headerOptions = { ...options, corsOrigins: ownOrigins, publicScheme: options.address.scheme };
  const app = fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    // access-log.ts writes the one line per request.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: BODY_LIMIT,
    trustProxy: [...options.trustedProxies],
    requestIdHeader: false,
    genReqId: (request) => givenRequestId(request.headers['x-request-id']) ?? randomUUID(),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // A slow sender must not hold a connection for ever.
    requestTimeout: 30_000,
    frameworkErrors: (error, request, reply) => {
      setHeaders(headerOptions, request, reply);
      sendError(error, request, reply);
    },
    clientErrorHandler: answerBrokenRequest,
  });

  app.setSerializerCompiler(serializerCompiler);
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? { value: parsed.data } : { error: toInvalidRequest(parsed.error, httpPart ?? 'request') };
  });
  acceptJsonOnly(app);
  requireAccessRules(app);
  const methods = createMethodIndex(app);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  const dashboard = options.dashboardFolder == null ? null : await listStaticFiles(options.dashboardFolder);
  app.setNotFoundHandler((request, reply) => {
    if (dashboard !== null && wantsPage(request)) {
      return sendPage(dashboard, request, reply);
    }
    const allow = methods.allowedAt(request.url);
    return sendError(
      allow.length > 0
        ? new AppError('method_not_allowed', `This address answers ${allow.join(', ')}.`, { allow })
        : new AppError('not_found', 'There is nothing at this address.'),
      request,
      reply,
    );
  });

  app.addHook('onRequest', async (request, reply) => {
    setHeaders(headerOptions, request, reply);
    if (isPreflight(request)) {
      return answerPreflight(reply);
    }
    return undefined;
  });
  app.addHook('preClose', async () => {
    // A browser opens connections before it needs them; Node takes one that never spoke for busy and would wait a minute for it.
    setTimeout(() => app.server.closeAllConnections(), CLOSE_WITHIN_MS).unref();
  });
  app.addHook('onResponse', async (request, reply) => logAccess(request, reply, metrics));

  await app.register(swagger, openapiOptions(options.version));
  const isSecure = options.address.scheme === 'https';
  const cookies = createSessionCookies(isSecure);
  const tokens = createSessionTokens(options.sessionSecret, options.platformUrl);
  const auth = createAuth({ ...options, tokens, cookies, ownOrigins });
  const outbox = options.hasMail ? createOutbox(options.platformKey) : null;
  const signIns = createSignInService({ ...options, baseDomain: options.address.baseDomain, outbox });
  const signInFacts = { db, cookies, tokens, providers: toProviders(options.providers), hasMail: options.hasMail };
  const invitations = createInvitationService({ db, platformUrl: options.platformUrl, outbox, signIns });
  const byProvider = createProviderService({ ...options, signIns });
  const service = createStoreService({
    db,
    engines,
    address: options.address,
    platformKey: options.platformKey,
    createsPerHour: options.storeCreatesPerHour,
    maxStores: options.maxStores,
  });
  const admin = createAdminService({ ...options, rendering: service.rendering, invitations });
  const insight = createStoreInsight({ db, reader: options.reader, rendering: service.rendering });
  const { actorOf, callerOf } = auth;
  const access = createLastingAccess(auth, options.hub);

  const api: FastifyPluginAsync = async (scope) => {
    scope.addHook('onRequest', auth.authenticate);
    recordAudit(scope, { db, auth });
    await scope.register(sessionRoutes, { facts: signInFacts, service: signIns, callerOf });
    await scope.register(invitationRoutes, { facts: signInFacts, service: invitations, actorOf, callerOf });
    await scope.register(tenantRoutes, { db, actorOf });
    await scope.register(adminRoutes, { service: admin, signIns, callerOf });
    await scope.register(auditRoutes, { db, actorOf });
    await scope.register(storeRoutes, { db, service, insight, actorOf, whileWelcome: access.watch });
    await scope.register(eventStreamRoutes, {
      hub: options.hub,
      auth,
      access,
      metrics,
      heartbeatMs: options.streamHeartbeatMs ?? STREAM_HEARTBEAT_MS,
    });
    await scope.register(platformRoutes, { db, engines, version: options.version, actorOf });
  };
  await app.register(api, { prefix: '/api/v1' });
  await app.register(async (scope) => {
    scope.addHook('onRequest', auth.authenticate);
    recordAudit(scope, { db, auth });
    await scope.register(providerRoutes, { facts: signInFacts, service: byProvider, signIns, isSecure });
  });
  await app.register(healthRoutes, { db, metrics, isServing: options.isServing });
  await app.register(docsRoutes, { hasHome: dashboard === null });
  if (dashboard !== null) {
    registerDashboard(app, dashboard);
  }
  return app;
}

function toProviders(providers: readonly ProviderConfig[]): Provider[] {
  return providers.map(({ name, title }) => ({ name, title, startUrl: `/auth/oidc/${name}/start` }));
}

// JSON is the only body; an empty one is no body, because many clients name a content type whatever they send.
function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = String(body);
    if (text.trim() === '') {
      done(null, undefined);
      return;
    }
    try {
      done(null, JSON.parse(text));
    } catch (cause) {
      done(
        new AppError('invalid_request', 'The body is not valid JSON.', {
          cause,
          fields: [{ field: 'body', message: 'is not valid JSON' }],
        }),
      );
    }
  });
}

function givenRequestId(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && /^[A-Za-z0-9_-]{8,64}$/.test(header) ? header : null;
}

// What Node's own parser refuses never becomes a request; it is answered here, in the same form.
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const message = isTooLarge ? 'The headers are too large.' : 'The request is not well-formed HTTP.';
  const body = JSON.stringify(toProblem(new AppError('invalid_request', message), randomUUID()));
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
