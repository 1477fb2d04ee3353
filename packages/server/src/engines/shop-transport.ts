// Speaks to one store as a shopper would: through its public address, with the store's host in the Host header. The address to
// connect to is given, because names below `localhost` are resolved by browsers but not by programs.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Credentials } from '@souk/contract';
import { request as httpRequest } from '../node-http.ts';
import { ADMIN_SECRET, type ShopClient, type ShopRequest, type ShopResponse } from './engine.ts';

// A first page may be slow while a shop warms up, but a shopper would not wait longer.
const REQUEST_TIMEOUT_MS = 10_000;
// A shop is its owner's code: what it pours out must not fill the worker, which serves all of them.
const LARGEST_ANSWER_MIB = 8;

export interface ShopAddress {
  readonly connectTo: URL;
  readonly publicUrl: URL;
  readonly signal: AbortSignal;
  /** How long one answer may take; ten seconds unless given. */
  readonly timeoutMs?: number;
}

export function createShopTransport(address: ShopAddress): ShopClient['request'] {
  return async (method, path, request = {}) => await send({ method, path, request, ...address });
}

/** The shop of whoever was shown its credentials: they are the only Secret that leaves the cluster. */
export function connectAsOwner(address: ShopAddress, credentials: Credentials): ShopClient {
  const shown: Readonly<Record<string, unknown>> = { ...credentials };
  return {
    request: createShopTransport(address),
    async secret(name, key) {
      const value = name === ADMIN_SECRET ? shown[key] : undefined;
      if (typeof value !== 'string') throw new Error(`the credentials hold no ${key} of ${name}`);
      return value;
    },
  };
}

interface Sending extends ShopAddress {
  readonly method: string;
  readonly path: string;
  readonly request: ShopRequest;
}

async function send({ method, path, request, connectTo, publicUrl, ...limits }: Sending): Promise<ShopResponse> {
  const { type, body } = encode(request.body);
  const headers = {
    host: publicUrl.host,
    'x-forwarded-proto': publicUrl.protocol.slice(0, -1),
    ...(body === undefined ? {} : { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) }),
    ...request.headers,
  };
  const start = connectTo.protocol === 'https:' ? httpsRequest : httpRequest;
  const either = AbortSignal.any([limits.signal, AbortSignal.timeout(limits.timeoutMs ?? REQUEST_TIMEOUT_MS)]);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, headers, signal: either, servername: publicUrl.hostname };
    const sent: ClientRequest = start(new URL(path, connectTo), options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (bytes > LARGEST_ANSWER_MIB * 1024 * 1024) {
      throw new Error(`${path} answered more than ${LARGEST_ANSWER_MIB} MiB`);
    }
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: response.statusCode ?? 0,
    headers: toHeaders(response),
    text: async () => text,
    json: async () => JSON.parse(text) as unknown,
  };
}

function encode(body: unknown): { type: string; body: string | undefined } {
  if (body instanceof URLSearchParams) return { type: 'application/x-www-form-urlencoded', body: body.toString() };
  return { type: 'application/json', body: body === undefined ? undefined : JSON.stringify(body) };
}

function toHeaders(response: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) {
      headers.append(name, value);
    }
  }
  return headers;
}
