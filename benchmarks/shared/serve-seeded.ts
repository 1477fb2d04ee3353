// Keeps a seeded platform up until Ctrl-C, for work on the dashboard: `node benchmarks/shared/serve-seeded.ts [stores] [port]`, then
// `npm run dev --workspace packages/dashboard`.
import { sql } from 'kysely';
import { startSeededPlatform } from './seeded-platform.ts';

const [stores = '240', port = '8108'] = process.argv.slice(2);
const platform = await startSeededPlatform({ stores: Number(stores), port: Number(port) });
// What workers would do: their heartbeats, and now and then something that happens to a store.
const beat = setInterval(() => {
  sql`update worker_heartbeats set beat_at = now()`.execute(platform.db).catch(() => undefined);
  sql`update clusters set observed_at = now()`.execute(platform.db).catch(() => undefined);
}, 3_000);
process.stdout.write(`${platform.url}\n${platform.token}\n`);
process.once('SIGINT', () => {
  clearInterval(beat);
  void platform.close();
});
process.once('SIGTERM', () => {
  clearInterval(beat);
  void platform.close();
});
