// The platform's events as one endless, gapless sequence: a connection that breaks is opened again after the last event that
// arrived. Ends only by the caller's signal or by a refusal that waiting cannot mend (`cursor_expired`: list again, then follow).
import { RefusedError, UnreachableError } from './client-errors.ts';
import { type Event, eventSchema, observedSchema } from './event.ts';
import { type Connection, exchange, parseJson, pause } from './http-exchange.ts';
import { readServerSentMessages } from './sse.ts';

export interface StreamOptions {
  /** The `cursor` of a list or of an event; without it the stream begins now. */
  readonly after?: string;
  /** Only events of this store, by id. */
  readonly store?: string;
  readonly signal?: AbortSignal;
  /** Told whenever the stream is connected or cut, so that a screen can say so. */
  readonly onConnection?: (isConnected: boolean) => void;
  /** Told that a store's pods or health look different now; nothing of it is kept, so look again after a cut. */
  readonly onObserved?: (storeId: string) => void;
  /** Silence longer than this, heartbeats included, counts as a dead connection. */
  readonly silenceMs?: number;
  /** How long the platform may stay away before the stream gives up; for ever when left out. */
  readonly patienceMs?: number;
}

// The server sends a heartbeat at least every 15 s; three missing ones are a dead connection.
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

export async function* streamEvents(connection: Connection, options: StreamOptions = {}): AsyncGenerator<Event, void> {
  const position: Position = { last: options.after };
  let failures = 0;
  let lastHeardAt = performance.now();
  for (;;) {
    try {
      for await (const event of readOneConnection(connection, options, position)) {
        failures = 0;
        lastHeardAt = performance.now();
        if (event !== 'heard') yield event;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (performance.now() - lastHeardAt > (options.patienceMs ?? Number.POSITIVE_INFINITY)) throw error;
    }
    options.onConnection?.(false);
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
    failures += 1;
    await pause(pauseMs * (0.5 + Math.random() / 2), options.signal);
  }
}

/** Where the stream has got to; the next connection resumes there. */
interface Position {
  last: string | undefined;
}

function isPassing(error: unknown): boolean {
  if (error instanceof RefusedError) return error.code === 'unavailable' || error.code === 'rate_limited';
  return error instanceof UnreachableError;
}

async function* readOneConnection(
  connection: Connection,
  options: StreamOptions,
  position: Position,
): AsyncGenerator<Event | 'heard', void> {
  const silence = new AbortController();
  const signal = options.signal === undefined ? silence.signal : AbortSignal.any([options.signal, silence.signal]);
  const response = await exchange(connection, {
    method: 'GET',
    path: '/api/v1/events',
    query: { store: options.store },
    headers: {
      accept: 'text/event-stream',
      ...(position.last === undefined ? {} : { 'last-event-id': position.last }),
    },
    signal,
    isRepeatable: false,
  });
  if (response.body === null) return;
  options.onConnection?.(true);
  yield 'heard';
  const watched = watchSilence(response.body, options.silenceMs ?? SILENCE_MS, () => silence.abort());
  try {
    for await (const message of readServerSentMessages(watched)) {
      if (message.id !== '') position.last = message.id;
      if (message.event === 'observed') {
        const observed = observedSchema.safeParse(parseJson(message.data));
        if (observed.success) options.onObserved?.(observed.data.storeId);
        yield 'heard';
        continue;
      }
      const event = eventSchema.safeParse(parseJson(message.data));
      // A newer platform may tell of things that this client has no word for; it still sends the rest.
      yield event.success ? event.data : 'heard';
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = silence.signal.aborted ? 'the event stream fell silent' : 'the event stream broke';
    throw new UnreachableError(connection.url, reason, error);
  }
}

function watchSilence(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
  onSilence: () => void,
): ReadableStream<Uint8Array> {
  let timer = setTimeout(onSilence, silenceMs);
  // Browsers' types do not know `cancel` yet; a literal in its place would be refused for it.
  const watcher = {
    transform(chunk: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): void {
      clearTimeout(timer);
      timer = setTimeout(onSilence, silenceMs);
      controller.enqueue(chunk);
    },
    flush: () => clearTimeout(timer),
    cancel: () => clearTimeout(timer),
  };
  return body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(watcher));
}
