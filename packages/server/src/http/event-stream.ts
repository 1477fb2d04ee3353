// `GET /api/v1/events`: server-sent events. The id of each is its cursor, so that a client that was cut off goes on with
// `Last-Event-ID`. Between events, `observed` names a store of which the cluster now shows something else (its pods, its health): a
// hint without an id, to look again. A stream that the server ends says why in a last `closed` event.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { streamEventsQuerySchema } from '@souk/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { AppError } from '../errors.ts';
import { formatCursor, parseCursor } from '../events/event-cursor.ts';
import type { EventHub, EventSubscription, StreamEnd } from '../events/event-hub.ts';
import type { RecordedEvent } from '../events/event-queries.ts';
import type { Metrics } from '../metrics.ts';
import { ACCESS } from '../tenants/access.ts';
import { createOpenPlaces } from '../tenants/open-places.ts';
import type { Auth } from './auth.ts';
import type { LastingAccess } from './lasting-access.ts';

export interface EventStreamOptions {
  readonly hub: EventHub;
  readonly auth: Auth;
  readonly access: LastingAccess;
  readonly metrics: Metrics;
  readonly heartbeatMs: number;
}

const MAX_STREAMS_PER_TENANT = 200;
// How long a client may take to read what is in the socket before its stream is ended.
const DRAIN_MS = 30_000;

export const eventStreamRoutes: FastifyPluginAsyncZod<EventStreamOptions> = async (app, options) => {
  const { hub, auth, access, metrics } = options;
  const places = createOpenPlaces('event streams', MAX_STREAMS_PER_TENANT);

  app.route({
    method: 'GET',
    url: '/events',
    exposeHeadRoute: false,
    config: { access: ACCESS.readStores },
    schema: {
      summary: 'Stream events',
      description:
        'Server-sent events. Resume with `Last-Event-ID`; begin at the `cursor` of a list with `after`. Messages `observed` name a store whose pods or health look different now.',
      tags: ['events'],
      querystring: streamEventsQuerySchema,
    },
    handler: async (request, reply) => {
      const { tenantId } = auth.actorOf(request);
      const lastEventId = request.headers['last-event-id'];
      const from =
        (typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined) ?? request.query.after;
      const after = from === undefined ? null : parseCursor(from);
      if (from !== undefined && after === null) {
        throw new AppError('invalid_request', 'The cursor is not one of ours.', {
          fields: [{ field: from === request.query.after ? 'after' : 'Last-Event-ID', message: 'is not a cursor' }],
        });
      }
      const { store } = request.query;
      const scope = { tenantId, ...(store !== undefined && { storeId: store }) };
      const giveBack = places.take(tenantId);
      let subscription: EventSubscription;
      try {
        subscription = await hub.subscribe(scope, after, (storeId) => tellObserved(reply.raw, storeId));
      } catch (error) {
        giveBack();
        throw error;
      }
      metrics.eventStreams.inc();
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      });
      const unwatch = access.watch(request, () => subscription.close());
      try {
        const end = await writeStream(reply.raw, subscription, options.heartbeatMs);
        metrics.eventStreamsCut.inc({ reason: end });
      } catch (error) {
        request.log.warn({ err: error }, 'an event stream broke');
        reply.raw.destroy();
      } finally {
        unwatch();
        subscription.close();
        metrics.eventStreams.dec();
        giveBack();
      }
    },
  });
};

async function writeStream(
  raw: ServerResponse,
  subscription: EventSubscription,
  heartbeatMs: number,
): Promise<StreamEnd> {
  if (raw.destroyed) {
    // The client left while its stream was being opened: nothing will tell of that any more.
    subscription.close();
  }
  raw.on('close', () => subscription.close());
  raw.on('error', () => subscription.close());
  // With the place where it begins, so that a client that is cut off before its first event resumes there and not later.
  raw.write(`retry: 1000\nid: ${formatCursor(subscription.begin)}\n: connected\n\n`);
  // Comments keep proxies from taking silence for death, and find out clients that are gone.
  const heartbeat = setInterval(() => {
    if (!raw.writableNeedDrain) {
      raw.write(':\n\n');
    }
  }, heartbeatMs);
  try {
    const batches = subscription.batches();
    for (;;) {
      const { value, done } = await batches.next();
      if (done) {
        return finishStream(raw, value);
      }
      if (!raw.write(value.map(toFrame).join('')) && !(await hasDrained(raw))) {
        return finishStream(raw, raw.destroyed ? 'closed' : 'slow_client');
      }
    }
  } finally {
    clearInterval(heartbeat);
  }
}

async function hasDrained(raw: ServerResponse): Promise<boolean> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), DRAIN_MS);
  const onClose = (): void => controller.abort();
  raw.once('close', onClose);
  try {
    await once(raw, 'drain', { signal: controller.signal });
    return true;
  } catch {
    // Too slow, or gone: the caller ends the stream either way.
    return false;
  } finally {
    clearTimeout(timer);
    raw.off('close', onClose);
  }
}

const FAREWELL: Readonly<Record<StreamEnd, string>> = {
  slow_client: 'The stream was read too slowly; reconnect with Last-Event-ID.',
  shutdown: 'The server is shutting down; reconnect with Last-Event-ID.',
  closed: 'The stream was closed.',
};

function finishStream(raw: ServerResponse, end: StreamEnd): StreamEnd {
  if (!raw.destroyed) {
    const text = `event: closed\ndata: ${JSON.stringify({ reason: end, message: FAREWELL[end] })}\n\n`;
    // A connection left open for further requests would keep a shutdown waiting.
    raw.end(text, () => raw.socket?.end());
    // A client that does not read would keep the socket, and a shutdown, waiting.
    setTimeout(() => raw.destroy(), 2_000).unref();
  }
  return end;
}

/** Without an id: it is no part of the sequence, and who missed it looks again on connecting. */
function tellObserved(raw: ServerResponse, storeId: string): void {
  if (raw.headersSent && !raw.writableEnded && !raw.writableNeedDrain) {
    raw.write(`event: observed\ndata: ${JSON.stringify({ storeId })}\n\n`);
  }
}

function toFrame({ event }: RecordedEvent): string {
  return `id: ${event.cursor}\ndata: ${JSON.stringify(event)}\n\n`;
}
