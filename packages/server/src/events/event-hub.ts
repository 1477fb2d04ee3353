// One reader of new events per process, however many streams are open. Promises: a stream begins exactly after its cursor and misses
// nothing, sees each event once and in order; one that is read too slowly is ended, never buffered without bound.
import { backOffMs } from '../db/connection-loss.ts';
import type { Db } from '../db/database.ts';
import { type Listener, listen } from '../db/listen.ts';
import { createWake } from '../db/wake.ts';
import { AppError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { comparePositions, type EventPosition } from './event-cursor.ts';
import {
  EVENTS_CHANNEL,
  type EventScope,
  hasUnsettledEvents,
  isPositionKnown,
  OBSERVED_CHANNEL,
  type RecordedEvent,
  readEventsAfter,
  readPositionNow,
} from './event-queries.ts';

export type StreamEnd = 'slow_client' | 'shutdown' | 'closed';

export interface EventSubscription {
  /** The position that it begins after. */
  readonly begin: EventPosition;
  /** Batches in order; returns why it ended. */
  batches(): AsyncGenerator<readonly RecordedEvent[], StreamEnd>;
  close(): void;
}

export interface EventHubOptions {
  readonly db: Db;
  readonly databaseUrl: string;
  readonly log: Log;
  readonly pollMs?: number;
  /** How many events one stream may lag behind before it is ended. */
  readonly maxLag?: number;
}

export interface EventHub {
  start(): Promise<void>;
  /** Ends every stream with `shutdown`. */
  stop(): Promise<void>;
  /** From after that position, or from now. Throws `cursor_expired` where events after it are gone. */
  subscribe(
    scope: Required<Pick<EventScope, 'tenantId'>> & EventScope,
    after: EventPosition | null,
    /** Told that what is seen of a store changed; may be lost while the database is away. */
    onObserved?: (storeId: string) => void,
  ): Promise<EventSubscription>;
  /**
   * Told the id of each session, token, person or tenant that may do less than before; null when some may have been missed: look at all.
   * Answers how to stop.
   */
  onAccessLost(listener: AccessListener): () => void;
}

type AccessListener = (id: string | null) => void;

interface Subscriber {
  readonly scope: EventScope;
  readonly waiting: RecordedEvent[];
  readonly wake: ReturnType<typeof createWake>;
  readonly onObserved: ((storeId: string) => void) | undefined;
  end: StreamEnd | null;
}

// Written by triggers, see migration 0011.
const ACCESS_CHANNEL = 'access';
const POLL_MS = 1_000;
// An open transaction hides what others committed behind it; its end is not announced.
const UNSETTLED_POLL_MS = 20;
const PAGE = 500;
const MAX_LAG = 5_000;

export function createEventHub(options: EventHubOptions): EventHub {
  const { db, log } = options;
  const maxLag = options.maxLag ?? MAX_LAG;
  const subscribers = new Set<Subscriber>();
  const accessListeners = new Set<AccessListener>();
  const wake = createWake();
  let position: EventPosition = { xid: '0', cursor: 0 };
  let listener: Listener | undefined;
  let looping: Promise<void> | undefined;
  let isStopping = false;

  function deliver(events: readonly RecordedEvent[]): void {
    for (const subscriber of subscribers) {
      const wanted = events.filter((event) => isInScope(event, subscriber.scope));
      if (wanted.length === 0) {
        continue;
      }
      if (subscriber.waiting.length + wanted.length > maxLag) {
        finish(subscriber, 'slow_client');
      } else {
        subscriber.waiting.push(...wanted);
        subscriber.wake.set();
      }
    }
  }

  function tellObserved(payload: string): void {
    const [tenantId, storeId = ''] = payload.split('/');
    for (const { scope, onObserved } of subscribers) {
      if (scope.tenantId === tenantId && (scope.storeId === undefined || scope.storeId === storeId)) {
        onObserved?.(storeId);
      }
    }
  }

  function tellAccessLost(id: string | null): void {
    for (const tell of [...accessListeners]) {
      tell(id);
    }
  }

  const takers = new Map<string, (payload: string) => void>([
    [EVENTS_CHANNEL, wake.set],
    [OBSERVED_CHANNEL, tellObserved],
    [ACCESS_CHANNEL, tellAccessLost],
  ]);

  function finish(subscriber: Subscriber, end: StreamEnd): void {
    subscriber.end ??= end;
    subscribers.delete(subscriber);
    subscriber.wake.set();
  }

  async function readOn(): Promise<number> {
    for (;;) {
      const events = await readEventsAfter(db, position, {}, PAGE);
      const last = events.at(-1);
      if (last !== undefined) {
        position = last.position;
        deliver(events);
      }
      if (events.length < PAGE) {
        return (await hasUnsettledEvents(db, position)) ? UNSETTLED_POLL_MS : (options.pollMs ?? POLL_MS);
      }
    }
  }

  async function loop(): Promise<void> {
    let failures = 0;
    while (!isStopping) {
      wake.clear();
      let pauseMs: number;
      try {
        pauseMs = await readOn();
        failures = 0;
      } catch (error) {
        failures += 1;
        pauseMs = backOffMs(failures, 100, 2_000);
        log.warn({ reason: messageOf(error) }, 'new events could not be read; trying again');
      }
      await wake.wait(pauseMs);
    }
  }

  async function* batches(subscriber: Subscriber, after: EventPosition, joinedAt: EventPosition) {
    let seen = after;
    // What happened before the hub's own position at the moment of joining comes from the table, the rest from the hub.
    while (comparePositions(seen, joinedAt) < 0 && subscriber.end === null) {
      const page = await readEventsAfter(db, seen, subscriber.scope, PAGE);
      const past = page.filter((event) => comparePositions(event.position, joinedAt) <= 0);
      if (past.length > 0) {
        yield past;
      }
      seen = past.length === PAGE ? (past.at(-1)?.position ?? joinedAt) : joinedAt;
    }
    while (subscriber.end === null) {
      subscriber.wake.clear();
      const fresh = subscriber.waiting.splice(0).filter((event) => comparePositions(event.position, seen) > 0);
      if (fresh.length > 0) {
        yield fresh;
      } else {
        await subscriber.wake.wait(60_000);
      }
    }
    return subscriber.end;
  }

  return {
    async start() {
      position = await readPositionNow(db);
      listener = listen({
        url: options.databaseUrl,
        channels: [...takers.keys()],
        onNotification: (channel, payload) => takers.get(channel)?.(payload),
        onConnected: () => {
          wake.set();
          tellAccessLost(null);
        },
        log,
      });
      looping = loop();
    },
    async stop() {
      isStopping = true;
      wake.set();
      for (const subscriber of subscribers) {
        finish(subscriber, 'shutdown');
      }
      await listener?.close();
      await looping;
    },
    async subscribe(scope, after, onObserved) {
      if (after !== null && !(await isPositionKnown(db, after))) {
        throw new AppError(
          'cursor_expired',
          'Events after this cursor are no longer kept; list again and stream from there.',
        );
      }
      const begin = after ?? (await readPositionNow(db));
      const end = isStopping ? 'shutdown' : null;
      const subscriber: Subscriber = { scope, waiting: [], wake: createWake(), onObserved, end };
      // From here on the hub hands over everything behind `joinedAt`; both are taken in one turn of the event loop.
      const joinedAt = position;
      subscribers.add(subscriber);
      return {
        begin,
        batches: () => batches(subscriber, begin, joinedAt),
        close: () => finish(subscriber, 'closed'),
      };
    },
    onAccessLost(listener) {
      accessListeners.add(listener);
      return () => void accessListeners.delete(listener);
    },
  };
}

function isInScope({ tenantId, event }: RecordedEvent, scope: EventScope): boolean {
  return tenantId === scope.tenantId && (scope.storeId === undefined || event.storeId === scope.storeId);
}
