// The worker's few addresses for whoever watches it: /metrics, /healthz (it runs) and /readyz (it can work).
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createServer } from '../node-http.ts';

export interface WorkerEndpoints {
  readonly url: string;
  close(): Promise<void>;
}

export interface WorkerEndpointsOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  readonly db: Db;
  readonly log: Log;
}

export async function serveWorkerEndpoints({
  host,
  port,
  metrics,
  db,
  log,
}: WorkerEndpointsOptions): Promise<WorkerEndpoints> {
  const answers: Readonly<Record<string, () => Promise<string>>> = {
    '/metrics': () => metrics.registry.metrics(),
    '/healthz': async () => 'ok\n',
    '/readyz': async () => {
      await sql`select 1`.execute(db);
      return 'ok\n';
    },
  };
  const server = createServer((request, response) => {
    const answer = answers[(request.url ?? '').split('?')[0] ?? ''];
    if (answer === undefined) {
      response.writeHead(404).end('there is nothing here\n');
      return;
    }
    answer().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      (error: unknown) => {
        log.warn({ reason: messageOf(error), path: request.url }, 'not ready');
        response.writeHead(503).end('not ready\n');
      },
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close').catch(() => undefined);
    },
  };
}
