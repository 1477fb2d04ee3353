// One connection that LISTENs. Promises: it comes back by itself, with jittered back-off; a connection that died silently is
// noticed; after every (re)connection `onConnected` runs, because what was notified meanwhile is lost.
import pg from 'pg';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { backOffMs } from './connection-loss.ts';

export interface ListenOptions {
  readonly url: string;
  readonly channels: readonly string[];
  readonly onNotification: (channel: string, payload: string) => void;
  /** Look for yourself now: notifications may have been missed. */
  readonly onConnected?: () => void;
  readonly log: Log;
}

export interface Listener {
  isConnected(): boolean;
  close(): Promise<void>;
}

// A dead peer without a reset looks like silence; so something is asked from time to time.
const PROBE_MS = 5_000;

export function listen(options: ListenOptions): Listener {
  const { log } = options;
  let client: pg.Client | undefined;
  let isConnected = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;

  const lose = (lost: pg.Client, reason: string): void => {
    if (client !== lost) {
      return;
    }
    client = undefined;
    isConnected = false;
    clearTimeout(timer);
    // Ending a broken connection may fail in its own way; it is gone either way.
    lost.end().catch(() => undefined);
    if (isClosed) {
      return;
    }
    failures += 1;
    const pauseMs = backOffMs(failures, 50, 2_000);
    log.warn({ reason, pauseMs: Math.round(pauseMs) }, 'the listening connection broke; connecting again');
    timer = setTimeout(open, pauseMs);
  };

  const probe = (current: pg.Client): void => {
    timer = setTimeout(() => {
      current.query('select 1').then(
        () => client === current && probe(current),
        (error: unknown) => lose(current, messageOf(error)),
      );
    }, PROBE_MS);
  };

  const open = (): void => {
    const current = new pg.Client({
      connectionString: options.url,
      application_name: 'souk listen',
      connectionTimeoutMillis: 2_000,
      query_timeout: 3_000,
      keepAlive: true,
    });
    client = current;
    current.on('error', (error) => lose(current, messageOf(error)));
    current.on('end', () => lose(current, 'closed by the server'));
    current.on('notification', ({ channel, payload }) => options.onNotification(channel, payload ?? ''));
    current
      .connect()
      .then(() => current.query(options.channels.map((channel) => `listen ${pg.escapeIdentifier(channel)}`).join('; ')))
      .then(() => {
        if (client === current) {
          isConnected = true;
          failures = 0;
          options.onConnected?.();
          probe(current);
        }
      })
      .catch((error: unknown) => lose(current, messageOf(error)));
  };
  open();

  return {
    isConnected: () => isConnected,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
