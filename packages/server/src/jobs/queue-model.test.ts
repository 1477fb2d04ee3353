// The queue against a model of it: random interleavings of requests, claims by several workers, outcomes in time and too late, leases
// that run out. After every step the rows must say what the model says.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { inTransaction } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { MODEL_RUNS, MODEL_SEED, tellExplored } from '../db/test-exploration.ts';
import { createCompleter } from './complete-together.ts';
import {
  claimJobs,
  discardJob,
  enqueueJob,
  type Lease,
  parkJob,
  releaseJob,
  renewLeases,
  retryJob,
} from './job-queries.ts';

const KIND = 'reconcile-store';
const SUBJECTS = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2'] as const;
const LIMIT = 2;
const TOTAL_LIMIT = 3;
const LATER_MS = 3_600_000;

interface ModelJob {
  state: 'available' | 'running' | 'waiting';
  isDue: boolean;
  isLimited: boolean;
  rerun: boolean;
  attempt: number;
  lease: Lease | null;
  isExpired: boolean;
}

interface Model {
  readonly live: Map<string, ModelJob>;
  /** Every lease ever given, with its subject; all but the current ones must be refused. */
  readonly given: { readonly lease: Lease; readonly subject: string }[];
  highestFence: number;
}

type Ending = 'complete' | 'park' | 'retry' | 'discard' | 'release';

class World {
  readonly database: TestDatabase;
  constructor(database: TestDatabase) {
    this.database = database;
  }

  async rows(): Promise<Record<string, object>> {
    const { rows } = await sql<{
      subject: string;
      state: string;
      rerun: boolean;
      attempt: number;
      fence: number | null;
      isDue: boolean;
    }>`
      select subject, state, rerun, attempt, case when state = 'running' then fence end as fence,
        state = 'running' or run_at <= now() as "isDue"
      from jobs where state in ('available', 'running', 'waiting')`.execute(this.database.db);
    return Object.fromEntries(rows.map(({ subject, ...row }) => [subject, row]));
  }
}

async function compare(model: Model, world: World): Promise<void> {
  const expected = Object.fromEntries(
    [...model.live].map(([subject, job]) => [
      subject,
      { state: job.state, rerun: job.rerun, attempt: job.attempt, fence: job.lease?.fence ?? null, isDue: job.isDue },
    ]),
  );
  assert.deepEqual(await world.rows(), expected);
}

const groupOf = (subject: string): string => subject.charAt(0);
const isUnderWay = (job: ModelJob): boolean => job.state !== 'available';
const isClaimable = (job: ModelJob): boolean => (job.state === 'running' ? job.isExpired : job.isDue);
const limitedUnderWay = (model: Model, group?: string): number =>
  [...model.live].filter(
    ([subject, job]) => job.isLimited && isUnderWay(job) && (group === undefined || groupOf(subject) === group),
  ).length;

type Command = fc.AsyncCommand<Model, World>;

class Enqueue implements Command {
  readonly subject: string;
  readonly isLimited: boolean;
  constructor(subject: string, isLimited: boolean) {
    this.subject = subject;
    this.isLimited = isLimited;
  }
  check = (): boolean => true;
  async run(model: Model, world: World): Promise<void> {
    const { subject } = this;
    await inTransaction(world.database.db, (tx) =>
      enqueueJob(tx, { kind: KIND, subject, fairGroup: groupOf(subject), groupLimit: this.isLimited ? LIMIT : null }),
    );
    const job = model.live.get(subject);
    if (job === undefined) {
      model.live.set(subject, {
        state: 'available',
        isDue: true,
        isLimited: this.isLimited,
        rerun: false,
        attempt: 0,
        lease: null,
        isExpired: false,
      });
    } else {
      job.isLimited = this.isLimited;
      job.rerun ||= job.state === 'running';
      job.isDue = true;
    }
    await compare(model, world);
  }
  toString = (): string => `enqueue(${this.subject}${this.isLimited ? ', limited' : ''})`;
}

class Claim implements Command {
  readonly worker: string;
  readonly count: number;
  constructor(worker: string, count: number) {
    this.worker = worker;
    this.count = count;
  }
  check = (): boolean => true;
  async run(model: Model, world: World): Promise<void> {
    const { jobs: claimed } = await claimJobs(world.database.inOneTrip, {
      worker: this.worker,
      kinds: [KIND],
      count: this.count,
      leaseMs: LATER_MS,
      totalLimit: TOTAL_LIMIT,
    });
    assert.ok(claimed.length <= this.count);
    for (const { id, subject, fence, takenOverFrom } of claimed) {
      const job = model.live.get(subject);
      assert.ok(job !== undefined && isClaimable(job), `${subject} was not claimable`);
      assert.equal(takenOverFrom !== null, job.state === 'running');
      assert.ok(fence > model.highestFence - claimed.length, 'fences grow');
      if (!isUnderWay(job) && job.isLimited) {
        assert.ok(limitedUnderWay(model, groupOf(subject)) < LIMIT, `group of ${subject} is full`);
        assert.ok(limitedUnderWay(model) < TOTAL_LIMIT, 'all places are taken');
      }
      const lease = { jobId: id, fence };
      model.given.push({ lease, subject });
      Object.assign(job, {
        state: 'running',
        isDue: true,
        rerun: false,
        lease,
        isExpired: false,
      } satisfies Partial<ModelJob>);
    }
    const fences = claimed.map(({ fence }) => fence);
    assert.ok(
      fences.every((fence) => fence > model.highestFence),
      'a later claim draws a higher fence',
    );
    model.highestFence = Math.max(model.highestFence, ...fences);
    if (claimed.length < this.count) {
      const left = [...model.live].filter(([, job]) => isClaimable(job));
      for (const [subject, job] of left) {
        const needsPlace = !isUnderWay(job) && job.isLimited;
        assert.ok(needsPlace, `${subject} was left although nothing kept it`);
        const isFull = limitedUnderWay(model, groupOf(subject)) >= LIMIT || limitedUnderWay(model) >= TOTAL_LIMIT;
        assert.ok(isFull, `${subject} was left although there was room`);
      }
    }
    await compare(model, world);
  }
  toString = (): string => `claim(${this.worker}, ${this.count})`;
}

class End implements Command {
  readonly which: number;
  readonly ending: Ending;
  constructor(which: number, ending: Ending) {
    this.which = which;
    this.ending = ending;
  }
  check = (model: Readonly<Model>): boolean => model.given.length > 0;
  async run(model: Model, world: World): Promise<void> {
    const given = model.given[this.which % model.given.length];
    assert.ok(given);
    const job = model.live.get(given.subject);
    const isCurrent = job?.lease?.fence === given.lease.fence;
    assert.equal(await this.write(world, given.lease), isCurrent, 'exactly the current lease may write');
    if (isCurrent) {
      this.apply(model, given.subject, job);
    }
    await compare(model, world);
  }
  private write({ database: { db } }: World, lease: Lease): Promise<boolean> {
    switch (this.ending) {
      case 'complete':
        return createCompleter(db).complete(lease);
      case 'park':
        return parkJob(db, lease, LATER_MS);
      case 'retry':
        return retryJob(db, lease, { afterMs: LATER_MS, error: 'no luck' });
      case 'discard':
        return discardJob(db, lease, 'broken');
      case 'release':
        return releaseJob(db, lease);
    }
  }
  private apply(model: Model, subject: string, job: ModelJob): void {
    const { rerun } = job;
    Object.assign(job, { lease: null, isExpired: false } satisfies Partial<ModelJob>);
    if ((this.ending === 'complete' || this.ending === 'discard') && !rerun) {
      model.live.delete(subject);
      return;
    }
    if (this.ending === 'release') {
      Object.assign(job, { state: 'waiting', isDue: true } satisfies Partial<ModelJob>);
      return;
    }
    const attempt = this.ending === 'retry' ? job.attempt + 1 : this.ending === 'park' ? job.attempt : 0;
    const state = this.ending === 'park' ? 'waiting' : 'available';
    Object.assign(job, { state, attempt, rerun: false, isDue: rerun } satisfies Partial<ModelJob>);
  }
  toString = (): string => `${this.ending}(lease ${this.which})`;
}

class Expire implements Command {
  readonly subject: string;
  constructor(subject: string) {
    this.subject = subject;
  }
  check = (model: Readonly<Model>): boolean => model.live.get(this.subject)?.state === 'running';
  async run(model: Model, world: World): Promise<void> {
    await sql`update jobs set lease_expires_at = now() where subject = ${this.subject} and state = 'running'`.execute(
      world.database.db,
    );
    const job = model.live.get(this.subject);
    assert.ok(job);
    job.isExpired = true;
    await compare(model, world);
  }
  toString = (): string => `expire(${this.subject})`;
}

class Beat implements Command {
  readonly worker: string;
  constructor(worker: string) {
    this.worker = worker;
  }
  check = (model: Readonly<Model>): boolean => model.given.length > 0;
  async run(model: Model, world: World): Promise<void> {
    const leases = model.given.map(({ lease }) => lease);
    const renewed = await renewLeases(world.database.db, this.worker, leases, LATER_MS);
    for (const jobId of renewed) {
      const subject = model.given.find(({ lease }) => lease.jobId === jobId)?.subject ?? '';
      assert.equal(model.live.get(subject)?.isExpired, false, 'an expired lease was revived');
    }
    await compare(model, world);
  }
  toString = (): string => `beat(${this.worker})`;
}

const subject = fc.constantFrom(...SUBJECTS);
const worker = fc.constantFrom('w1', 'w2');
// Mostly limited, so that places are scarce.
const isLimited = fc.constantFrom(true, true, true, false);
const commands = fc.commands(
  [
    fc.tuple(subject, isLimited).map(([name, limited]) => new Enqueue(name, limited)),
    fc.tuple(subject, isLimited).map(([name, limited]) => new Enqueue(name, limited)),
    fc.tuple(worker, fc.integer({ min: 1, max: 4 })).map(([name, count]) => new Claim(name, count)),
    fc.tuple(worker, fc.integer({ min: 1, max: 4 })).map(([name, count]) => new Claim(name, count)),
    fc
      .tuple(fc.nat({ max: 30 }), fc.constantFrom<Ending>('complete', 'park', 'retry', 'discard', 'release'))
      .map(([which, ending]) => new End(which, ending)),
    subject.map((name) => new Expire(name)),
    worker.map((name) => new Beat(name)),
  ],
  { size: '+1', maxCommands: 40 },
);

describe('the queue, against a model', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.close());

  test('any interleaving of requests, claims, outcomes and lost leases does what the model says', async () => {
    const property = fc.asyncProperty(commands, async (sequence) => {
      await sql`truncate jobs`.execute(database.db);
      const { rows } = await sql<{ fence: number }>`select nextval('fences') as fence`.execute(database.db);
      const setup = () => ({
        model: { live: new Map(), given: [], highestFence: rows[0]?.fence ?? 0 } satisfies Model,
        real: new World(database),
      });
      await fc.asyncModelRun(setup, sequence);
    });
    const startedAt = performance.now();
    await fc.assert(property, { seed: MODEL_SEED, numRuns: MODEL_RUNS });
    tellExplored(`queue: ${MODEL_RUNS} sequences`, startedAt);
  });
});
