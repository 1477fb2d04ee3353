// For tests of engines: a shop of fixed answers that remembers what it was asked. What it does not know it answers with 404.
import type { ShopClient } from './engine.ts';

export type Answers = Record<string, { status?: number; body?: unknown; headers?: [string, string][] }>;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Answers by method and path without its query, e.g. `GET /products`. Every secret is `<name>/<key>`. */
export function shopOf(answers: Answers): { shop: ShopClient; asked: Asked[] } {
  const asked: Asked[] = [];
  const shop: ShopClient = {
    secret: async (name, key) => `${name}/${key}`,
    request: async (method, path, request = {}) => {
      asked.push({ method, path, headers: request.headers ?? {}, body: request.body });
      const { status = 200, body = '', headers = [] } = answers[`${method} ${path.split('?')[0]}`] ?? { status: 404 };
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status, headers: new Headers(headers), text: async () => text, json: async () => JSON.parse(text) };
    },
  };
  return { shop, asked };
}
