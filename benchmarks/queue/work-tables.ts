// What the benchmark's workers write to, and a witness in the database itself that no holder of an older fence ever wrote.
import type { Db } from '@souk/server/db/database.ts';
import { inTransaction } from '@souk/server/db/database.ts';
import { enqueueJob } from '@souk/server/jobs/job-queries.ts';
import { sql } from 'kysely';

export async function createWorkTables(db: Db): Promise<void> {
  await sql`
    create table work (
      subject text primary key, fence bigint not null default 0, beats integer not null default 0, worker text,
      may_end boolean not null default false
    )`.execute(db);
  await sql`
    create table work_log (subject text, worker text, fact text, at timestamptz not null default clock_timestamp())`.execute(
    db,
  );
  await sql`create table stale_writes (subject text, before bigint, after bigint)`.execute(db);
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
  await sql`insert into work (subject) values (${subject})`.execute(db);
  await inTransaction(db, (tx) => enqueueJob(tx, { kind: 'do-work', subject, fairGroup: 'a' }));
}
