// A machine that misbehaves round the queue: the database's disk is full, or the clock of one worker jumps.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { createTestPostgres } from '../db/test-postgres.ts';
import { waitUntil } from '../db/wait-until.ts';
import { silentLog } from '../log.ts';
import { mountSmallDisk } from './test-small-disk.ts';
import {
  addWork,
  allowEnd,
  createWorkTables,
  isCompleted,
  isUp,
  isWorkedOnBy,
  killTestWorkers,
  startTestWorker,
} from './test-work.ts';

const LEASE = { heartbeatMs: 250, leaseMs: 1_500 };
const DISK_MIB = 200;

/** Where Debian has put it on this machine's architecture; null where it is not installed. */
function findFaketime(): string | null {
  try {
    const files = execFileSync('dpkg', ['-L', 'libfaketime'], { encoding: 'utf8', stdio: 'pipe' }).split('\n');
    return files.find((file) => file.endsWith('/libfaketimeMT.so.1')) ?? null;
  } catch {
    return null;
  }
}
const faketime = findFaketime();

describe('a worker whose clock jumps', {
  skip: faketime === null ? 'the Debian package libfaketime is not installed' : false,
}, () => {
  let database: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'souk-clock-'));
  const clock = join(folder, 'clock');
  before(async () => {
    database = await createTestDatabase();
    await createWorkTables(database.db);
  });
  afterEach(killTestWorkers);
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  test('keeps its lease, loses no job and takes none from another, because only the database’s clock counts', async () => {
    const { db, url } = database;
    writeFileSync(clock, '+0');
    const env = {
      LD_PRELOAD: faketime ?? '',
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      // The monotonic clock never jumps; what follows the wall clock is what is tried.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    startTestWorker({ url, name: 'jumper', ...LEASE, env });
    await addWork(db, 'held');
    const readHolder = async () => {
      const { rows } = await sql<{ worker: string; fence: number; beats: number; jumpedBySeconds: number }>`
        select worker, fence, beats, extract(epoch from worker_clock - clock_timestamp())::float8 as "jumpedBySeconds"
        from work where subject = 'held'`.execute(db);
      assert.ok(rows[0]);
      return rows[0];
    };
    await waitUntil('the job is worked on', isWorkedOnBy(db, 'held', 'jumper'), 60_000);
    startTestWorker({ url, name: 'rival', ...LEASE });
    await waitUntil('the rival is up', isUp(db, 'rival'), 60_000);
    const { fence } = await readHolder();
    for (const jump of ['+3600', '-7200', '+86400']) {
      const { beats } = await readHolder();
      await writeFile(clock, jump);
      // Longer than a lease.
      await delay(1_800);
      const now = await readHolder();
      assert.ok(now.beats > beats, `after a jump by ${jump} s nobody worked on`);
      assert.ok(Math.abs(now.jumpedBySeconds - Number(jump)) < 60, `its clock is off by ${now.jumpedBySeconds} s`);
      assert.deepEqual([now.worker, now.fence], ['jumper', fence], `after a jump by ${jump} s`);
    }
    await addWork(db, 'later');
    for (const subject of ['held', 'later']) await allowEnd(db, subject);
    for (const subject of ['held', 'later']) await waitUntil(`${subject} is completed`, isCompleted(db, subject));
    const { rows } = await sql`select from work_log where subject = 'held' and fact = 'started'`.execute(db);
    assert.equal(rows.length, 1);
  });
});

describe('a database whose disk is full', () => {
  const ending: (() => unknown)[] = [];
  after(async () => {
    await killTestWorkers();
    for (const end of ending.toReversed()) await end();
  });

  test('loses nothing that was accepted, says so of what is not, and goes on when there is room again', async (context) => {
    const disk = mountSmallDisk(DISK_MIB);
    if (typeof disk === 'string') {
      context.skip(disk);
      return;
    }
    ending.push(disk.unmount);
    const postgres = await createTestPostgres(join(disk.folder, 'postgres'), true);
    ending.push(postgres.stop);
    const url = postgres.urlOf('postgres');
    await migrate({ url, log: silentLog() });
    const { db, close } = openDatabase({ url, maxConnections: 3, log: silentLog(), connectPatienceMs: 500 });
    ending.push(close);
    await createWorkTables(db);
    startTestWorker({ url, name: 'w1', ...LEASE });
    await addWork(db, 'running');
    await waitUntil('it is worked on', isWorkedOnBy(db, 'running', 'w1'), 60_000);

    const ballast = join(disk.folder, 'ballast');
    await writeFile(ballast, Buffer.alloc(DISK_MIB * 1024 * 1024)).catch(() => undefined);
    const accepted: string[] = [];
    const refused: string[] = [];
    // Long subjects, so that the log of the database needs room soon.
    for (let index = 0; refused.length < 3 && index < 3_000; index += 1) {
      const subject = `full${index}-`.padEnd(900, 'x');
      await addWork(db, subject).then(
        () => accepted.push(subject),
        () => refused.push(subject),
      );
    }
    assert.equal(refused.length, 3, 'the disk never got full');
    await rm(ballast);
    await waitUntil(
      'the database is back',
      async () => {
        await postgres.start();
        return (await sql`select 1`.execute(db)).rows.length === 1;
      },
      60_000,
    );

    await addWork(db, 'afterwards');
    await sql`update work set may_end = true`.execute(db);
    await waitUntil(
      'all are completed',
      async () => (await sql`select from jobs where state <> 'completed'`.execute(db)).rows.length === 0,
      120_000,
    );
    const { rows } = await sql<{ subject: string }>`select subject from jobs`.execute(db);
    const completed = new Set(rows.map(({ subject }) => subject));
    for (const subject of ['running', ...accepted, 'afterwards']) {
      assert.ok(completed.delete(subject), `${subject.replace(/-x+$/, '')} was accepted and is not there`);
    }
    // Whoever got no answer to a commit does not know what became of it.
    assert.deepEqual(
      [...completed].filter((subject) => !refused.includes(subject)),
      [],
    );
  });
});
