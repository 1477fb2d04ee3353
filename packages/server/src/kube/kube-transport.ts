// One HTTPS connection pool to one API server: JSON calls with a deadline, and streams of lines with a watchdog.
// Connections are kept alive, so a call costs one round trip and no handshake.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Agent as NodeAgent } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex, Readable } from 'node:stream';
import { Agent as HttpAgent, request as httpRequest } from '../node-http.ts';
import { KubeError } from './kube-error.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { createSharedStreams } from './shared-streams.ts';

// A healthy API server answers in milliseconds; after this long it is as good as away, and the step is tried again.
const CALL_TIMEOUT_MS = 10_000;
// Below the API server's own idle limit, so that rarely used connections are closed from this side and not found dead.
const IDLE_SOCKET_MS = 60_000;

// Each connection costs both sides a handshake with certificates; a call takes milliseconds, so a few connections carry many.
const MOST_CALLS = 12;
// A thousand streams may be wanted at one moment; each has its whole deadline when its turn has come.
const MOST_OPENINGS = 25;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** A list gives its name several times. */
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

export interface KubeTransport {
  /** The parsed answer. Any status of 400 or above is a KubeError. */
  call(call: Call, signal?: AbortSignal): Promise<unknown>;
  /** The raw body as text chunks. When nothing arrives for `silenceMs` the connection is taken for dead and the stream ends. */
  stream(call: Call, silenceMs: number | null, signal?: AbortSignal): Promise<AsyncIterable<string>>;
  /** The same over connections that many streams share, where the API server is reached by TLS. */
  streamShared(call: Call, silenceMs: number, signal?: AbortSignal): Promise<AsyncIterable<string>>;
  /** A WebSocket of that subprotocol, as the bare connection after the handshake. A refusal is a KubeError. */
  upgrade(call: Call, subprotocol: string, signal: AbortSignal): Promise<Duplex>;
  close(): void;
}

export function createKubeTransport(access: ClusterAccess): KubeTransport {
  const isHttps = access.server.protocol === 'https:';
  const calls = createAgent(access, MOST_CALLS);
  // A stream keeps its connection for minutes; it must not keep calls from theirs.
  const streams = createAgent(access, Number.POSITIVE_INFINITY);
  const shared = createSharedStreams(access);
  const basePath = access.server.pathname.replace(/\/$/, '');

  function urlOf(call: Call): URL {
    const url = new URL(access.server);
    url.pathname = basePath + call.path;
    for (const [name, value] of Object.entries(call.query ?? {})) {
      for (const item of value === undefined ? [] : [value].flat()) {
        url.searchParams.append(name, item);
      }
    }
    return url;
  }

  async function open(call: Call, agent: NodeAgent, signal: AbortSignal): Promise<IncomingMessage> {
    const authorization = await access.authorize();
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const url = urlOf(call);
    const headers = {
      accept: call.accept ?? 'application/json',
      ...(authorization === null ? {} : { authorization }),
      ...(body === undefined
        ? {}
        : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    return await new Promise((resolve, reject) => {
      const send = (mayRetry: boolean): void => {
        const request = (isHttps ? httpsRequest : httpRequest)(url, { method: call.method, headers, agent, signal });
        request.on('response', resolve);
        request.on('error', (error: NodeJS.ErrnoException) => {
          // The server may close an idle connection at the very moment it is used again; nothing was processed then.
          if (mayRetry && request.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted) {
            send(false);
          } else {
            reject(error);
          }
        });
        request.end(body);
      };
      send(true);
    });
  }

  async function openShared(call: Call, signal: AbortSignal): Promise<{ status: number; body: Readable }> {
    const authorization = await access.authorize();
    const { pathname, search } = urlOf(call);
    const headers = {
      accept: call.accept ?? 'application/json',
      ...(authorization === null ? {} : { authorization }),
    };
    const { status, stream } = await shared.open(pathname + search, headers, signal);
    return { status, body: stream };
  }

  async function openOwn(call: Call, signal: AbortSignal): Promise<{ status: number; body: Readable }> {
    const response = await open(call, streams, signal);
    return { status: response.statusCode ?? 0, body: response };
  }

  /** The deadline is for the beginning of the answer. */
  async function streamBy(
    openBody: typeof openOwn,
    call: Call,
    silenceMs: number | null,
    signal: AbortSignal | undefined,
  ): Promise<AsyncIterable<string>> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), CALL_TIMEOUT_MS);
    const either = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
    try {
      const { status, body } = await unlessAborted(call, signal, () => openBody(call, either));
      if (status >= 400) {
        throw toKubeError(call, status, await readText(body));
      }
      return readChunks(body, call, silenceMs, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  let openings = 0;
  const turns: (() => void)[] = [];
  async function inTurn<T>(openStream: () => Promise<T>): Promise<T> {
    while (openings >= MOST_OPENINGS) {
      await new Promise<void>((resolve) => turns.push(resolve));
    }
    openings += 1;
    try {
      return await openStream();
    } finally {
      openings -= 1;
      turns.shift()?.();
    }
  }

  return {
    async call(call, signal) {
      const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
      const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      const { status, text } = await unlessAborted(call, signal, async () => {
        const response = await open(call, calls, either);
        return { status: response.statusCode ?? 0, text: await readText(response) };
      });
      if (status >= 400) {
        throw toKubeError(call, status, text);
      }
      return JSON.parse(text);
    },
    stream: (call, silenceMs, signal) => streamBy(openOwn, call, silenceMs, signal),
    streamShared: (call, silenceMs, signal) =>
      inTurn(() => streamBy(isHttps ? openShared : openOwn, call, silenceMs, signal)),
    async upgrade(call, subprotocol, signal) {
      const authorization = await access.authorize();
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        'sec-websocket-protocol': subprotocol,
        ...(authorization === null ? {} : { authorization }),
      };
      return await unlessAborted(call, signal, async () => {
        const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
        const options = { method: call.method, headers, agent: streams, signal };
        const request = (isHttps ? httpsRequest : httpRequest)(urlOf(call), options);
        request.on('upgrade', (response, socket, head) => {
          // What came in one piece with the handshake.
          socket.unshift(head);
          if (response.headers['sec-websocket-protocol'] === subprotocol) {
            resolve(socket);
          } else {
            socket.destroy();
            reject(new Error(`the cluster does not speak ${subprotocol}; Kubernetes 1.30 or later is needed`));
          }
        });
        request.on('response', (response) => {
          readText(response).then((text) => reject(toKubeError(call, response.statusCode ?? 0, text)), reject);
        });
        request.on('error', reject);
        request.end();
        return await promise;
      });
    },
    close() {
      calls.destroy();
      streams.destroy();
      shared.close();
    },
  };
}

function createAgent({ server, ca, cert, key, isInsecure }: ClusterAccess, maxSockets: number): NodeAgent {
  const options = {
    keepAlive: true,
    keepAliveMsecs: 10_000,
    timeout: IDLE_SOCKET_MS,
    scheduling: 'lifo',
    maxSockets,
  } as const;
  return server.protocol === 'https:'
    ? new HttpsAgent({ ...options, ca, cert, key, rejectUnauthorized: !isInsecure })
    : new HttpAgent(options);
}

async function readText(response: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function* readChunks(
  response: Readable,
  call: Call,
  silenceMs: number | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let isSilent = false;
  const watchdog =
    silenceMs === null
      ? undefined
      : setTimeout(() => {
          isSilent = true;
          // An error, so that whoever shares the connection hears of it.
          response.destroy(new Error(`nothing was heard for ${silenceMs} ms`));
        }, silenceMs);
  try {
    for await (const chunk of response) {
      watchdog?.refresh();
      yield chunk as string;
    }
  } catch (error) {
    if (!isSilent) {
      throw asCallError(error, call, signal);
    }
  } finally {
    clearTimeout(watchdog);
    response.destroy();
  }
}

async function unlessAborted<T>(call: Call, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asCallError(error, call, signal);
  }
}

/** The caller's own abort stays what it is; every other failure to get an answer means that the cluster is away. */
function asCallError(error: unknown, call: Call, signal: AbortSignal | undefined): unknown {
  if (error instanceof KubeError) {
    return error;
  }
  if (signal?.aborted) {
    return signal.reason;
  }
  const why = error instanceof Error ? error.message : String(error);
  return new KubeError(0, 'Unreachable', `the cluster did not answer ${call.method} ${call.path}: ${why}`, {
    cause: error,
  });
}

function toKubeError(call: Call, status: number, text: string): KubeError {
  let answer: { reason?: string; message?: string } = {};
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    // Proxies answer in plain text; the status says enough.
  }
  return new KubeError(
    status,
    answer.reason ?? '',
    answer.message ?? `${call.method} ${call.path} answered ${status}: ${text.slice(0, 200)}`,
  );
}
