// A shopper's connection to one store through the public address. Programs do not resolve *.localhost, so it connects to the
// edge and names the store in the Host header, as a browser would.
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface ShopAnswer {
  readonly status: number;
  readonly text: string;
}

export interface ShopConnection {
  /** A body that is not a string is sent as JSON. */
  readonly send: (
    method: 'GET' | 'POST',
    path: string,
    options?: { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown },
  ) => Promise<ShopAnswer>;
  readonly close: () => void;
}

// Longer than any step of an order takes on a busy machine; a shop that needs more has lost its shopper anyway.
const ANSWER_WITHIN_MS = 30_000;

export function connectToShop(edgeUrl: string, storefrontUrl: string, signal?: AbortSignal): ShopConnection {
  const agent = new Agent({ keepAlive: true });
  const { host } = new URL(storefrontUrl);
  return {
    send: async (method, path, { headers = {}, body } = {}) => {
      const content = body === undefined ? undefined : JSON.stringify(body);
      const answered = Promise.withResolvers<ShopAnswer>();
      const outgoing = request(new URL(path, edgeUrl), {
        agent,
        method,
        timeout: ANSWER_WITHIN_MS,
        ...(signal === undefined ? {} : { signal }),
        headers: {
          host,
          accept: 'application/json',
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
          ...headers,
        },
      });
      outgoing.once('error', answered.reject);
      outgoing.once('timeout', () =>
        outgoing.destroy(new Error(`${method} ${path} had no answer within ${ANSWER_WITHIN_MS / 1000} s`)),
      );
      outgoing.once('response', (incoming) => {
        text(incoming).then(
          (all) => answered.resolve({ status: incoming.statusCode ?? 0, text: all }),
          answered.reject,
        );
      });
      outgoing.end(content);
      return await answered.promise;
    },
    close: () => agent.destroy(),
  };
}
