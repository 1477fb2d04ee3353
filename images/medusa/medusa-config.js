// What every Medusa store has in common. All that differs between stores comes from the environment or the database, and
// nothing in here names a host: one image, and one pod spec, serves any store. Plain JavaScript, because Medusa looks for
// `medusa-config.js` and because nothing is to be compiled while a store starts.
import { createRequire } from 'node:module';

// Not `import`: Node would first read hundreds of CommonJS files for the names they export.
const { defineConfig, Modules } = createRequire(import.meta.url)('@medusajs/framework/utils');

const redisUrl = process.env.REDIS_URL;

// Without Redis, as while migrating or seeding, Medusa's own in-memory modules take these parts.
const redisModules = [
  { key: Modules.EVENT_BUS, resolve: '@medusajs/medusa/event-bus-redis', options: { redisUrl } },
  { key: Modules.WORKFLOW_ENGINE, resolve: '@medusajs/medusa/workflow-engine-redis', options: { redis: { redisUrl } } },
  {
    key: Modules.LOCKING,
    resolve: '@medusajs/medusa/locking',
    options: {
      providers: [
        { id: 'locking-redis', resolve: '@medusajs/medusa/locking-redis', is_default: true, options: { redisUrl } },
      ],
    },
  },
];

export default defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    // The database is a neighbour in the store's own namespace and speaks no TLS; Medusa would insist on it for any other name
    // than localhost.
    // The short interval is for a new store, whose database comes up while this program loads.
    databaseDriverOptions: { connection: { ssl: false }, pool: { createRetryIntervalMillis: 50 } },
    redisUrl,
    // The secrets and the CORS origins (JWT_SECRET, COOKIE_SECRET, STORE_CORS, …) are read from the environment by defineConfig.
    // `auto` decides by X-Forwarded-Proto at request time: a login works on http://name.souk.localhost and is Secure behind https.
    cookieOptions: { secure: 'auto', sameSite: 'lax' },
  },
  admin: { path: '/app', backendUrl: '/' },
  modules: [
    ...(redisUrl === undefined ? [] : redisModules),
    {
      key: Modules.FILE,
      resolve: '@medusajs/medusa/file',
      options: { providers: [{ id: 'volume', resolve: `${import.meta.dirname}/volume-files.js` }] },
    },
  ],
});
