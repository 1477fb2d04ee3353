// Which methods each address answers, read off the routes as they are registered: the router itself only knows "not found".
import type { FastifyInstance } from 'fastify';

export interface MethodIndex {
  /** Sorted; empty for an address that answers nothing at all. */
  allowedAt(url: string): readonly string[];
}

export function createMethodIndex(app: FastifyInstance): MethodIndex {
  const methodsByPattern = new Map<string, { readonly matches: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const entry = methodsByPattern.get(url) ?? { matches: toRegExp(url), methods: new Set<string>() };
    methodsByPattern.set(url, entry);
    for (const name of [method].flat()) {
      entry.methods.add(name);
    }
  });
  return {
    allowedAt(url) {
      const path = url.split('?')[0] ?? '';
      const found = [...methodsByPattern.values()].filter(({ matches }) => matches.test(path));
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
    },
  };
}

function toRegExp(pattern: string): RegExp {
  const source = pattern
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${source}$`);
}
