// Speaks to one store as a shopper would: through the ingress controller, with the store's host in the Host header. The address to
// connect to is given, because names below `localhost` are resolved by browsers but not by programs.
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ShopClient, ShopRequest, ShopResponse } from '../engines/engine.ts';
import { type StoreScope, storeUrl } from './store-scope.ts';

// A first page may be slow while a shop warms up, but a shopper would not wait longer.
const REQUEST_TIMEOUT_MS = 10_000;
// A shop is its owner's code: what it pours out must not fill the worker, which serves all of them.
const LARGEST_ANSWER_MIB = 8;

export function createShopClient(scope: StoreScope): ShopClient {
  const publicUrl = new URL(storeUrl(scope));
  const connectTo = new URL(scope.settings.ingressUrl ?? publicUrl);
  return {
    request: createShopTransport({ connectTo, publicUrl, signal: scope.lease.signal }),
    async secret(name, key) {
      const secret = await scope.kube.readSecret({ name, namespace: scope.namespace }, scope.lease.signal);
      const value = secret?.[key];
      if (value === undefined) {
        throw new Error(`the store's Secret ${name} has no ${key}`);
      }
      return value;
    },
  };
}

interface ShopAddress {
  readonly connectTo: URL;
  readonly publicUrl: URL;
  readonly signal: AbortSignal;
}

export function createShopTransport(address: ShopAddress): ShopClient['request'] {
  return async (method, path, request = {}) => await send({ method, path, request, ...address });
}

interface Sending extends ShopAddress {
  readonly method: string;
  readonly path: string;
  readonly request: ShopRequest;
}

async function send({ method, path, request, connectTo, publicUrl, signal }: Sending): Promise<ShopResponse> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers = {
    host: publicUrl.host,
    'x-forwarded-proto': publicUrl.protocol.slice(0, -1),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...request.headers,
  };
  const start = connectTo.protocol === 'https:' ? httpsRequest : httpRequest;
  const either = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
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

function toHeaders(response: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) {
      headers.append(name, value);
    }
  }
  return headers;
}
