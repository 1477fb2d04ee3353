// What every route must state before it is registered: who may use it, and, where it changes something, what the audit log calls
// it. Forgetting either ends the start, so that no route is open or silent by oversight.
import type { FastifyInstance } from 'fastify';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isMutating(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

/** Routes that are neither the API's nor about signing in (pages, health) are open to all by nature. */
export function isGuarded(url: string): boolean {
  return url.startsWith('/api/') || url.startsWith('/auth/');
}

export function requireAccessRules(app: FastifyInstance): void {
  app.addHook('onRoute', ({ url, method, config }) => {
    if (!isGuarded(url)) {
      return;
    }
    if (config?.access === undefined) {
      throw new Error(`${method} ${url} does not state its access`);
    }
    const methods = Array.isArray(method) ? method : [method];
    if (methods.some(isMutating) && config.audit === undefined) {
      throw new Error(`${method} ${url} does not state what the audit log calls it`);
    }
  });
}

/** The origins of the platform's own pages, and those that the installation names. */
export function listOwnOrigins(options: {
  readonly address: { readonly scheme: string; readonly baseDomain: string; readonly port: number };
  readonly platformUrl: string;
  readonly corsOrigins: readonly string[];
  readonly profile: 'local' | 'production';
}): ReadonlySet<string> {
  const { scheme, baseDomain, port } = options.address;
  const hosts = [baseDomain, `dashboard.${baseDomain}`];
  if (options.profile === 'local') {
    hosts.push('localhost', '127.0.0.1', '[::1]');
  }
  const own = hosts.map((host) => new URL(`${scheme}://${host}:${port}`).origin);
  return new Set([...own, new URL(options.platformUrl).origin, ...options.corsOrigins]);
}
