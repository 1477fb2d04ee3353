// Brings the database to this image's version: tables, links between modules, data scripts. Run before the
// new backend starts, by itself and to the end; running it again changes nothing.
import { createRequire } from 'node:module';

const migrate = createRequire(import.meta.url)('@medusajs/medusa/commands/db/migrate').default;
await migrate({ directory: import.meta.dirname, executeSafeLinks: true });
