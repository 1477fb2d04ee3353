// How long a store takes from the request to `ready`, which step takes what share, how long a deletion takes, and the floor beside
// it in the same run, in turns: store, floor, store, floor. Needs a running platform (`./souk up`) whose images are present.
//
//   node benchmarks/create/run.ts [--engine medusa] [--rounds 20] [--together 4] [--no-floor] [--json FILE]
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Event, Store } from '@souk/contract';
import { loadEngines } from '@souk/server/engines/registry.ts';
import { connectKube } from '@souk/server/kube/connect-kube.ts';
import { distributionOf, formatRows } from '../shared/distribution.ts';
import { type MeasuredPlatform, openPlatform } from '../shared/platform.ts';
import { type FloorContext, measureFloor, type StepTimes } from './floor.ts';

const DEADLINE_MS = 180_000;
const { values: options } = parseArgs({
  options: {
    engine: { type: 'string', default: 'medusa' },
    rounds: { type: 'string', default: '20' },
    together: { type: 'string', default: '4' },
    'no-floor': { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

interface StoreTimes {
  readonly readyMs: number;
  readonly steps: StepTimes;
}

interface DeletionTimes {
  readonly routeGoneMs: number;
  readonly goneMs: number;
}

const platform = await openPlatform();
const run = Date.now().toString(36).slice(-5);
const rounds = Number(options.rounds);
const together = Number(options.together);

const created: StoreTimes[] = [];
const deleted: DeletionTimes[] = [];
const floors: StepTimes[] = [];
const floor = options['no-floor'] ? null : await openFloor();
for (let round = 1; round <= rounds; round += 1) {
  const { store, times } = await createStore(platform, `bench-${run}-${round}`);
  created.push(times);
  const deletion = await deleteStore(platform, store);
  deleted.push(deletion);
  if (floor !== null) {
    floors.push(await measureFloor(floor, round));
  }
  const floorText = floors.length > 0 ? `, floor ${seconds(sum(floors.at(-1)))}` : '';
  console.error(
    `round ${round}/${rounds}: ready ${seconds(times.readyMs)}, gone ${seconds(deletion.goneMs)}${floorText}`,
  );
}
const togetherMs = together > 0 ? await createTogether() : null;
floor?.kube.close();
report();
if (options.json !== undefined) {
  await writeFile(
    options.json,
    `${JSON.stringify({ engine: options.engine, created, deleted, floors, togetherMs }, null, 2)}\n`,
  );
}
process.exit(0);

async function openFloor(): Promise<FloorContext> {
  const engines = await loadEngines({ extraFolders: [], images: platform.images });
  const engine = engines.get(options.engine)?.engine;
  if (engine === undefined) {
    throw new Error(`there is no built-in engine "${options.engine}"; use --no-floor for others`);
  }
  return { platform, engine, kube: await connectKube({ kubeconfig: platform.facts.kubeconfig }) };
}

async function createStore({ client }: MeasuredPlatform, name: string): Promise<{ store: Store; times: StoreTimes }> {
  const { cursor } = await client.listStores({ limit: 1 });
  const startedAt = performance.now();
  const { store } = await client.createStore({ name, engine: options.engine });
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const steps: Record<string, number> = {};
  const take = (event: Event): boolean => {
    if (event.type === 'store.step_completed' && event.step !== null) {
      steps[event.step] = (steps[event.step] ?? 0) + (event.durationMs ?? 0);
    }
    if (event.type === 'store.provisioning_failed') {
      throw new Error(`${name} failed: ${event.message}`);
    }
    return event.type === 'store.ready';
  };
  // From before the request on, so that nothing is missed while the stream opens.
  for await (const event of client.streamEvents({ after: cursor, store: store.id, signal })) {
    if (take(event)) {
      return { store, times: { readyMs: performance.now() - startedAt, steps } };
    }
  }
  throw new Error(`${name} did not become ready`);
}

async function deleteStore({ client, facts }: MeasuredPlatform, store: Store): Promise<DeletionTimes> {
  const host = new URL(store.storefrontUrl).host;
  const startedAt = performance.now();
  await client.deleteStore(store.id);
  const since = () => performance.now() - startedAt;
  const routeGone = pollUntil(async () => await isNoStoreAt(facts.edgeUrl, host)).then(since);
  const gone = pollUntil(async () => (await client.getStore(store.id)).phase === 'deleted').then(since);
  const [routeGoneMs, goneMs] = await Promise.all([routeGone, gone]);
  return { routeGoneMs, goneMs };
}

async function createTogether(): Promise<number> {
  const startedAt = performance.now();
  const names = Array.from({ length: together }, (_, index) => `bench-${run}-t${index + 1}`);
  const stores = await Promise.all(names.map((name) => createStore(platform, name)));
  const tookMs = performance.now() - startedAt;
  await Promise.all(stores.map(({ store }) => deleteStore(platform, store)));
  return tookMs;
}

async function pollUntil(isTrue: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + DEADLINE_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) {
      throw new Error(`nothing changed within ${DEADLINE_MS / 1000} s`);
    }
    await delay(20);
  }
}

/** A page that no shop has costs the shop next to nothing, and who answers that there is none can be told by the words. */
async function isNoStoreAt(url: string, host: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const sent = request(new URL('/.no-such-page', url), { headers: { host } }, (answer) => {
      text(answer).then((page) => resolve(page.includes('No store here')), reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

function report(): void {
  const stepNames = [...new Set(created.flatMap(({ steps }) => Object.keys(steps)))];
  const floorNames = [...new Set(floors.flatMap((times) => Object.keys(times)))];
  const rows = [
    { name: 'create → ready', samplesMs: created.map(({ readyMs }) => readyMs) },
    ...stepNames.map((step) => ({ name: `  ${step}`, samplesMs: created.map(({ steps }) => steps[step] ?? 0) })),
    ...(floors.length > 0 ? [{ name: 'floor', samplesMs: floors.map(sum) }] : []),
    ...floorNames.map((step) => ({ name: `  ${step}`, samplesMs: floors.map((times) => times[step] ?? 0) })),
    { name: 'delete → route gone', samplesMs: deleted.map(({ routeGoneMs }) => routeGoneMs) },
    { name: 'delete → all gone', samplesMs: deleted.map(({ goneMs }) => goneMs) },
  ];
  console.log(`${options.engine}, seconds\n${formatRows(rows)}`);
  if (floors.length > 0) {
    const ratios = created.map(({ readyMs }, index) => readyMs / sum(floors[index]));
    const { min, p50, p95, max } = distributionOf(ratios);
    const shown = [min, p50, p95, max].map((ratio) => ratio.toFixed(2)).join(' / ');
    console.log(`over the floor, pair by pair (min / p50 / p95 / max): ${shown}`);
  }
  if (togetherMs !== null) {
    console.log(`${together} at once, all ready: ${seconds(togetherMs)}`);
  }
}

function sum(times: StepTimes | undefined): number {
  return Object.values(times ?? {}).reduce((total, ms) => total + ms, 0);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
