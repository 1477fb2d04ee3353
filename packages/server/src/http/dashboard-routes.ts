// The dashboard: built files, and its one page for every address that a person may open in it. Programs that ask for something that
// is not there still get a problem+json, because they do not ask for HTML.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { StaticFiles } from './static-files.ts';

const INDEX = 'index.html';
// The same scripts and styles that the build made, and the API of this origin; styles are also set by scripts, element by element.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
// What belongs to programs is never answered with a page.
const NOT_PAGES = /^\/(api|auth|assets)(\/|$)/;

export function registerDashboard(app: FastifyInstance, files: StaticFiles): void {
  const hidden = { schema: { hide: true } } as const;
  app.get('/', hidden, async (request, reply) => sendPage(files, request, reply));
  for (const name of files.names.filter((file) => file !== INDEX && file !== 'manifest.json')) {
    app.get(`/${name}`, hidden, async (request, reply) => {
      reply.header('content-security-policy', POLICY);
      return files.send(request, reply, name);
    });
  }
}

export function wantsPage(request: FastifyRequest): boolean {
  const path = request.url.split('?')[0] ?? '/';
  const isHtml = String(request.headers.accept ?? '').includes('text/html');
  return (request.method === 'GET' || request.method === 'HEAD') && isHtml && !NOT_PAGES.test(path);
}

export function sendPage(files: StaticFiles, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('content-security-policy', POLICY);
  return files.send(request, reply, INDEX);
}
