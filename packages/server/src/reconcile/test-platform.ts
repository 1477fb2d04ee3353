// The small world of `test-world.ts` with what a platform has round its reconcile: commands as the API commits them, the real queue with
// workers that claim from it, and the watch of a leader over a fickle cluster. Nothing moves by itself: a test takes each step.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoreId } from '@souk/contract';
import { sql } from 'kysely';
import { inTransaction } from '../db/database.ts';
import { AppError, LeaseLostError } from '../errors.ts';
import { armFailpoint, armFailpoints, failpoint } from '../failpoint.ts';
import { storeNamespace } from '../ids.ts';
import { createCompleter } from '../jobs/complete-together.ts';
import { type ClaimedJob, claimJobs, enqueueJob } from '../jobs/job-queries.ts';
import { type AttemptContext, runAttempt } from '../jobs/run-attempt.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { RECONCILE_STORE } from '../stores/store.ts';
import { createStoreService } from '../stores/store-service.ts';
import type { Actor } from '../tenants/access.ts';
import { PLANS } from '../tenants/plans.ts';
import { takeLeadership } from '../watch/leader-lease.ts';
import { WATCH_LEASE } from '../watch/observed-health.ts';
import { createClusterWatch } from '../watch/watch-cluster.ts';
import { guardrailObjects } from './guardrail-objects.ts';
import { createFickleWatch, type FickleWatch } from './test-fickle-watch.ts';
import { createWorld, TENANT, type World } from './test-world.ts';

const LEASE_MS = 3_600_000;
const SWEEP_MS = 60_000;
// Longer than what the watch waits before it believes that something is missing.
const MOMENT_MS = 1_500;
// Turns of the event loop in which the double answers the listings of a new leader.
const LISTING_TURNS = 12;
const AFTER_CLAIM = 'after-claim-jobs';
const PERSON: Actor = {
  id: 'tok_aaaaaaaaaa',
  personId: null,
  tenantId: TENANT,
  role: 'owner',
  scopes: null,
  isPlatformAdmin: false,
};

/** The nth failpoint of these that whoever runs gets to: few ways lead past each, and all pass some. */
export interface FailpointPlace {
  readonly names: readonly string[];
  readonly nth: number;
}

/** Once; then none is armed any more. */
export function armPlace({ names, nth }: FailpointPlace, action: (name: string) => Promise<void>): void {
  let passed = 0;
  for (const name of names) {
    armFailpoint(name, async () => {
      passed += 1;
      if (passed === nth) {
        armFailpoints('');
        await action(name);
      }
    });
  }
}

/** A worker that has claimed something. */
export interface Worker {
  readonly name: string;
  readonly jobs: readonly ClaimedJob[];
  /** When all that it claimed is through, or it is dead. */
  readonly ended: Promise<void>;
  /** It writes nothing and does nothing more, and its leases live on without it. */
  die(): void;
  /** What its watchdog does when its leases are gone. */
  loseLeases(): void;
  /** Marks those of its takeovers as certain whose stores it has got to. */
  noteReached(): Promise<void>;
}

/** A job that was claimed although another worker had begun it. */
export interface Takeover {
  readonly storeId: string;
  readonly from: string;
  readonly by: string;
  readonly fence: number;
  /** Its store still was to be told of, and the new worker got to the store: before that it may be lost itself, and nobody knows of both. */
  isCertain: boolean;
}

export interface Leader {
  readonly actor: string;
  /** One look at what the cluster has told; after a sweep's time also at all there is. Throws what a term would log. */
  look(after: 'at once' | 'a moment' | 'a sweep'): Promise<void>;
  /** Rows changed, and the notification of it came. */
  hearOfRows(): void;
  die(): void;
}

export interface Platform extends World {
  readonly watches: FickleWatch;
  readonly takeovers: readonly Takeover[];
  /** Nothing is left of the life before. */
  beginLife(): Promise<void>;
  isAway(): boolean;
  setAway(isAway: boolean): void;
  createStore(): Promise<StoreId>;
  /** Null: accepted. Otherwise the code of the refusal. */
  request(command: 'requestDeletion' | 'retryStore' | 'repairStore', storeId: StoreId): Promise<string | null>;
  /** Somebody wants the store looked at again. */
  queueReconcile(storeId: StoreId): Promise<void>;
  /** Claims up to `count` jobs and begins with them. */
  startWorker(count: number): Promise<Worker>;
  /** As `startWorker`; at the place it does that. Answers when the worker has got there or is through. */
  startWorkerUntil(place: FailpointPlace, reached: (worker: Worker, name: string) => Promise<void>): Promise<Worker>;
  /** Nobody has renewed any lease for long enough. */
  expireLeases(): Promise<void>;
  /** The time has come for whatever waits for a time. */
  passPauses(): Promise<void>;
  /** A new term begins, as after the lease of the one before has run out; that one is not told. */
  takeLead(): Promise<Leader>;
  leader(): Leader;
  readWatched(
    storeId: StoreId,
  ): Promise<{ readonly health: string; readonly pods: readonly { readonly name: string }[] }>;
  readLiveJobs(): Promise<readonly { readonly subject: string; readonly state: string }[]>;
  /** By the Secret in the cluster, whether that answers or not. */
  passwordOf(storeId: StoreId): string | null;
}

export async function createPlatform(): Promise<Platform> {
  // What does not come in this time comes when somebody looks again, which costs a test less than to wait for it.
  const world = await createWorld({ workloadsMs: 100, shortestMs: 100, goneMs: 150 });
  const { db, inOneTrip, kube, engines, settings } = world;
  const watches = createFickleWatch(kube);
  const clock = createClock();
  const log = silentLog();
  const metrics = createMetrics('test');
  const service = createStoreService({
    db,
    engines,
    address: { scheme: settings.publicScheme, baseDomain: settings.baseDomain, port: settings.publicPort },
    platformKey: settings.platformKey,
    createsPerHour: 1_000_000,
    maxStores: 0,
  });
  const attempts: Omit<AttemptContext, 'worker'> = {
    db,
    complete: createCompleter(db).complete,
    handlers: { [RECONCILE_STORE]: world.reconcile },
    log,
    metrics,
    retry: { firstMs: 0, mostMs: 0 },
  };
  let isAway = false;
  let created = 0;
  let workers = 0;
  let terms = 0;
  let leading: Leader | null = null;
  const takeovers: Takeover[] = [];
  const passwords = new Map<string, string>();
  kube.onChange((kind, type, object) => {
    const { namespace = '', name } = object.metadata;
    if (kind !== 'Secret' || name !== 'store-admin') return;
    const { password } = (object as unknown as { data: { password: string } }).data;
    if (type === 'DELETED') passwords.delete(namespace);
    else passwords.set(namespace, password);
  });

  function setAway(value: boolean): void {
    isAway = value;
    kube.setUnreachable(value);
  }

  async function noteTakeovers(by: string, jobs: readonly ClaimedJob[]): Promise<readonly Takeover[]> {
    const begun: Takeover[] = [];
    for (const { subject, takenOverFrom, fence } of jobs) {
      if (takenOverFrom === null) continue;
      const takeover = { storeId: subject, from: takenOverFrom, by, fence, isCertain: false };
      takeovers.push(takeover);
      if ((await world.readRow(subject as StoreId)).phase !== 'deleted') begun.push(takeover);
    }
    return begun;
  }

  async function startWorker(count: number): Promise<Worker> {
    workers += 1;
    const name = `worker ${workers}`;
    const { jobs } = await claimJobs(inOneTrip, {
      worker: name,
      kinds: [RECONCILE_STORE],
      count,
      leaseMs: LEASE_MS,
      totalLimit: 100,
    });
    const begun = await noteTakeovers(name, jobs);
    const controllers = jobs.map(() => new AbortController());
    let isDead = false;
    let hasLeases = true;
    const loseLeases = (): void => {
      hasLeases = false;
    };
    const noteReached = async (): Promise<void> => {
      for (const takeover of begun) {
        const { fence } = await world.readRow(takeover.storeId as StoreId);
        takeover.isCertain ||= fence === takeover.fence;
      }
    };
    const run = async (): Promise<void> => {
      if (jobs.length > 0) await failpoint(AFTER_CLAIM);
      await Promise.all(
        jobs.map(async (job, index) => {
          const controller = controllers[index] ?? new AbortController();
          const lease = { jobId: job.id, fence: job.fence, controller, drop: () => undefined };
          const leftMs = (): number => (hasLeases ? LEASE_MS : 0);
          await runAttempt({ ...attempts, worker: name }, job, { ...lease, leftMs }, () => undefined);
        }),
      );
      await noteReached();
    };
    // Begun in a later turn, so that whoever started it knows it before it gets to a failpoint.
    const ended = nextTurn()
      .then(run)
      .catch((error: unknown) => {
        if (!isDead) throw error;
      });
    const die = (): void => {
      isDead = true;
      hasLeases = false;
      for (const controller of controllers) controller.abort(new LeaseLostError('died'));
    };
    return { name, jobs, ended, die, loseLeases, noteReached };
  }

  async function takeLead(): Promise<Leader> {
    terms += 1;
    const actor = `leader ${terms}`;
    await sql`delete from leader_leases where name = ${WATCH_LEASE}`.execute(db);
    const fence = (await takeLeadership(db, WATCH_LEASE, actor, LEASE_MS)) ?? 0;
    const term = new AbortController();
    const watch = await clock.during(async () =>
      createClusterWatch(
        {
          db,
          kube: watches.kube,
          engines,
          baseDomain: settings.baseDomain,
          platformKey: settings.platformKey,
          sweepIntervalMs: SWEEP_MS,
          guardrails: (store, nodes) =>
            guardrailObjects({ store, namespace: storeNamespace(store.id), settings }, PLANS[store.plan], nodes),
          actor,
          log,
          metrics,
          factsMs: SWEEP_MS,
        },
        { fence, signal: term.signal },
      ),
    );
    const passes = { 'at once': 0, 'a moment': MOMENT_MS, 'a sweep': SWEEP_MS };
    leading = {
      actor,
      async look(after) {
        clock.pass(passes[after]);
        try {
          await clock.during(async () => {
            if (after === 'a sweep') await watch.sweep();
            await watch.look();
          });
        } catch (error) {
          // As a term does that goes on after an error.
          watch.lookAtRows();
          throw error;
        }
      },
      hearOfRows: () => watch.lookAtRows(),
      die: () => term.abort(new Error('died')),
    };
    for (let turn = 0; turn < LISTING_TURNS; turn += 1) await nextTurn();
    return leading;
  }

  return {
    ...world,
    watches,
    takeovers,
    async beginLife() {
      leading?.die();
      takeovers.length = 0;
      setAway(false);
      world.setWeather('fine');
      watches.setTelling('at once');
      // Quicker than to truncate what is nearly empty.
      for (const table of ['events', 'jobs', 'stores']) await sql`delete from ${sql.table(table)}`.execute(db);
      await takeLead();
    },
    isAway: () => isAway,
    setAway,
    async createStore() {
      created += 1;
      const { store } = await service.createStore(PERSON, { name: `shop-${created}`, engine: 'test-shop' }, null);
      return store.id;
    },
    async request(command, storeId) {
      try {
        await service[command](PERSON, storeId, null);
        return null;
      } catch (error) {
        if (error instanceof AppError) return error.code;
        throw error;
      }
    },
    async queueReconcile(storeId) {
      const job = { kind: RECONCILE_STORE, subject: storeId, fairGroup: TENANT };
      await inTransaction(db, (tx) => enqueueJob(tx, job));
    },
    startWorker,
    async startWorkerUntil(place, reached) {
      const there = Promise.withResolvers<void>();
      let worker: Worker | undefined;
      armPlace(place, async (name) => {
        there.resolve();
        assert.ok(worker);
        await worker.noteReached();
        await reached(worker, name);
      });
      worker = await startWorker(1);
      await Promise.race([there.promise, worker.ended]);
      armFailpoints('');
      return worker;
    },
    async expireLeases() {
      await sql`update jobs set lease_expires_at = now() where state = 'running'`.execute(db);
    },
    async passPauses() {
      await sql`
        update jobs set run_at = now() where state in ('available', 'waiting') and run_at > now()`.execute(db);
    },
    takeLead,
    leader() {
      assert.ok(leading);
      return leading;
    },
    async readWatched(storeId) {
      const { rows } = await sql<{ health: string; pods: { name: string }[] }>`
        select health, pods from stores where id = ${storeId}`.execute(db);
      assert.ok(rows[0]);
      return rows[0];
    },
    async readLiveJobs() {
      const { rows } = await sql<{ subject: string; state: string }>`
        select subject, state from jobs where state in ('available', 'running', 'waiting')`.execute(db);
      return rows;
    },
    passwordOf: (storeId) => passwords.get(storeNamespace(storeId)) ?? null,
    async close() {
      leading?.die();
      await world.close();
    },
  };
}

/** The monotonic clock of whoever runs in it; it can be put forward, for pauses that nobody wants to wait for. */
function createClock() {
  const { now } = performance;
  let aheadMs = 0;
  let running = 0;
  return {
    pass(byMs: number): void {
      aheadMs += byMs;
    },
    async during<T>(run: () => Promise<T>): Promise<T> {
      performance.now = () => now.call(performance) + aheadMs;
      running += 1;
      try {
        return await run();
      } finally {
        running -= 1;
        if (running === 0) performance.now = now;
      }
    },
  };
}
