// The queue alone, on a PostgreSQL of its own with fsync on: how soon the jobs of killed and stopped workers run elsewhere, how soon a
// job starts, and how many jobs that do nothing are done in a second, beside pg-boss and graphile-worker in the same harness.
//
//   node benchmarks/queue/run.ts [--kills 500] [--together 25] [--rate 100] [--seconds 30] [--jobs 10000] [--concurrency 10]
//                                [--rounds 3] [--only takeover,start,rate] [--no-rivals]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Database, inTransaction, openDatabase } from '@souk/server/db/database.ts';
import { migrate } from '@souk/server/db/migrate.ts';
import { createPrivatePostgres, type TestPostgres } from '@souk/server/db/test-postgres.ts';
import { enqueueJob } from '@souk/server/jobs/job-queries.ts';
import { HEARTBEAT_MS, LEASE_MS } from '@souk/server/jobs/lease-keeper.ts';
import { addWork, createWorkTables } from '@souk/server/jobs/test-work.ts';
import { silentLog } from '@souk/server/log.ts';
import { sql } from 'kysely';
import { formatRows } from '../shared/distribution.ts';
import { importRival, installRivals } from './rivals.ts';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    together: { type: 'string', default: '25' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '30' },
    jobs: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '10' },
    only: { type: 'string', default: 'takeover,start,rate' },
    'no-rivals': { type: 'boolean', default: false },
  },
});
const parts = options.only.split(',');
const LIBRARIES = options['no-rivals']
  ? (['souk'] as const)
  : (['souk', 'pg-boss', 'pg-boss-batches', 'graphile-worker'] as const);
type Library = (typeof LIBRARIES)[number];

const children = new Set<ChildProcess>();
const postgres = await createPrivatePostgres();
try {
  if (!options['no-rivals']) await installRivals();
  if (parts.includes('takeover')) await measureTakeover();
  if (parts.includes('start')) await measureStart();
  if (parts.includes('rate')) await measureRate();
} finally {
  for (const child of children) child.kill('SIGKILL');
  await postgres.stop();
}
process.exit(0);

/** Workers that hold a job each are killed, or stopped past their lease and let go on, at random moments of their lease. */
async function measureTakeover(): Promise<void> {
  const database = await freshDatabase(postgres, 'takeover');
  await createWorkTables(database.db);
  const url = postgres.urlOf('takeover');
  const together = Number(options.together);
  const heirs = ['heir-1', 'heir-2'].map((name) => startHolder(url, name, together));
  const kills = Number(options.kills);
  const takeovers: number[] = [];
  for (let done = 0; done < kills; done += together) {
    const names = Array.from({ length: Math.min(together, kills - done) }, (_, index) => `victim-${done + index}`);
    // One at a time may claim: the heirs stand still until each victim has its job.
    for (const heir of heirs) heir.kill('SIGSTOP');
    for (const name of names) await addWork(database.db, name);
    const victims = names.map((name) => startHolder(url, name, 1));
    await waitFor(async () => (await countHeld(database, names)) === names.length);
    for (const heir of heirs) heir.kill('SIGCONT');
    takeovers.push(...(await Promise.all(victims.map((victim) => loseOne(database, victim)))));
    await sql`update work set may_end = true where subject = any(${names})`.execute(database.db);
    await waitFor(async () => (await countLive(database)) === 0);
    for (const victim of victims) victim.kill('SIGKILL');
    console.error(`${takeovers.length} of ${kills} workers lost`);
  }
  const { rows } = await sql<{ count: number }>`select count(*) as count from stale_writes`.execute(database.db);
  console.log(
    `takeover of a lost worker (half killed, half stopped past the lease and let go on), seconds\n${formatRows([
      { name: 'lost → runs elsewhere', samplesMs: takeovers },
    ])}\nstale writes: ${rows[0]?.count}`,
  );
  for (const heir of heirs) heir.kill('SIGKILL');
  await database.close();
}

interface Holder {
  readonly name: string;
  readonly kill: (signal: NodeJS.Signals) => void;
}

function startHolder(url: string, name: string, concurrency: number): Holder {
  const script = fileURLToPath(import.meta.resolve('@souk/server/jobs/test-worker.ts'));
  const settings = [HEARTBEAT_MS, LEASE_MS, concurrency].map(String);
  const child = spawn(process.execPath, [script, url, name, ...settings], { stdio: 'ignore' });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return { name, kill: (signal) => void child.kill(signal) };
}

async function countHeld(database: Database, subjects: readonly string[]): Promise<number> {
  const { rows } = await sql`
    select 1 from work where subject = any(${subjects}) and worker is not null`.execute(database.db);
  return rows.length;
}

async function countLive(database: Database): Promise<number> {
  const { rows } = await sql`select 1 from jobs where state in ('available', 'running', 'waiting')`.execute(
    database.db,
  );
  return rows.length;
}

/** From the signal to the first fact that another worker wrote about the subject that this one held. */
async function loseOne({ db }: Database, victim: Holder): Promise<number> {
  await delay(Math.random() * LEASE_MS);
  const held = await sql<{ subject: string }>`select subject from work where worker = ${victim.name}`.execute(db);
  const subjects = held.rows.map(({ subject }) => subject);
  const isStopped = Number(victim.name.split('-')[1]) % 2 === 1;
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(db);
  const at = rows[0]?.at ?? new Date();
  victim.kill(isStopped ? 'SIGSTOP' : 'SIGKILL');
  let tookMs = 0;
  for (const subject of subjects) {
    await waitFor(async () => {
      const next = await sql<{ at: Date }>`
        select at from work_log where subject = ${subject} and worker <> ${victim.name} and at > ${at}`.execute(db);
      tookMs = Math.max(tookMs, (next.rows[0]?.at.getTime() ?? 0) - at.getTime());
      return next.rows.length > 0;
    });
  }
  if (isStopped) victim.kill('SIGCONT');
  return tookMs;
}

/** Open loop: a job every so often, whatever becomes of the earlier ones. */
async function measureStart(): Promise<void> {
  const rows = [];
  for (const library of LIBRARIES) {
    const bench = await openBench(library, 'start');
    const worker = await startNoop(library, bench.url, ['--tell']);
    const count = Number(options.rate) * Number(options.seconds);
    const sentAt = new Map<string, number>();
    const samplesMs: number[] = [];
    worker.onLine((line) => {
      const [subject = '', at] = line.split(' ');
      const sent = sentAt.get(subject);
      if (sent !== undefined) samplesMs.push(Number(at) - sent);
    });
    const startedAt = performance.now();
    const sending: Promise<void>[] = [];
    for (let index = 0; index < count; index += 1) {
      const dueMs = (index * 1000) / Number(options.rate) - (performance.now() - startedAt);
      if (dueMs > 0) await delay(dueMs);
      const subject = `job${index}`;
      sentAt.set(subject, performance.timeOrigin + performance.now());
      sending.push(bench.enqueue(subject));
    }
    await Promise.all(sending);
    await waitFor(async () => samplesMs.length >= count);
    rows.push({ name: library, samplesMs });
    worker.end();
    await bench.close();
  }
  console.log(
    `enqueued → started at ${options.rate} a second for ${options.seconds} s, one worker, seconds\n${formatRows(rows, 4)}`,
  );
}

/** Everything is queued before the worker starts; counted from the first job's start to the last one's end, as rows tell it. */
async function measureRate(): Promise<void> {
  const perSecond: Record<string, number[]> = {};
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    for (const library of LIBRARIES) {
      const bench = await openBench(library, `rate_${round}`);
      // Its clock alone says how many it takes a second.
      const jobs = library === 'pg-boss' ? Math.min(200, Number(options.jobs)) : Number(options.jobs);
      await bench.enqueueMany(jobs);
      const worker = await startNoop(library, bench.url, []);
      const startedAt = performance.now();
      const before = await bench.countLeft();
      await waitFor(async () => (await bench.countLeft()) === 0, 20);
      perSecond[library] = [...(perSecond[library] ?? []), (before * 1000) / (performance.now() - startedAt)];
      worker.end();
      await bench.close();
      console.error(`round ${round}: ${library} ${Math.round(perSecond[library]?.at(-1) ?? 0)} a second`);
    }
  }
  console.log(
    `jobs that do nothing, a second: one worker process, ${options.concurrency} at once, ${options.jobs} jobs, fsync on`,
  );
  for (const [library, rates] of Object.entries(perSecond)) {
    console.log(`${library.padEnd(16)} ${rates.map((rate) => String(Math.round(rate)).padStart(6)).join(' ')}`);
  }
}

interface Bench {
  readonly url: string;
  readonly enqueue: (subject: string) => Promise<void>;
  readonly enqueueMany: (count: number) => Promise<void>;
  readonly countLeft: () => Promise<number>;
  readonly close: () => Promise<void>;
}

async function openBench(library: Library, name: string): Promise<Bench> {
  const database = await freshDatabase(postgres, `${library.replaceAll('-', '_')}_${name}`);
  const { db } = database;
  const url = postgres.urlOf(`${library.replaceAll('-', '_')}_${name}`);
  const count = async (left: string): Promise<number> => {
    const { rows } = await sql.raw<{ count: number }>(`select count(*) as count from ${left}`).execute(db);
    return rows[0]?.count ?? 0;
  };
  switch (library) {
    case 'souk':
      return {
        url,
        enqueue: async (subject) => {
          await inTransaction(db, (tx) => enqueueJob(tx, { kind: 'do-nothing', subject, fairGroup: 'a' }));
        },
        enqueueMany: async (many) => {
          await sql`
            insert into jobs (id, kind, subject, fair_group)
            select 'job_' || lpad(number::text, 10, '0'), 'do-nothing', 'job' || number, 'a'
            from generate_series(1, ${many}::integer) as number`.execute(db);
          await sql`analyze jobs`.execute(db);
        },
        countLeft: () => count("jobs where state in ('available', 'running', 'waiting')"),
        close: () => database.close(),
      };
    case 'pg-boss':
    case 'pg-boss-batches': {
      const { PgBoss } = await importRival('pg-boss');
      const boss = new PgBoss(url);
      await boss.start();
      await boss.createQueue('do-nothing', { notify: true });
      return {
        url,
        enqueue: async (subject) => void (await boss.send('do-nothing', { subject })),
        enqueueMany: async (many) => {
          const jobs = Array.from({ length: many }, (_, index) => ({ data: { subject: `job${index}` } }));
          await boss.insert('do-nothing', jobs);
          await sql`analyze`.execute(db);
        },
        countLeft: () => count("pgboss.job where name = 'do-nothing' and state in ('created', 'retry', 'active')"),
        close: async () => {
          await boss.stop({ graceful: false, wait: true });
          await database.close();
        },
      };
    }
    case 'graphile-worker': {
      const { makeWorkerUtils } = await importRival('graphile-worker');
      const utils = await makeWorkerUtils({ connectionString: url });
      await utils.migrate();
      return {
        url,
        enqueue: async (subject) => void (await utils.addJob('do_nothing', { subject })),
        enqueueMany: async (many) => {
          for (let from = 0; from < many; from += 500) {
            const length = Math.min(500, many - from);
            await utils.addJobs(
              Array.from({ length }, (_, index) => ({
                identifier: 'do_nothing',
                payload: { subject: `job${from + index}` },
              })),
            );
          }
          await sql`analyze`.execute(db);
        },
        countLeft: () => count('graphile_worker.jobs'),
        close: async () => {
          await utils.release();
          await database.close();
        },
      };
    }
  }
}

async function startNoop(library: Library, url: string, more: readonly string[]) {
  const script = fileURLToPath(new URL('noop-worker.ts', import.meta.url));
  const child = spawn(process.execPath, [script, library, url, options.concurrency, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const lines = createInterface({ input: child.stdout });
  const ready = once(lines, 'line');
  await ready;
  return {
    onLine: (listener: (line: string) => void) => void lines.on('line', listener),
    end: () => void child.kill('SIGKILL'),
  };
}

async function freshDatabase(server: TestPostgres, name: string): Promise<Database> {
  const admin = openDatabase({ url: server.urlOf('postgres'), maxConnections: 1, log: silentLog() });
  await sql`create database ${sql.id(name)}`.execute(admin.db);
  await admin.close();
  const url = server.urlOf(name);
  await migrate({ url, log: silentLog() });
  return openDatabase({ url, maxConnections: 10, log: silentLog() });
}

async function waitFor(isTrue: () => Promise<boolean>, everyMs = 50): Promise<void> {
  const giveUpAt = performance.now() + 300_000;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error('it did not come within 5 minutes');
    await delay(everyMs);
  }
}
