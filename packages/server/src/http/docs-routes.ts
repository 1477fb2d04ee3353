// Pages for people without any script or outside resource: what this is (`/`, where no dashboard is served), what the API answers (`/docs`), and the document
// that the latter is drawn from (`/openapi.json`).
import type { FastifyPluginAsync } from 'fastify';
import { renderApiPage } from './pages/api-page.ts';
import { renderHomePage } from './pages/home-page.ts';

/** `hasHome`: no dashboard answers at `/`, so that a page must say what this is. */
export const docsRoutes: FastifyPluginAsync<{ readonly hasHome: boolean }> = async (app, { hasHome }) => {
  const hidden = { schema: { hide: true } } as const;
  // Drawn once: routes do not change while the process lives.
  let apiPage: string | undefined;

  if (hasHome) {
    app.get('/', hidden, async (_request, reply) => reply.type('text/html; charset=utf-8').send(renderHomePage()));
  }
  app.get('/openapi.json', hidden, async (_request, reply) => reply.send(app.swagger()));
  app.get('/docs', hidden, async (_request, reply) => {
    apiPage ??= renderApiPage(app.swagger());
    return reply.type('text/html; charset=utf-8').send(apiPage);
  });
};
