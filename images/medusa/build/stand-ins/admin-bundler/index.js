// Stands in for @medusajs/admin-bundler in the finished image. Medusa asks that package for one thing while it runs, to serve
// the built dashboard; the real one would load Vite's and Tailwind's world for it. Files are compressed when the image is
// built, not at each request.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';

const CONTENT_TYPES = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

export async function serve({ outDir }) {
  const html = readFileSync(join(outDir, 'index.html'), 'utf8');
  const router = express.Router();

  const sendHtml = (_request, response) => {
    response.setHeader('Cache-Control', 'no-cache');
    response.type('html').send(html);
  };

  router.get('/', sendHtml);
  router.get('/assets/*', (request, response, next) => {
    response.setHeader('Vary', 'Accept-Encoding');
    const type = CONTENT_TYPES[/\.[a-z]+$/.exec(request.path)?.[0] ?? ''];
    const isPacked = type !== undefined && existsSync(join(outDir, 'assets', `${request.params[0]}.gz`));
    if (isPacked && request.acceptsEncodings('gzip')) {
      request.url = `${request.path}.gz`;
      response.setHeader('Content-Encoding', 'gzip');
      response.type(type);
    }
    next();
  });
  router.use(express.static(outDir, { immutable: true, maxAge: '365d', index: false }));
  router.get('/*', sendHtml);
  return router;
}
