// The statements on `jobs` of who wishes for them and who runs them. Promises: one live job per subject; a claim and its lease are one
// statement; every write of an attempt compares the fence, so that a worker which lost its lease writes nothing; only the database's
// clock decides what is due or expired.

import type { JobState } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db, InOneTrip, Tx } from '../db/database.ts';
import { storableText } from '../db/storable-text.ts';
import { newId } from '../ids.ts';

/** The NOTIFY channel that tells runners: something may be claimable now. */
export const JOBS_CHANNEL = 'jobs';

export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly fairGroup: string;
  readonly state: JobState;
  /** How many attempts have failed so far. */
  readonly attempt: number;
  readonly error: string | null;
  readonly runAt: Date;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** The right to work on a job: whoever holds the highest fence may write, nobody else. */
export interface Lease {
  readonly jobId: string;
  readonly fence: number;
}

export interface ClaimedJob extends Job {
  readonly fence: number;
  /** How long the job was due before it was claimed. */
  readonly waitedMs: number;
  /** The worker whose lease had run out; null where nobody held one. */
  readonly takenOverFrom: string | null;
}

export interface NewJob {
  readonly kind: string;
  readonly subject: string;
  /** Claims are fair between groups; a tenant's id. */
  readonly fairGroup: string;
  readonly priority?: number;
  /** Default: now. */
  readonly runAt?: Date;
  /**
   * How many limited jobs of this group may be under way at once; null lifts the limit, also from a job that is joined
   * (a deletion waits for no provision). Left out: a new job has none, a joined job keeps its own.
   */
  readonly groupLimit?: number | null;
}

export interface ClaimRequest {
  readonly worker: string;
  readonly kinds: readonly string[];
  readonly count: number;
  readonly leaseMs: number;
  /** How many limited jobs may be under way at once in all groups together. */
  readonly totalLimit: number;
}

const COLUMNS = [
  'id',
  'kind',
  'subject',
  'fair_group as "fairGroup"',
  'state',
  'attempt',
  'error',
  'run_at as "runAt"',
  'created_at as "createdAt"',
  'started_at as "startedAt"',
  'finished_at as "finishedAt"',
];
const jobColumns: RawBuilder<unknown> = sql.raw(COLUMNS.map((column) => `jobs.${column}`).join(', '));

/**
 * Makes a job, or joins the live one of the same kind and subject: one that is not running becomes due (no later than asked), a
 * running one runs once more afterwards. The wish is kept exactly when the caller's transaction commits.
 */
export async function enqueueJob(tx: Tx, job: NewJob): Promise<Job> {
  const runAt = job.runAt === undefined ? sql`now()` : sql`${job.runAt}`;
  const changesLimit = job.groupLimit !== undefined;
  const { rows } = await sql<Job>`
    insert into jobs (id, kind, subject, fair_group, priority, run_at, group_limit)
    values (${newId('job')}, ${job.kind}, ${job.subject}, ${job.fairGroup}, ${job.priority ?? 0}, ${runAt}, ${job.groupLimit ?? null})
    on conflict (kind, subject) where ${isLive} do update set
      run_at = case when jobs.state = 'running' then jobs.run_at else least(jobs.run_at, excluded.run_at) end,
      rerun = jobs.rerun or jobs.state = 'running',
      priority = greatest(jobs.priority, excluded.priority),
      group_limit = case when ${changesLimit} then excluded.group_limit else jobs.group_limit end
    returning ${jobColumns}`.execute(tx);
  await notifyRunners(tx);
  return only(rows);
}

/** Equal notifications of one transaction are sent once, when it commits. */
async function notifyRunners(db: Db): Promise<void> {
  await sql`select pg_notify(${JOBS_CHANNEL}, '')`.execute(db);
}

/**
 * Makes claims take turns until the end of the transaction, so that two of them cannot both count the same free place. Answers the
 * database's time: a claim that follows in this transaction sees everything that is due by then.
 */
export const takeTurn = sql<{ at: string }>`
  -- A parameter, because only of what has one the plan is kept.
  select statement_timestamp()::text as at, pg_advisory_xact_lock(hashtextextended(${'jobs.claim'}, 0)),
    -- A worker that is stopped before its commit is sent would stop every other; Postgres ends its transaction instead.
    set_config('idle_in_transaction_session_timeout', '1000', true)`;

export interface Claimed {
  /** The database's time by which all that was due was seen. */
  readonly at: string;
  readonly jobs: readonly ClaimedJob[];
  /** The ids of those `endings` that were written. */
  readonly ended: ReadonlySet<string>;
}

/**
 * Takes the leases of up to `count` due jobs. Groups take turns: the one with the fewest running jobs comes first. A job with a limit
 * enters only where its group and the whole have room; one that is under way already (it waited, or its worker died) needs no new
 * place. Costs what `count` and the number of groups ask for, however many jobs are due.
 *
 * Jobs to complete go along in the same commit, as `completeFreeJobs` would end them: before the turn is taken, so that no other
 * claim waits for them.
 */
export async function claimJobs(
  inOneTrip: InOneTrip,
  request: ClaimRequest,
  endings: readonly Lease[] = [],
): Promise<Claimed> {
  const claim = claimStatement(request);
  const [ended, turns, jobs] =
    endings.length === 0
      ? ([[], ...(await inOneTrip([takeTurn, claim]))] as const)
      : await inOneTrip([completeStatement(endings, freeOnly), takeTurn, claim]);
  return { at: turns[0]?.at ?? '', jobs, ended: idsOf(ended) };
}

/** Right only after `takeTurn` in the same transaction. */
export function claimStatement(request: ClaimRequest): RawBuilder<ClaimedJob> {
  // Written into the text: a plan that is kept would otherwise expect a tenth of the table, read all of it, and be made anew each time.
  const count = sql.lit(request.count);
  return sql<ClaimedJob>`
    with recursive under_way as (
      select
        fair_group,
        count(*) filter (where state = 'running') as running,
        count(*) filter (where group_limit is not null) as limited
      from jobs where state in ('running', 'waiting') group by fair_group
    ),
    -- From one group's name to the next by the index, past all jobs between them.
    queues as (
      select ${firstGroupAfter(sql`''`)} as fair_group
      union all
      select ${firstGroupAfter(sql`queues.fair_group`)} from queues where queues.fair_group is not null
    ),
    due as (
      -- Two looks at each group: what finds no room must not hide what needs none.
      select first.* from queues cross join lateral (
        (select ${dueColumns}, true as needs_place from jobs
          where fair_group = queues.fair_group and ${needsPlace}
            and run_at <= statement_timestamp() and kind = any(${request.kinds})
          order by priority desc, run_at, id limit ${count})
        union all
        (select ${dueColumns}, false from jobs
          where fair_group = queues.fair_group and ${needsNoPlace}
            and run_at <= statement_timestamp() and kind = any(${request.kinds})
          order by priority desc, run_at, id limit ${count})
      ) as first
      union all
      select ${dueColumns}, false from jobs
      where state = 'running' and lease_expires_at <= statement_timestamp() and kind = any(${request.kinds})
    ),
    placed as (
      select
        due.*,
        coalesce(under_way.running, 0)
          + row_number() over (partition by due.fair_group order by due.priority desc, due.run_at, due.id) as turn,
        coalesce(under_way.limited, 0)
          + count(*) filter (where due.needs_place)
            over (partition by due.fair_group order by due.priority desc, due.run_at, due.id) as place_in_group
      from due left join under_way using (fair_group)
    ),
    admitted as (
      select
        placed.*,
        (select coalesce(sum(limited), 0) from under_way)
          + count(*) filter (where needs_place) over (order by priority desc, turn, run_at, id) as place_in_all
      from placed
      where not needs_place or place_in_group <= group_limit
    ),
    chosen as (
      select jobs.id, jobs.lease_owner as "takenOverFrom", jobs.run_at, jobs.lease_expires_at
      from admitted join jobs on jobs.id = admitted.id
      where (not admitted.needs_place or admitted.place_in_all <= ${request.totalLimit})
        -- Looked at again under the row lock: a heartbeat or an outcome may have come since the snapshot.
        and ${isClaimable}
      order by admitted.priority desc, admitted.turn, admitted.run_at, admitted.id
      limit ${count}
      for update of jobs skip locked
    )
    update jobs set
      state = 'running',
      lease_owner = ${request.worker},
      lease_expires_at = statement_timestamp() + ${request.leaseMs}::float8 * interval '1 millisecond',
      -- A later claim always draws a higher number; that is what makes an earlier holder's writes refusable.
      fence = nextval('fences'),
      -- What was wished for before this moment is seen by the attempt that starts now.
      rerun = false,
      started_at = coalesce(jobs.started_at, statement_timestamp())
    from chosen
    where jobs.id = chosen.id
    returning
      ${jobColumns}, jobs.fence, chosen."takenOverFrom",
      greatest(0, extract(epoch from statement_timestamp()
        - case when chosen."takenOverFrom" is null then chosen.run_at else chosen.lease_expires_at end) * 1000)::float8
        as "waitedMs"`;
}

const dueColumns = sql`id, fair_group, group_limit, priority, run_at`;
// Word for word the conditions of the indexes, or these are not used.
const isLive = sql`state in ('available', 'running', 'waiting')`;
const hasEnded = sql`state in ('completed', 'discarded', 'cancelled')`;
const needsPlace = sql`state = 'available' and group_limit is not null`;
const needsNoPlace = sql`(state = 'waiting' or (state = 'available' and group_limit is null))`;
const firstGroupAfter = (group: RawBuilder<unknown>) => sql`least(
  (select min(fair_group) from jobs where ${needsPlace} and fair_group > ${group}),
  (select min(fair_group) from jobs where ${needsNoPlace} and fair_group > ${group}))`;
// `statement_timestamp()`, not `now()`: a claim may have waited for its turn since its transaction began.
const isClaimable = sql`(
  (jobs.state in ('available', 'waiting') and jobs.run_at <= statement_timestamp())
  or (jobs.state = 'running' and jobs.lease_expires_at <= statement_timestamp())
)`;

/**
 * Milliseconds until the first job that was not due yet at `since` (the time that a claim answered) becomes due, or a lease
 * runs out; null when there is none. What was due by then and is still there had no room: its moment cannot be foretold.
 */
export async function readNextDueMs(db: Db, kinds: readonly string[], since: string): Promise<number | null> {
  const { rows } = await sql<{ dueMs: number | null }>`
    select extract(epoch from min(at) - statement_timestamp())::float8 * 1000 as "dueMs"
    from (
      select min(run_at) as at from jobs
      where state in ('available', 'waiting') and kind = any(${kinds}) and run_at > ${since}::timestamptz
      union all
      select min(lease_expires_at) from jobs where state = 'running' and kind = any(${kinds})
    ) as due`.execute(db);
  return rows[0]?.dueMs ?? null;
}

/** Prolongs what this worker still holds and answers exactly that; a lease that ran out is not revived, even if nobody took it. */
export async function renewLeases(
  db: Db,
  worker: string,
  leases: readonly Lease[],
  leaseMs: number,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    with held as (
      ${locksHeld(leases)} and lease_owner = ${worker} and lease_expires_at > statement_timestamp() ${inOrder}
    )
    update jobs set lease_expires_at = statement_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
    from held where jobs.id = held.id
    returning jobs.id`.execute(db);
  return new Set(rows.map((row) => row.id));
}

// A former holder's fence is lower than its successor's, so its outcome matches no row.
const isHeld = (lease: Lease) => sql`id = ${lease.jobId} and fence = ${lease.fence} and state = 'running'`;
// Many rows at once are locked in one order by whoever locks them: a heartbeat and an ending must not wait for each other.
const locksHeld = (leases: readonly Lease[]) => sql`
  select jobs.id from jobs
  join unnest(${leases.map(({ jobId }) => jobId)}::text[], ${leases.map(({ fence }) => fence)}::bigint[]) as given (id, fence)
    on jobs.id = given.id and jobs.fence = given.fence
  where jobs.state = 'running'`;
const inOrder = sql`order by jobs.id for no key update of jobs`;
const freeOnly = sql`for no key update of jobs skip locked`;
// Other runners hear of it where it may matter to them: a place is free for what they could not start, or the job itself is due.
// Notifying makes transactions commit one at a time, so it is not done for nothing.
const notifiesIfItMatters = sql`
  case when group_limit is not null or state in ('available', 'waiting') then pg_notify(${JOBS_CHANNEL}, '') end`;
const endsLease = sql`lease_owner = null, lease_expires_at = null`;
const pause = (pauseMs: number) => sql`case when rerun then 0 else ${pauseMs}::float8 end * interval '1 millisecond'`;

/**
 * Ends the jobs, or makes those due again that were asked for meanwhile. Answers the ids of those that it wrote; of the others nothing
 * was written, because their lease was lost or, of `completeFreeJobs`, because somebody else has their row locked.
 */
export async function completeFreeJobs(db: Db, leases: readonly Lease[]): Promise<ReadonlySet<string>> {
  const { rows } = await completeStatement(leases, freeOnly).execute(db);
  return idsOf(rows);
}

/** As `completeFreeJobs`, but waits for the row as long as somebody else has it. False: the lease was lost. */
export async function completeJob(db: Db, lease: Lease): Promise<boolean> {
  const { rows } = await completeStatement([lease], inOrder).execute(db);
  return rows.length === 1;
}

const idsOf = (rows: readonly { readonly id: string }[]): ReadonlySet<string> => new Set(rows.map(({ id }) => id));

function completeStatement(leases: readonly Lease[], locking: RawBuilder<unknown>): RawBuilder<{ id: string }> {
  return sql<{ id: string }>`
    with held as (${locksHeld(leases)} ${locking}),
    settled as (
      update jobs set ${endsLease}, error = null, attempt = 0, rerun = false,
        state = case when rerun then 'available' else 'completed' end,
        run_at = case when rerun then statement_timestamp() else run_at end,
        finished_at = case when rerun then null else statement_timestamp() end
      from held where jobs.id = held.id
      returning jobs.id, state, group_limit
    )
    select id, ${notifiesIfItMatters} from settled`;
}

/** Ends the job for good as failed; a wish that came meanwhile still gets its run. */
export async function discardJob(db: Db, lease: Lease, error: string): Promise<boolean> {
  return settle(
    db,
    sql`
    update jobs set ${endsLease}, error = ${storableText(error)}, attempt = case when rerun then 0 else attempt + 1 end, rerun = false,
      state = case when rerun then 'available' else 'discarded' end,
      run_at = case when rerun then statement_timestamp() else run_at end,
      finished_at = case when rerun then null else statement_timestamp() end
    where ${isHeld(lease)} returning state, group_limit`,
  );
}

/** A failed attempt: tried again after the pause, or at once where it was asked for meanwhile. */
export async function retryJob(db: Db, lease: Lease, retry: { afterMs: number; error: string }): Promise<boolean> {
  return settle(
    db,
    sql`
    update jobs set ${endsLease}, state = 'available', error = ${storableText(retry.error)}, attempt = attempt + 1, rerun = false,
      run_at = statement_timestamp() + ${pause(retry.afterMs)}
    where ${isHeld(lease)} returning state, group_limit`,
  );
}

/** Gives an unfinished job back at once, for a worker that is told to stop. `waiting`, so that it keeps its place. */
export async function releaseJob(db: Db, lease: Lease): Promise<boolean> {
  return settle(
    db,
    sql`
    update jobs set ${endsLease}, state = 'waiting', run_at = statement_timestamp()
    where ${isHeld(lease)} returning state, group_limit`,
  );
}

async function settle(db: Db, update: RawBuilder<unknown>): Promise<boolean> {
  const { rows } = await sql`
    with settled as (${update}) select ${notifiesIfItMatters} from settled`.execute(db);
  return rows.length === 1;
}

/** The job stays under way and is looked at again later. Costs no attempt and wakes nobody: the parking runner will see to it. */
export async function parkJob(db: Db, lease: Lease, recheckAfterMs: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update jobs set ${endsLease}, state = 'waiting', error = null, rerun = false,
      run_at = statement_timestamp() + ${pause(recheckAfterMs)}
    where ${isHeld(lease)}`.execute(db);
  return numAffectedRows === 1n;
}

/** A job of nobody's any more (its subject is gone) ends here; a running one ends by itself. */
export async function cancelJob(tx: Tx, kind: string, subject: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update jobs set state = 'cancelled', finished_at = now()
    where kind = ${kind} and subject = ${subject} and state in ('available', 'waiting')`.execute(tx);
  return numAffectedRows === 1n;
}

/** Newest first. */
export async function listJobsOfSubject(db: Db, subject: string, limit: number): Promise<readonly Job[]> {
  const of = (states: RawBuilder<unknown>) => sql`
    (select * from jobs where subject = ${subject} and ${states} order by created_at desc, id desc limit ${limit})`;
  const { rows } = await sql<Job>`
    select ${jobColumns} from (${of(isLive)} union all ${of(hasEnded)}) as jobs
    order by created_at desc, id desc limit ${limit}`.execute(db);
  return rows;
}

/** At most `limit` rows, so that the statement stays short however much has piled up; answers how many it deleted. */
export async function deleteFinishedJobs(db: Db, olderThanDays: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from jobs where id in (
      select id from jobs
      where ${hasEnded} and finished_at < now() - ${olderThanDays} * interval '1 day'
      limit ${limit}
      for update skip locked
    )`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) {
    throw new Error('the statement answered no row');
  }
  return row;
}

/** For the metrics. */
export async function countLiveJobs(db: Db): Promise<readonly { readonly state: JobState; readonly count: number }[]> {
  const { rows } = await sql<{ state: JobState; count: number }>`
    select state, count(*) as count from jobs where ${isLive} group by state`.execute(db);
  return rows;
}
