// `/api/v1/stores…`: from request to service and back. No decisions here.
import {
  createStoreSchema,
  credentialsSchema,
  eventListSchema,
  jobListSchema,
  listEventsQuerySchema,
  listStoresQuerySchema,
  logsQuerySchema,
  nameCheckQuerySchema,
  nameCheckSchema,
  podListSchema,
  storeAndJobSchema,
  storeListSchema,
  storeProgressListSchema,
  storeSchema,
  storeUsageSchema,
} from '@souk/contract';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { noteForAudit } from '../audit/audit-note.ts';
import { type Db, inTransaction } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { formatCursor } from '../events/event-cursor.ts';
import { listEventsOfStore, readPositionNow } from '../events/event-queries.ts';
import { listJobsOfSubject } from '../jobs/job-queries.ts';
import { ACCESS, type Actor } from '../tenants/access.ts';
import { createOpenPlaces } from '../tenants/open-places.ts';
import { toJob } from './job.ts';
import { parseListPlace } from './list-place.ts';
import { toStore } from './store.ts';
import type { StoreInsight } from './store-insight.ts';
import { listProgress, listStores } from './store-queries.ts';
import type { StoreService } from './store-service.ts';
import { readUsage } from './usage-queries.ts';

export interface StoreRoutesOptions {
  readonly db: Db;
  readonly service: StoreService;
  readonly insight: StoreInsight;
  readonly actorOf: (request: FastifyRequest) => Actor;
  /** Calls `end` when the caller may no longer have what the request asks for; answers how to stop watching. */
  readonly whileWelcome: (request: FastifyRequest, end: () => void) => () => void;
}

// Not the id's own schema: an id of another shape names no store, which is 404 and not 400.
const params = z.object({ id: z.string().max(100) });
const noBody = z.union([z.undefined(), z.null(), z.strictObject({})]);
const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: 'Repeating a request with it does nothing twice' }),
});
const MAX_JOBS = 100;
// Each is a connection to the cluster for as long as its client stays.
const MAX_FOLLOWED_LOGS_PER_TENANT = 30;
// Each is a request that waits.
const MAX_RESETS_PER_TENANT = 10;

export const storeRoutes: FastifyPluginAsyncZod<StoreRoutesOptions> = async (
  app,
  { db, service, insight, actorOf, whileWelcome },
) => {
  const { rendering } = service;
  const followed = createOpenPlaces('followed logs', MAX_FOLLOWED_LOGS_PER_TENANT);
  const resets = createOpenPlaces('password resets', MAX_RESETS_PER_TENANT);

  app.post(
    '/stores',
    {
      config: { access: ACCESS.writeStores, audit: 'store.create' },
      schema: {
        summary: 'Create a store',
        description: 'Answers at once; the store is ready when its phase is. Follow it by its events.',
        tags: ['stores'],
        headers: idempotencyHeaders,
        body: createStoreSchema,
        response: { 201: storeAndJobSchema },
      },
    },
    async (request, reply) => {
      const { name, engine, plan } = request.body;
      noteForAudit(request, { details: { name, engine, ...(plan !== undefined && { plan }) } });
      const answer = await service.createStore(
        actorOf(request),
        request.body,
        request.headers['idempotency-key'] ?? null,
      );
      noteForAudit(request, { target: answer.store.id });
      return reply.code(201).header('location', `/api/v1/stores/${answer.store.id}`).send(answer);
    },
  );

  app.get(
    '/stores',
    {
      config: { access: ACCESS.readStores },
      schema: {
        summary: 'List stores',
        tags: ['stores'],
        querystring: listStoresQuerySchema,
        response: { 200: storeListSchema },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request);
      const { limit, after, sort, ...filter } = request.query;
      const place = after === undefined ? null : parseListPlace(after);
      if (after !== undefined && place === null) {
        throw new AppError('invalid_request', '`after` is not the `next` of an earlier page.', {
          fields: [{ field: 'after', message: 'must be the `next` of an earlier page' }],
        });
      }
      // One snapshot for both, so that the stream from the cursor carries whatever the list does not show.
      return inTransaction(
        db,
        async (tx) => {
          const { rows, next } = await listStores(tx, { tenantId, ...filter }, { after: place, limit, sort });
          const cursor = formatCursor(await readPositionNow(tx));
          return { items: rows.map((row) => toStore(row, rendering)), next, cursor };
        },
        'repeatable read',
      );
    },
  );

  app.get(
    '/progress',
    {
      config: { access: ACCESS.readStores },
      schema: {
        summary: 'The step that each store under way is in',
        tags: ['stores'],
        response: { 200: storeProgressListSchema },
      },
    },
    async (request) => ({ items: [...(await listProgress(db, actorOf(request).tenantId))] }),
  );

  app.get(
    '/names',
    {
      config: { access: ACCESS.readStores },
      schema: {
        summary: 'Whether a store may be called so',
        description: 'A free name may be taken by somebody else a moment later; the create decides.',
        tags: ['stores'],
        querystring: nameCheckQuerySchema,
        response: { 200: nameCheckSchema },
      },
    },
    async (request) => service.checkName(request.query.name),
  );

  app.get(
    '/stores/:id',
    {
      config: { access: ACCESS.readStores },
      schema: { summary: 'Show a store', tags: ['stores'], params, response: { 200: storeSchema } },
    },
    async (request) => toStore(await service.getStore(actorOf(request), request.params.id), rendering),
  );

  const commands = [
    {
      ...{ method: 'DELETE', url: '/stores/:id', audit: 'store.delete', run: service.requestDeletion },
      schema: { summary: 'Delete a store with all that it holds' },
    },
    {
      ...{ method: 'POST', url: '/stores/:id/retry', audit: 'store.retry', run: service.retryStore },
      schema: { summary: 'Try a failed store again' },
    },
    {
      ...{ method: 'POST', url: '/stores/:id/repair', audit: 'store.repair', run: service.repairStore },
      schema: {
        summary: 'Bring a ready store back to what it should be',
        description:
          'Agrees to the error that the store shows: after `data_lost` the shop is built anew and empty. Nothing that is there is deleted.',
      },
    },
  ] as const;
  for (const { method, url, audit, run, schema } of commands) {
    app.route({
      ...{ method, url, config: { access: ACCESS.writeStores, audit } },
      schema: {
        ...{ ...schema, tags: ['stores'], headers: idempotencyHeaders, params, body: noBody },
        response: { 202: storeAndJobSchema },
      },
      handler: async (request, reply) => {
        const key = request.headers['idempotency-key'] ?? null;
        noteForAudit(request, { target: request.params.id });
        return reply.code(202).send(await run(actorOf(request), request.params.id, key));
      },
    });
  }

  app.get(
    '/stores/:id/events',
    {
      config: { access: ACCESS.readStores },
      schema: {
        summary: "A store's timeline, oldest first",
        tags: ['stores'],
        params,
        querystring: listEventsQuerySchema,
        response: { 200: eventListSchema },
      },
    },
    async (request) => {
      const { id, tenantId } = await service.getStore(actorOf(request), request.params.id);
      const { limit, after } = request.query;
      const events = await listEventsOfStore(
        db,
        { tenantId, storeId: id },
        { afterCursor: Number(after ?? 0), limit: limit + 1 },
      );
      const shown = events.slice(0, limit);
      const next = events.length > limit ? String(shown.at(-1)?.position.cursor) : null;
      return { items: shown.map(({ event }) => event), next };
    },
  );

  app.get(
    '/stores/:id/jobs',
    {
      config: { access: ACCESS.readStores },
      schema: {
        summary: 'The jobs of a store, newest first',
        tags: ['stores'],
        params,
        response: { 200: jobListSchema },
      },
    },
    async (request) => {
      const { id } = await service.getStore(actorOf(request), request.params.id);
      return { items: (await listJobsOfSubject(db, id, MAX_JOBS)).map(toJob) };
    },
  );

  app.get(
    '/stores/:id/pods',
    {
      config: { access: ACCESS.readStores },
      schema: {
        summary: 'The pods of a store, as last seen',
        tags: ['stores'],
        params,
        response: { 200: podListSchema },
      },
    },
    async (request) => {
      const { pods } = await service.getStore(actorOf(request), request.params.id);
      return { items: pods.map((pod) => ({ ...pod, containers: [...pod.containers] })) };
    },
  );

  app.get(
    '/stores/:id/usage',
    {
      config: { access: ACCESS.readStores },
      schema: {
        summary: 'What a store uses of its plan, and what its pods used in the last half hour',
        tags: ['stores'],
        params,
        response: { 200: storeUsageSchema },
      },
    },
    async (request) => {
      const { id } = await service.getStore(actorOf(request), request.params.id);
      return readUsage(db, id);
    },
  );

  app.route({
    method: 'GET',
    url: '/stores/:id/logs',
    exposeHeadRoute: false,
    config: { access: ACCESS.readStores },
    schema: {
      summary: 'The log of a pod, as text',
      description: '`follow=true` goes on until the pod ends, the client leaves, or its session or token ends.',
      tags: ['stores'],
      params,
      querystring: logsQuerySchema,
    },
    handler: async (request, reply) => {
      const store = await service.getStore(actorOf(request), request.params.id);
      const giveBack = request.query.follow ? followed.take(store.tenantId) : () => undefined;
      const left = new AbortController();
      const unwatch = request.query.follow ? whileWelcome(request, () => reply.raw.destroy()) : () => undefined;
      const leave = (): void => {
        left.abort();
        unwatch();
        giveBack();
      };
      reply.raw.once('close', leave);
      if (reply.raw.destroyed) {
        // The client left while its store was looked up: nothing will tell of that any more.
        leave();
      }
      const log = await insight.openLog(store, request.query, left.signal);
      return reply.type('text/plain; charset=utf-8').send(log);
    },
  });

  app.post(
    '/stores/:id/credentials',
    {
      config: { access: ACCESS.writeStores, audit: 'store.reveal_credentials' },
      schema: {
        summary: "Reveal the shop administrator's credentials",
        description: 'Each call is recorded in the timeline.',
        tags: ['stores'],
        params,
        body: noBody,
        response: { 200: credentialsSchema },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      noteForAudit(request, { target: request.params.id });
      return insight.revealCredentials(actor, await service.getStore(actor, request.params.id));
    },
  );

  app.post(
    '/stores/:id/credentials/reset',
    {
      config: { access: ACCESS.writeStores, audit: 'store.reset_credentials' },
      schema: {
        summary: 'Set a new administrator password and reveal it',
        description: 'Answers when the shop takes it, usually within seconds. Both are recorded in the timeline.',
        tags: ['stores'],
        params,
        body: noBody,
        response: { 200: credentialsSchema },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      noteForAudit(request, { target: request.params.id });
      const giveBack = resets.take(actor.tenantId);
      try {
        await service.resetPassword(actor, request.params.id);
      } finally {
        giveBack();
      }
      return insight.revealCredentials(actor, await service.getStore(actor, request.params.id));
    },
  );
};
