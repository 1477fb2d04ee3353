// A machine that misbehaves round the queue: the database's disk is full, or the clock of one worker jumps.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Db, inTransaction, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { createTestPostgres } from '../db/test-postgres.ts';
import { waitUntil } from '../db/wait-until.ts';
import { silentLog } from '../log.ts';
import { enqueueJob, listJobsOfSubject } from './job-queries.ts';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const children = new Set<ChildProcess>();

function startWorker(url: string, name: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const args = [join(import.meta.dirname, 'test-worker.ts'), url, name, '100', '400'];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  });
  children.add(child);
  return child;
}

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  }
  children.clear();
});

async function prepare(db: Db): Promise<void> {
  await sql`
    create table work (
      subject text primary key, fence bigint not null default 0, beats integer not null default 0, worker text,
      may_end boolean not null default false
    )`.execute(db);
  await sql`create table work_log (subject text, worker text, fact text, at timestamptz default clock_timestamp())`.execute(
    db,
  );
}

async function addWork(db: Db, subject: string): Promise<void> {
  await sql`insert into work (subject) values (${subject})`.execute(db);
  await inTransaction(db, (tx) => enqueueJob(tx, { kind: 'do-work', subject, fairGroup: 'a' }));
}

const isCompleted = (db: Db, subject: string) => async (): Promise<boolean> =>
  (await listJobsOfSubject(db, subject, 1))[0]?.state === 'completed';

describe('a worker whose clock jumps', {
  skip: existsSync(FAKETIME) ? false : 'the Debian package faketime is not installed',
}, () => {
  let database: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'souk-clock-'));
  const clock = join(folder, 'clock');
  before(async () => {
    database = await createTestDatabase();
    await prepare(database.db);
  });
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  test('keeps its lease, loses no job and takes none from another, because only the database’s clock counts', async () => {
    const { db, url } = database;
    writeFileSync(clock, '+0');
    const env = {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      // The monotonic clock never jumps; what follows the wall clock is what is tried.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    startWorker(url, 'jumper', env);
    await addWork(db, 'held');
    const holder = async () => {
      const { rows } = await sql<{ worker: string; fence: number; beats: number }>`
        select worker, fence, beats from work where subject = 'held'`.execute(db);
      return rows[0];
    };
    await waitUntil('the job is worked on', async () => (await holder())?.worker === 'jumper', 60_000);
    startWorker(url, 'rival');
    await waitUntil(
      'the rival is up',
      async () => (await sql`select from worker_heartbeats where worker = 'rival'`.execute(db)).rows.length === 1,
      60_000,
    );
    const before = await holder();
    for (const jump of ['+3600', '-7200', '+86400']) {
      await writeFile(clock, jump);
      const { beats = 0 } = (await holder()) ?? {};
      // Several leases long.
      await delay(1_200);
      const now = await holder();
      assert.ok((now?.beats ?? 0) > beats, `after a jump by ${jump} s nobody worked on`);
      assert.deepEqual([now?.worker, now?.fence], ['jumper', before?.fence], `after a jump by ${jump} s`);
    }
    await addWork(db, 'later');
    await sql`update work set may_end = true`.execute(db);
    await waitUntil(
      'both are completed',
      async () => (await isCompleted(db, 'held')()) && (await isCompleted(db, 'later')()),
    );
    const { rows } = await sql`select from work_log where subject = 'held' and fact = 'started'`.execute(db);
    assert.equal(rows.length, 1);
  });
});

function mountSmall(folder: string): string | null {
  if (process.getuid?.() !== 0) {
    return 'only root may mount a small file system';
  }
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=755', 'souk-small', folder], { stdio: 'pipe' });
    return null;
  } catch {
    return 'a small file system cannot be mounted here';
  }
}

describe('a database whose disk is full', () => {
  test('loses nothing that was accepted, says so of what is not, and goes on when there is room again', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'souk-small-'));
    const whyNot = mountSmall(folder);
    if (whyNot !== null) {
      rmSync(folder, { recursive: true });
      context.skip(whyNot);
      return;
    }
    const postgres = await createTestPostgres(join(folder, 'postgres'), true);
    const url = postgres.urlOf('postgres');
    await migrate({ url, log: silentLog() });
    const database = openDatabase({ url, maxConnections: 3, log: silentLog(), connectPatienceMs: 500 });
    const { db } = database;
    const ballast = join(folder, 'ballast');
    try {
      await prepare(db);
      startWorker(url, 'w1');
      await addWork(db, 'running');
      await waitUntil(
        'it is worked on',
        async () => {
          return (
            (await sql`select from work where subject = 'running' and worker is not null`.execute(db)).rows.length === 1
          );
        },
        20_000,
      );
      await writeFile(ballast, Buffer.alloc(160 * 1024 * 1024)).catch(() => undefined);
      const accepted: string[] = [];
      let refused = 0;
      // Wide rows, so that the log of the database needs room soon.
      for (let index = 0; refused < 3 && index < 3_000; index += 1) {
        const subject = `full${index}`;
        try {
          await addWork(db, `${subject}-${'x'.repeat(20_000)}`.slice(0, 900 + (index % 3)));
          accepted.push(subject);
        } catch {
          refused += 1;
        }
      }
      assert.equal(refused, 3, 'the disk never got full');
      await rm(ballast);
      await waitUntil(
        'the database is back',
        async () => {
          await postgres.start();
          return (await sql`select 1`.execute(db)).rows.length === 1;
        },
        60_000,
      );
      await sql`update work set may_end = true`.execute(db);
      await waitUntil('the running one is completed', isCompleted(db, 'running'), 60_000);
      const { rows } = await sql<{
        count: number;
      }>`select count(*) as count from jobs where subject like 'full%'`.execute(db);
      assert.ok(
        (rows[0]?.count ?? 0) >= accepted.length,
        `${accepted.length} were accepted, ${rows[0]?.count} are there`,
      );
      await addWork(db, 'afterwards');
      await sql`update work set may_end = true`.execute(db);
      await waitUntil(
        'all are completed',
        async () => {
          return (await sql`select from jobs where state <> 'completed'`.execute(db)).rows.length === 0;
        },
        120_000,
      );
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await database.close();
      await postgres.stop();
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
