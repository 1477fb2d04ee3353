// One line and one measurement per request. Paths only: a query may hold what a person typed.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Metrics } from '../metrics.ts';

export function logAccess(request: FastifyRequest, reply: FastifyReply, metrics: Metrics): void {
  const route = request.routeOptions.url ?? 'none';
  const { statusCode, elapsedTime } = reply;
  metrics.httpSeconds.observe({ method: request.method, route, code: statusCode }, elapsedTime / 1000);
  request.log.info(
    {
      method: request.method,
      path: request.url.split('?')[0],
      httpCode: statusCode,
      durationMs: Math.round(elapsedTime * 10) / 10,
      address: request.ip,
    },
    'request',
  );
}
