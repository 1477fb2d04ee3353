// The process that keeps one PostgreSQL for all test files of a run, and of the next runs while they follow closely. Started by the
// first test file that needs it (see test-database.ts); ends the server and itself when nobody has been connected for a while.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createTestPostgres } from './test-postgres.ts';

const IDLE_MS = 20_000;
const LOOK_MS = 1_000;

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  throw new Error('usage: test-postgres-host.ts <folder>');
}
process.title = 'souk test-postgres';
const server = await createTestPostgres(folder, false);
const client = new pg.Client({ connectionString: server.urlOf('postgres') });
await client.connect();
for (let idleSince = performance.now(); performance.now() - idleSince < IDLE_MS; await delay(LOOK_MS)) {
  const { rows } = await client.query<{ others: boolean }>(
    `select exists (select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()) as others`,
  );
  if (rows[0]?.others === true) {
    idleSince = performance.now();
  }
}
await client.end();
await server.stop();
