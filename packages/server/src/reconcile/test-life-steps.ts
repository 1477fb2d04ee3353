// What may happen in the model of store life, a step at a time: wishes, workers and leaders that die at any failpoint or stand still past
// their lease, leases that run out, a watch that tells late, twice or never, a cluster that is away, and what others do to it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { StoreId } from '@souk/contract';
import fc from 'fast-check';
import { sql } from 'kysely';
import { armFailpoints } from '../failpoint.ts';
import { listFailpointNames } from '../failpoint-names.ts';
import { storeNamespace } from '../ids.ts';
import { TELLINGS, type Telling } from './test-fickle-watch.ts';
import { armPlace, type Platform } from './test-platform.ts';
import { objectsOf, type Weather } from './test-world.ts';

const SOURCES = join(import.meta.dirname, '..');
const listNames = (folder: string) => listFailpointNames(join(SOURCES, folder));
const WORKER_FAILPOINTS = [...(await listNames('reconcile')), ...(await listNames('jobs'))];
// The timeline is left out: it is written beside the step, which does not stand still here.
const FENCED_WRITES = /^before-(mark-.+|record-job-outcome|set-clock|accept-loss)$/;
const LEADER_FAILPOINTS = await listNames('watch');
// What only asks for a reconcile once more would harm nobody.
const LEADER_WRITES = LEADER_FAILPOINTS.filter((name) => name.startsWith('before-record-'));
const STEPS_A_RUN = 40;
export const PLACES = [0, 1] as const;
type Place = (typeof PLACES)[number];

export interface ModelStore {
  readonly id: StoreId;
  isDeletionWished: boolean;
  /** What its data was when it last got ready; a shop that lives keeps it. */
  password: string | null;
  /** Its namespace was taken from outside since. */
  isLost: boolean;
  /** Somebody agreed to that loss. */
  isRepairWished: boolean;
}

export interface Model {
  readonly stores: Map<Place, ModelStore>;
  /** There was weather in which a store may fail. */
  hasStormed: boolean;
}
export type Command = fc.AsyncCommand<Model, Platform>;

/** What must be true at any moment, whatever has happened. */
export async function checkStore(world: Platform, store: ModelStore): Promise<void> {
  const row = await world.readRow(store.id);
  const objects = objectsOf(world, store.id);
  assert.ok(row.observedGeneration <= row.generation);
  if (row.phase === 'deleted') {
    assert.ok(store.isDeletionWished, 'it was deleted without a wish');
    assert.deepEqual(objects, [], 'a deleted store left something');
    return;
  }
  const isReady = row.phase === 'ready';
  if (store.isRepairWished && isReady && row.errorCode === null) {
    // A rebuilt shop is a new one, which can be lost again.
    Object.assign(store, { isLost: false, isRepairWished: false, password: world.passwordOf(store.id) });
  }
  if (isReady && store.password === null) {
    store.password = world.passwordOf(store.id);
  }
  if (store.isLost && !store.isRepairWished) {
    assert.ok(!objects.includes('Namespace /NAMESPACE'), 'a lost shop came back without being asked for');
  }
  const isLiving = store.password !== null && !store.isLost && !store.isDeletionWished;
  if (isLiving) {
    assert.equal(world.passwordOf(store.id), store.password, 'a living shop got other credentials');
    assert.equal(row.phase, 'ready', 'a living shop lost its phase');
  }
}

export const explored = { steps: 0 };

abstract class Step implements Command {
  check(_: Readonly<Model>): boolean {
    return true;
  }
  async run(model: Model, world: Platform): Promise<void> {
    explored.steps += 1;
    await this.act(world, model);
    await Promise.all([...model.stores.values()].map((store) => checkStore(world, store)));
  }
  abstract act(world: Platform, model: Model): Promise<void>;
  toString(): string {
    return `${this.constructor.name}(${Object.values(this).join(', ')})`;
  }
}

export class Create extends Step {
  readonly place: Place;
  constructor(place: Place) {
    super();
    this.place = place;
  }
  override check(model: Readonly<Model>): boolean {
    return !model.stores.has(this.place);
  }
  async act(world: Platform, model: Model): Promise<void> {
    model.stores.set(this.place, {
      id: await world.createStore(),
      isDeletionWished: false,
      password: null,
      isLost: false,
      isRepairWished: false,
    });
  }
}

abstract class StoreStep extends Step {
  readonly place: Place;
  constructor(place: Place) {
    super();
    this.place = place;
  }
  override check(model: Readonly<Model>): boolean {
    return model.stores.has(this.place);
  }
  async act(world: Platform, model: Model): Promise<void> {
    const store = model.stores.get(this.place);
    assert.ok(store);
    await this.actOn(world, store);
  }
  abstract actOn(world: Platform, store: ModelStore): Promise<void>;
}

export class Delete extends StoreStep {
  async actOn(world: Platform, store: ModelStore): Promise<void> {
    const refusal = await world.request('requestDeletion', store.id);
    assert.equal(refusal, store.isDeletionWished ? 'already_deleting' : null);
    store.isDeletionWished = true;
  }
}

class Retry extends StoreStep {
  async actOn(world: Platform, { id, isDeletionWished }: ModelStore): Promise<void> {
    const row = await world.readRow(id);
    const isRetryable = row.phase === 'failed' && row.observedGeneration === row.generation && !isDeletionWished;
    assert.equal(await world.request('retryStore', id), isRetryable ? null : 'not_retryable');
  }
}

class Repair extends StoreStep {
  async actOn(world: Platform, store: ModelStore): Promise<void> {
    const row = await world.readRow(store.id);
    const isRepairable = row.phase === 'ready' && row.observedGeneration === row.generation && !store.isDeletionWished;
    assert.equal(await world.request('repairStore', store.id), isRepairable ? null : 'not_repairable');
    if (isRepairable && row.errorCode === 'data_lost') {
      store.isRepairWished = true;
      store.password = null;
    }
  }
}

class LoseNamespace extends StoreStep {
  async actOn(world: Platform, store: ModelStore): Promise<void> {
    const row = await world.readRow(store.id);
    const name = storeNamespace(store.id);
    if (row.phase === 'ready' && world.kube.describe().includes(`Namespace /${name}`)) {
      world.kube.remove('Namespace', { name });
      Object.assign(store, { isLost: true, isRepairWished: false });
    }
  }
}

class RemoveWorkload extends StoreStep {
  async actOn(world: Platform, { id }: ModelStore): Promise<void> {
    world.kube.remove('Deployment', { namespace: storeNamespace(id), name: 'front' });
  }
}

/** Nothing is missing, but the shop does not answer. */
class Sicken extends StoreStep {
  async actOn(world: Platform, { id }: ModelStore): Promise<void> {
    const front = { namespace: storeNamespace(id), name: 'front' };
    if (world.kube.describe().includes(`Deployment ${front.namespace}/front`)) {
      world.kube.put('Deployment', front, { status: { availableReplicas: 0 } });
    }
  }
}

/** Whichever jobs the queue gives it, to their end. */
class Work extends Step {
  readonly count: number;
  constructor(count: number) {
    super();
    this.count = count;
  }
  async act(world: Platform): Promise<void> {
    await (await world.startWorker(this.count)).ended;
  }
}

class Die extends Step {
  readonly nth: number;
  constructor(nth: number) {
    super();
    this.nth = nth;
  }
  async act(world: Platform): Promise<void> {
    await world.passPauses();
    const worker = await world.startWorkerUntil({ names: WORKER_FAILPOINTS, nth: this.nth }, async ({ die }) => {
      die();
      throw new Error('died');
    });
    await worker.ended;
  }
}

type Meanwhile = 'nothing' | 'deletion' | 'sweep';

/** A worker stands still at a failpoint; another one does its whole attempt; then the first goes on, not knowing. */
class StandStill extends StoreStep {
  readonly nth: number;
  readonly meanwhile: Meanwhile;
  constructor(place: Place, nth: number, meanwhile: Meanwhile) {
    super(place);
    this.nth = nth;
    this.meanwhile = meanwhile;
  }
  async actOn(world: Platform, store: ModelStore): Promise<void> {
    const goOn = Promise.withResolvers<void>();
    const at = { names: WORKER_FAILPOINTS, nth: this.nth };
    await world.queueReconcile(store.id);
    const first = await world.startWorkerUntil(at, async ({ loseLeases }, name) => {
      await goOn.promise;
      // Its watchdog finds the lease gone as soon as it runs again; effects ask for it first. A write has to be refused without that.
      if (!FENCED_WRITES.test(name)) loseLeases();
    });
    if (this.meanwhile === 'deletion') await new Delete(this.place).actOn(world, store);
    if (this.meanwhile === 'sweep') await look(world, 'a sweep');
    await world.expireLeases();
    await (await world.startWorker(PLACES.length)).ended;
    const between = await readAll(world);
    goOn.resolve();
    await first.ended;
    assert.deepEqual(await readAll(world), between, 'a worker without a lease wrote over its successor');
  }
}

async function readAll({ db }: Platform): Promise<unknown> {
  const { rows } = await sql`
    select (select jsonb_agg(stores order by id) from stores) as stores, (select jsonb_agg(jobs order by id) from jobs) as jobs,
      (select count(*) from events) as events`.execute(db);
  return rows;
}

class ExpireLeases extends Step {
  async act(world: Platform): Promise<void> {
    await world.expireLeases();
  }
}

class PassPauses extends Step {
  async act(world: Platform): Promise<void> {
    await world.passPauses();
  }
}

type After = 'at once' | 'a moment' | 'a sweep';

/** A term goes on after a look that failed, as it does where the cluster is away. */
async function look(world: Platform, after: After): Promise<void> {
  await world
    .leader()
    .look(after)
    .catch((error: unknown) => {
      if (!world.isAway()) throw error;
    });
}

class Look extends Step {
  readonly after: After;
  readonly hearsOfRows: boolean;
  constructor(after: After, hearsOfRows: boolean) {
    super();
    this.after = after;
    this.hearsOfRows = hearsOfRows;
  }
  async act(world: Platform): Promise<void> {
    if (this.hearsOfRows) world.leader().hearOfRows();
    await look(world, this.after);
  }
}

class TellFromNowOn extends Step {
  readonly telling: Telling;
  constructor(telling: Telling) {
    super();
    this.telling = telling;
  }
  async act({ watches }: Platform): Promise<void> {
    watches.setTelling(this.telling);
  }
}

class TellOne extends Step {
  async act({ watches }: Platform): Promise<void> {
    watches.tellOne();
  }
}

class LeaderDies extends Step {
  readonly nth: number;
  constructor(nth: number) {
    super();
    this.nth = nth;
  }
  async act(world: Platform): Promise<void> {
    const leader = world.leader();
    // What seems to be missing is believed at the second look.
    await look(world, 'at once');
    armPlace({ names: LEADER_FAILPOINTS, nth: this.nth }, async () => {
      leader.die();
      throw new Error('died');
    });
    await leader.look('a sweep').catch(() => undefined);
    armFailpoints('');
    leader.die();
    await world.takeLead();
  }
}

/** A leader stands still past its term, before it writes what it saw, and goes on beside its successor. */
class LeaderStandsStill extends Step {
  async act(world: Platform): Promise<void> {
    const former = world.leader();
    const goOn = Promise.withResolvers<void>();
    const stands = Promise.withResolvers<void>();
    await look(world, 'at once');
    armPlace({ names: LEADER_WRITES, nth: 1 }, async () => {
      stands.resolve();
      await goOn.promise;
    });
    const looking = former.look('a sweep').catch(() => undefined);
    await Promise.race([stands.promise, looking]);
    armFailpoints('');
    await world.takeLead();
    await look(world, 'a sweep');
    await look(world, 'a moment');
    const between = await readWatched(world);
    goOn.resolve();
    await looking;
    assert.deepEqual(await readWatched(world), between, 'a leader whose term is over wrote something');
    former.die();
  }
}

async function readWatched({ db }: Platform): Promise<unknown> {
  const { rows } = await sql`
    select (select jsonb_agg(stores order by id) from stores) as stores, (select jsonb_agg(type order by cursor) from events) as events`.execute(
    db,
  );
  return rows;
}

class ChangeWeather extends Step {
  readonly weather: Weather;
  constructor(weather: Weather) {
    super();
    this.weather = weather;
  }
  async act(world: Platform, model: Model): Promise<void> {
    model.hasStormed ||= this.weather !== 'fine';
    world.setWeather(this.weather);
  }
}

class BeAway extends Step {
  readonly isAway: boolean;
  constructor(isAway: boolean) {
    super();
    this.isAway = isAway;
  }
  async act(world: Platform): Promise<void> {
    world.setAway(this.isAway);
  }
}

const place = fc.constantFrom(...PLACES);
// An attempt that makes a whole store passes some fifty; one that finds all as it should be, a few.
const nthOfWorker = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 50 }));
const nthOfLeader = fc.integer({ min: 1, max: 4 });
const meanwhile = fc.constantFrom<Meanwhile>('nothing', 'deletion', 'sweep');
const often = <T>(times: number, what: T): T[] => Array.from({ length: times }, () => what);
export const commands = fc.commands(
  [
    fc.constant(new Create(1)),
    // Wishes are rare beside the attempts at them.
    ...often(
      4,
      fc.constantFrom(1, 2).map((count) => new Work(count)),
    ),
    ...often(
      3,
      fc
        .tuple(fc.constantFrom<After>('at once', 'a moment', 'a sweep'), fc.boolean())
        .map(([after, hears]) => new Look(after, hears)),
    ),
    place.map((at) => new Delete(at)),
    place.map((at) => new Retry(at)),
    ...often(
      2,
      place.map((at) => new Repair(at)),
    ),
    nthOfWorker.map((nth) => new Die(nth)),
    fc.tuple(place, nthOfWorker, meanwhile).map(([at, nth, happens]) => new StandStill(at, nth, happens)),
    fc.constant(new ExpireLeases()),
    fc.constant(new PassPauses()),
    fc.constantFrom(...TELLINGS).map((telling) => new TellFromNowOn(telling)),
    fc.constant(new TellOne()),
    nthOfLeader.map((nth) => new LeaderDies(nth)),
    fc.constant(new LeaderStandsStill()),
    place.map((at) => new LoseNamespace(at)),
    place.map((at) => new RemoveWorkload(at)),
    place.map((at) => new Sicken(at)),
    fc.constantFrom<Weather>('fine', 'fine', 'pods crash').map((weather) => new ChangeWeather(weather)),
    fc.constantFrom(true, false, false).map((isAway) => new BeAway(isAway)),
  ],
  { size: '+2', maxCommands: STEPS_A_RUN },
);
