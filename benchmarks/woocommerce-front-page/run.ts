// How many front pages a second a WooCommerce store of plan standard makes, and beside it, in turns, the same WordPress without
// Kubernetes under the same limits and weights of CPU. Needs a running platform (`./souk up`) and root.
//
//   node benchmarks/woocommerce-front-page/run.ts [--rounds 5] [--seconds 10] [--connections 4] [--json FILE]
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { platformPaths } from '@souk/local';
import { distributionOf } from '../shared/distribution.ts';
import { openPlatform } from '../shared/platform.ts';
import { type CpuTime, readCpuTime } from './cpu-time.ts';
import { loadPage } from './load.ts';
import { startPlainShop } from './plain-shop.ts';

const WARM_UP_MS = 3_000;
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '4' },
    port: { type: 'string', default: '18080' },
    json: { type: 'string' },
  },
});

const { client, facts, images } = await openPlatform();
const name = `bench-${Date.now().toString(36).slice(-5)}`;
const host = `${name}.${facts.baseDomain}:${facts.port}`;
const ctr = [
  path.join(facts.programsDir, 'ctr'),
  ...['--address', path.join(platformPaths().home, 'run', 'containerd.sock'), '--namespace', 'k8s.io'],
];
const podsGroup = `${platformPaths().cgroup}/kubepods/burstable`;
const plain = await startPlainShop({
  images,
  ctr,
  host,
  baseDomain: facts.baseDomain,
  port: Number(options.port),
  podsGroup,
});
const { cursor } = await client.listStores({ limit: 1 });
const { store } = await client.createStore({ name, engine: 'woocommerce' });
const souk: number[] = [];
const rival: number[] = [];
/** Milliseconds of CPU a page, a round each. */
const spent = { souk: [] as CpuTime[], plain: [] as CpuTime[] };
try {
  for await (const event of client.streamEvents({
    after: cursor,
    store: store.id,
    signal: AbortSignal.timeout(180_000),
  })) {
    if (event.type === 'store.provisioning_failed') throw new Error(event.message);
    if (event.type === 'store.ready') break;
  }
  const both: readonly { url: URL; into: number[]; title: keyof typeof spent; group: string }[] = [
    { url: new URL(facts.edgeUrl), into: souk, title: 'souk', group: '/pod' },
    { url: plain.url, into: rival, title: 'plain', group: plain.cpuGroup },
  ];
  const load = { host, connections: Number(options.connections) };
  for (const { url } of both) await loadPage({ ...load, url, durationMs: WARM_UP_MS });
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    // Whoever goes first would profit or suffer from what the machine did before.
    for (const { url, into, title, group } of round % 2 === 0 ? both : [...both].reverse()) {
      const before = await readCpuTime(group);
      const { pages, perSecond } = await loadPage({ ...load, url, durationMs: Number(options.seconds) * 1000 });
      const after = await readCpuTime(group);
      into.push(perSecond);
      const ofPage = (part: keyof CpuTime): number => (after[part] - before[part]) / pages;
      spent[title].push({ php: ofPage('php'), database: ofPage('database'), nginx: ofPage('nginx') });
      console.error(`round ${round}: ${title} ${perSecond.toFixed(2)} pages/s`);
    }
  }
} finally {
  await plain.end();
  await client.deleteStore(store.id);
}

const ratios = souk.map((pages, index) => pages / (rival[index] ?? Number.NaN));
const show = (samples: readonly number[]): string => {
  const { min, p50, max } = distributionOf(samples);
  return [min, p50, max].map((value) => value.toFixed(2)).join(' / ');
};
console.log(`front pages a second, ${options.connections} connections (min / p50 / max)`);
console.log(`  souk   ${show(souk)}`);
console.log(`  plain  ${show(rival)}`);
console.log(`  ratio  ${show(ratios)}`);
console.log('of the CPU a page, milliseconds (min / p50 / max)');
for (const [title, costs] of Object.entries(spent)) {
  for (const part of ['php', 'database', 'nginx'] as const) {
    console.log(`  ${title} ${part.padEnd(10)} ${show(costs.map((cost) => cost[part]))}`);
  }
}
if (options.json !== undefined)
  await writeFile(options.json, `${JSON.stringify({ souk, rival, ratios, spent }, null, 2)}\n`);
process.exit(0);
