// Builds the admin dashboard into public/admin. Its backend is `/`, the host it is served from, so that one image serves all
// stores; `medusa build` would do the same, but wants a TypeScript project around it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from '@medusajs/admin-bundler';

const MAX_UPLOAD_BYTES = 10 * 1024 * 1024;

await build({
  disable: false,
  path: '/app',
  backendUrl: '/',
  maxUploadFileSize: MAX_UPLOAD_BYTES,
  sources: [],
  plugins: ['@medusajs/draft-order/admin'],
  outDir: 'public/admin',
  vite: () => ({ resolve: { alias: { 'react-country-flag': `${import.meta.dirname}/country-flag.js` } } }),
});

for (const file of readdirSync('public/admin', { recursive: true, withFileTypes: true })) {
  if (!file.isFile() || !/\.(js|css|svg|json)$/.test(file.name)) continue;
  const path = join(file.parentPath, file.name);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
