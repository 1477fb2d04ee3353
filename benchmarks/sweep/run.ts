// Many stores that are only rows and objects, in the API of a running platform's real cluster, under an API and a worker of the
// benchmark's own on a PostgreSQL of its own: how long the first look and a sweep take, how soon the watch tells of a change, how
// long lists take, and how much memory both processes need.
//
//   node benchmarks/sweep/run.ts [--stores 1000] [--rounds 3] [--changes 20] [--lists 200] [--keep]
//
// With --keep the objects stay for `./souk down --purge`, which is sooner than to delete thousands of namespaces.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createClient } from '@souk/contract';
import { openDatabase } from '@souk/server/db/database.ts';
import { migrate } from '@souk/server/db/migrate.ts';
import { createPrivatePostgres } from '@souk/server/db/test-postgres.ts';
import { storeNamespace } from '@souk/server/ids.ts';
import { connectKube } from '@souk/server/kube/connect-kube.ts';
import { silentLog } from '@souk/server/log.ts';
import { hashSecret } from '@souk/server/tenants/secrets.ts';
import { sql } from 'kysely';
import { formatRows } from '../shared/distribution.ts';
import { openPlatform } from '../shared/platform.ts';
import { startFakeNodes } from './fake-nodes.ts';
import { LABEL, loadStore, prepareTenant } from './load-stores.ts';

const { values: options } = parseArgs({
  options: {
    stores: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    changes: { type: 'string', default: '20' },
    lists: { type: 'string', default: '200' },
    keep: { type: 'boolean', default: false },
  },
});
const AT_ONCE = 8;
const SWEEP_SECONDS = 20;
const count = Number(options.stores);
const { facts } = await openPlatform();
const kube = await connectKube({ kubeconfig: facts.kubeconfig });
// One pod a store.
const nodes = await startFakeNodes(count, facts);
const folder = await mkdtemp(path.join(tmpdir(), 'souk-sweep-'));
const postgres = await createPrivatePostgres();
const url = postgres.urlOf('postgres');
await migrate({ url, log: silentLog() });
const { db, close } = openDatabase({ url, maxConnections: AT_ONCE + 2, log: silentLog() });
const key = randomBytes(32);
const token = `souk_${randomBytes(24).toString('base64url')}`;
const processes: ReturnType<typeof startProcess>[] = [];
try {
  await prepareTenant(db, hashSecret(token));
  const ids = await load();
  await writeFile(path.join(folder, 'key'), key.toString('hex'));
  const worker = startProcess('worker.ts', 192, {
    METRICS_PORT: '18106',
    SWEEP_INTERVAL_SECONDS: String(SWEEP_SECONDS),
  });
  processes.push(worker);
  const firstLookMs = await measureFirstLook();
  console.log(`first look at ${count} stores, the worker's start included: ${(firstLookMs / 1000).toFixed(1)} s`);
  await measureSweeps();
  await measureLag(ids);
  const api = startProcess('api.ts', 96, { API_HOST: '127.0.0.1', API_PORT: '18107', TOKEN_REQUESTS_PER_MINUTE: '0' });
  processes.push(api);
  await measureLists();
  console.log(`memory with ${count} stores: worker ${await memoryOf(worker.pid)}, API ${await memoryOf(api.pid)}`);
} finally {
  for (const { end } of processes) end();
  if (!options.keep) {
    await unload();
    await nodes.remove();
  }
  nodes.end();
  await close();
  await postgres.stop();
  kube.close();
  await rm(folder, { recursive: true, force: true });
}
process.exit(0);

async function load(): Promise<readonly string[]> {
  const settings = {
    ingressNamespace: 'souk-ingress',
    ingressPodLabels: { 'app.kubernetes.io/name': 'souk-ingress' },
    apiSubject: null,
    closedNetworks: [],
  };
  const ids: string[] = [];
  let left = count;
  const loadNext = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      ids.push(await loadStore(db, kube, key, settings));
      if (ids.length % 100 === 0) console.error(`${ids.length} of ${count} stores loaded`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loadNext));
  return ids;
}

async function unload(): Promise<void> {
  const { items } = await kube.listMetadata('Namespace', { labels: LABEL });
  for (const { metadata } of items) await kube.delete('Namespace', { name: metadata.name }, { uid: metadata.uid });
  console.error('the namespaces are being deleted');
  await waitFor(async () => (await kube.listMetadata('Namespace', { labels: LABEL })).items.length === 0, 3_600_000);
}

function startProcess(name: string, heapMb: number, more: NodeJS.ProcessEnv) {
  const script = fileURLToPath(import.meta.resolve(`@souk/server/main/${name}`));
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    DATABASE_URL: url,
    PLATFORM_KEY_FILE: path.join(folder, 'key'),
    KUBECONFIG: facts.kubeconfig,
    HELM_PATH: path.join(facts.programsDir, 'helm'),
    INGRESS_URL: facts.ingressUrl,
    BASE_DOMAIN: 'bench.localhost',
    ENGINE_FOLDERS: fileURLToPath(new URL('bench-shop', import.meta.url)),
    LOG_LEVEL: 'warn',
    ...more,
  };
  // The flags that the local platform gives its processes.
  const flags = [`--max-old-space-size=${heapMb}`, '--max-semi-space-size=1'];
  const child = spawn(process.execPath, [...flags, script], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  return { pid: child.pid ?? 0, end: () => void child.kill('SIGKILL') };
}

async function measureFirstLook(): Promise<number> {
  const startedAt = performance.now();
  await waitFor(async () => {
    const { rows } = await sql<{ left: number }>`select count(*) as left from stores where health = 'unknown'`.execute(
      db,
    );
    return rows[0]?.left === 0;
  });
  return performance.now() - startedAt;
}

/** By the worker's own metrics: the listing of all objects, and the look at every Secret. */
async function measureSweeps(): Promise<void> {
  const rounds = Number(options.rounds);
  const hasSwept = async (work: string, times: number): Promise<boolean> =>
    (await readMetric('souk_sweep_seconds_count', work)) >= times;
  await waitFor(async () => (await hasSwept('objects', rounds)) && (await hasSwept('secrets', 1)));
  for (const work of ['objects', 'secrets']) {
    const seconds = await readMetric('souk_sweep_seconds_sum', work);
    const times = await readMetric('souk_sweep_seconds_count', work);
    console.log(
      `a sweep over the ${work} of ${count} stores: ${(seconds / times).toFixed(2)} s on average of ${times}`,
    );
  }
}

/** The sum of what the worker says under that name, of one kind of work or of all. */
async function readMetric(name: string, work?: string): Promise<number> {
  const shown = await (await fetch('http://127.0.0.1:18106/metrics')).text();
  const lines = shown.split('\n').filter((line) => line.startsWith(`${name}{`));
  const asked = work === undefined ? lines : lines.filter((line) => line.includes(`work="${work}"`));
  return asked.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function removePolicy(namespace: string): Promise<void> {
  const ref = { namespace, name: 'deny-all' };
  const found = await kube.get('NetworkPolicy', ref);
  await kube.delete('NetworkPolicy', ref, { uid: found?.metadata.uid ?? '' });
}

async function editSecret(namespace: string): Promise<void> {
  await kube.apply('Secret', { metadata: { name: 'store-admin', namespace }, stringData: { password: 'edited' } });
}

/** From the beginning of the call that does it to the event in the database, the second of confirmation included. */
async function measureLag(ids: readonly string[]): Promise<void> {
  const readListings = () => readMetric('souk_sweep_seconds_count', 'objects');
  const readCorrections = () => readMetric('souk_watch_corrections_total');
  const [listingsBefore, correctionsBefore] = [await readListings(), await readCorrections()];
  const startedAt = performance.now();
  const rows = [];
  for (const [name, inflict, told] of [
    ['policy removed → told', removePolicy, '%was removed%'],
    ['Secret edited → told', editSecret, '%was edited%'],
  ] as const) {
    const samplesMs: number[] = [];
    for (let index = 0; index < Math.min(Number(options.changes), ids.length); index += 1) {
      const id = ids[Math.floor((index * ids.length) / Number(options.changes))] ?? '';
      const begunAt = Date.now();
      await inflict(storeNamespace(id));
      await waitFor(async () => {
        const { rows: events } = await sql<{ at: Date }>`
          select at from events where store_id = ${id} and type = 'store.drift_detected' and message like ${told}`.execute(
          db,
        );
        if (events[0] !== undefined) samplesMs.push(events[0].at.getTime() - begunAt);
        return events.length > 0;
      });
    }
    rows.push({ name, samplesMs });
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const listings = (await readListings()) - listingsBefore;
  const corrections = (await readCorrections()) - correctionsBefore;
  console.log(`by the watch, seconds\n${formatRows(rows)}`);
  console.log(`in these ${seconds} s ${listings} listings ended, which had to correct ${corrections} objects`);
}

async function measureLists(): Promise<void> {
  const client = createClient({ url: 'http://127.0.0.1:18107', token });
  await waitFor(async () => (await fetch('http://127.0.0.1:18107/readyz').catch(() => null))?.status === 200);
  const rows = [];
  for (const limit of [50, 200]) {
    const samplesMs: number[] = [];
    let after: string | undefined;
    for (let index = 0; index < Number(options.lists); index += 1) {
      const startedAt = performance.now();
      const page = await client.listStores({ limit, ...(after === undefined ? {} : { after }) });
      samplesMs.push(performance.now() - startedAt);
      after = page.next ?? undefined;
    }
    rows.push({ name: `list, ${limit} a page`, samplesMs });
  }
  console.log(`lists, seconds\n${formatRows(rows, 4)}`);
}

async function memoryOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mib = (word: string): number =>
    Math.round(Number(new RegExp(`^${word}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024);
  return `${mib('Rss')} MiB resident, ${mib('Pss')} MiB proportional`;
}

async function waitFor(isTrue: () => Promise<boolean>, withinMs = 600_000): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error(`it did not come within ${withinMs / 1000} s`);
    await delay(50);
  }
}
