// Keeps a seeded platform up until Ctrl-C, for work on the dashboard: `node benchmarks/shared/serve-seeded.ts [stores] [port]`, then
// `npm run dev --workspace packages/dashboard`.
import { startSeededPlatform } from './seeded-platform.ts';

const [stores = '240', port = '8108'] = process.argv.slice(2);
const platform = await startSeededPlatform({ stores: Number(stores), port: Number(port) });
process.stdout.write(`${platform.url}\n${platform.token}\n`);
process.once('SIGINT', () => void platform.close());
process.once('SIGTERM', () => void platform.close());
