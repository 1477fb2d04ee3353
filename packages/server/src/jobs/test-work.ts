// Work for the worker processes of `test-worker.ts`: its tables, and the processes themselves, which end with their test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type Db, inTransaction } from '../db/database.ts';
import { enqueueJob, listJobsOfSubject } from './job-queries.ts';

export interface TestWorkerOptions {
  readonly url: string;
  readonly name: string;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly env?: NodeJS.ProcessEnv;
}

let children: ChildProcess[] = [];

export function startTestWorker({ url, name, heartbeatMs, leaseMs, env = {} }: TestWorkerOptions): ChildProcess {
  const args = [join(import.meta.dirname, 'test-worker.ts'), url, name, String(heartbeatMs), String(leaseMs)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  return child;
}

export async function killTestWorkers(): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
    }),
  );
  children = [];
}

export async function createWorkTables(db: Db): Promise<void> {
  await sql`
    create table work (
      subject text primary key, fence bigint not null default 0, beats integer not null default 0, worker text,
      worker_clock timestamptz, may_end boolean not null default false
    )`.execute(db);
  await sql`
    create table work_log (subject text, worker text, fact text, at timestamptz not null default clock_timestamp())`.execute(
    db,
  );
  await sql`create table stale_writes (subject text, before bigint, after bigint)`.execute(db);
  // A witness in the database itself, for what no guard in a statement has stopped.
  await sql`
    create function witness() returns trigger language plpgsql as $$
    begin
      if new.fence < old.fence then
        insert into stale_writes values (new.subject, old.fence, new.fence);
      end if;
      return new;
    end $$`.execute(db);
  await sql`create trigger witness before update on work for each row execute function witness()`.execute(db);
}

export async function addWork(db: Db, subject: string): Promise<void> {
  // Together: what was refused must not be there in part.
  await inTransaction(db, async (tx) => {
    await sql`insert into work (subject) values (${subject})`.execute(tx);
    await enqueueJob(tx, { kind: 'do-work', subject, fairGroup: 'a' });
  });
}

export async function allowEnd(db: Db, subject: string): Promise<void> {
  await sql`update work set may_end = true where subject = ${subject}`.execute(db);
}

export const isWorkedOnBy = (db: Db, subject: string, worker: string) => async (): Promise<boolean> => {
  const { rows } = await sql`select from work where subject = ${subject} and worker = ${worker}`.execute(db);
  return rows.length === 1;
};

export const isCompleted = (db: Db, subject: string) => async (): Promise<boolean> =>
  (await listJobsOfSubject(db, subject, 1))[0]?.state === 'completed';

/** Whether its heartbeats reach the database. */
export const isUp = (db: Db, worker: string) => async (): Promise<boolean> =>
  (await sql`select from worker_heartbeats where worker = ${worker}`.execute(db)).rows.length === 1;

export async function countStaleWrites(db: Db): Promise<number> {
  return (await sql`select from stale_writes`.execute(db)).rows.length;
}
