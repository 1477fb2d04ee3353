// The life of stores against a model: random interleavings of wishes, attempts, workers that die at any failpoint or stand still past
// their lease, and of what others do to the cluster. Attempts come late, twice or never, as what the watch tells does. Postgres is the
// real one; the cluster is the double that the conformance suite keeps honest.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StoreId } from '@souk/contract';
import fc from 'fast-check';
import { sql } from 'kysely';
import { MODEL_SEED, MODEL_STEPS, tellExplored } from '../db/test-exploration.ts';
import { LeaseLostError } from '../errors.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { listFailpointNames } from '../failpoint-names.ts';
import { storeNamespace } from '../ids.ts';
import { createWorld, objectsOf, type Weather, type World } from './test-world.ts';

const FAILPOINTS = await listFailpointNames(import.meta.dirname);
const STEPS_A_RUN = 40;
const RUNS_A_SEED = 5;
// What a world has lived through makes it slower.
const SEEDS_A_WORLD = 50;
// Sequences that once found something, and are tried each time.
const KEPT_SEEDS: readonly number[] = [20, 1_763_724_000];
const PLACES = [0, 1] as const;
type Place = (typeof PLACES)[number];

interface ModelStore {
  readonly id: StoreId;
  isDeletionWished: boolean;
  /** What its data was when it last got ready; a shop that lives keeps it. */
  password: string | null;
  /** Its namespace was taken from outside since. */
  isLost: boolean;
  /** Somebody agreed to that loss. */
  isRepairWished: boolean;
}

interface Model {
  readonly stores: Map<Place, ModelStore>;
}
type Command = fc.AsyncCommand<Model, World>;

const passwordOf = async (world: World, id: StoreId): Promise<string | null> =>
  (await world.kube.readSecret({ namespace: storeNamespace(id), name: 'store-admin' }))?.password ?? null;

/** What must be true at any moment, whatever has happened. */
async function checkStore(world: World, store: ModelStore): Promise<void> {
  const row = await world.readRow(store.id);
  const objects = objectsOf(world, store.id);
  assert.ok(row.observedGeneration <= row.generation);
  if (row.phase === 'deleted') {
    assert.ok(store.isDeletionWished, 'it was deleted without a wish');
    assert.deepEqual(objects, [], 'a deleted store left something');
    return;
  }
  if (row.phase === 'ready' && store.password === null) {
    store.password = await passwordOf(world, store.id);
  }
  if (store.isLost && !store.isRepairWished) {
    assert.ok(!objects.includes('Namespace /NAMESPACE'), 'a lost shop came back without being asked for');
  }
  const isLiving = store.password !== null && !store.isLost && !store.isDeletionWished;
  if (isLiving) {
    assert.equal(await passwordOf(world, store.id), store.password, 'a living shop got other credentials');
    assert.equal(row.phase, 'ready', 'a living shop lost its phase');
  }
  const told = await world.eventTypes(store.id);
  assert.ok(told.filter((type) => type === 'store.deleted').length === 0);
}

let stepsTaken = 0;

abstract class Step implements Command {
  readonly place: Place;
  constructor(place: Place) {
    this.place = place;
  }
  check = (model: Readonly<Model>): boolean => model.stores.has(this.place);
  async run(model: Model, world: World): Promise<void> {
    const store = model.stores.get(this.place);
    assert.ok(store);
    stepsTaken += 1;
    await this.act(world, store);
    await checkStore(world, store);
  }
  abstract act(world: World, store: ModelStore): Promise<void>;
  toString(): string {
    return `${this.constructor.name}(${this.place})`;
  }
}

class Create implements Command {
  readonly place: Place;
  constructor(place: Place) {
    this.place = place;
  }
  check = (model: Readonly<Model>): boolean => !model.stores.has(this.place);
  async run(model: Model, world: World): Promise<void> {
    model.stores.set(this.place, {
      id: await world.insertStore(),
      isDeletionWished: false,
      password: null,
      isLost: false,
      isRepairWished: false,
    });
  }
  toString = (): string => `Create(${this.place})`;
}

class Delete extends Step {
  async act(world: World, store: ModelStore): Promise<void> {
    if (!store.isDeletionWished) {
      store.isDeletionWished = true;
      await world.wishDeleted(store.id);
    }
  }
}

class Retry extends Step {
  async act(world: World, { id }: ModelStore): Promise<void> {
    const row = await world.readRow(id);
    if (row.phase === 'failed' && row.observedGeneration === row.generation) {
      await world.wishRetried(id);
    }
  }
}

class Repair extends Step {
  async act(world: World, store: ModelStore): Promise<void> {
    const row = await world.readRow(store.id);
    if (row.phase === 'ready' && row.observedGeneration === row.generation && !store.isDeletionWished) {
      await world.wishRepaired(store.id);
      if (row.errorCode === 'data_lost') {
        store.isRepairWished = true;
        store.password = null;
      }
    }
  }
}

class Attempt extends Step {
  async act(world: World, store: ModelStore): Promise<void> {
    await world.attempt(store.id).catch(() => undefined);
    await settleModel(world, store);
  }
}

/** A rebuilt shop is a new one, which can be lost again. */
async function settleModel(world: World, store: ModelStore): Promise<void> {
  const row = await world.readRow(store.id);
  if (store.isRepairWished && row.phase === 'ready' && row.errorCode === null) {
    Object.assign(store, { isLost: false, isRepairWished: false, password: await passwordOf(world, store.id) });
  }
}

class Die extends Step {
  readonly failpoint: string;
  constructor(place: Place, failpoint: string) {
    super(place);
    this.failpoint = failpoint;
  }
  async act(world: World, store: ModelStore): Promise<void> {
    const lease = new AbortController();
    armFailpoint(this.failpoint, async () => {
      armFailpoints('');
      lease.abort(new LeaseLostError('died'));
      lease.signal.throwIfAborted();
    });
    await world.attempt(store.id, lease).catch(() => undefined);
    armFailpoints('');
    await settleModel(world, store);
  }
  override toString(): string {
    return `Die(${this.place}, ${this.failpoint})`;
  }
}

/** A worker stands still at a failpoint; another one does its whole attempt; then the first goes on, not knowing. */
class StandStill extends Step {
  readonly failpoint: string;
  constructor(place: Place, failpoint: string) {
    super(place);
    this.failpoint = failpoint;
  }
  async act(world: World, store: ModelStore): Promise<void> {
    const goOn = Promise.withResolvers<void>();
    const stands = Promise.withResolvers<void>();
    let msLeft = 9_000;
    const lease = { signal: new AbortController().signal, msLeft: () => msLeft };
    armFailpoint(this.failpoint, async () => {
      armFailpoints('');
      stands.resolve();
      await goOn.promise;
      // It goes on before its watchdog runs: nothing but the clock tells it that the lease is gone.
      msLeft = 0;
    });
    const first = world.attempt(store.id, lease).catch(() => undefined);
    await Promise.race([first, stands.promise]);
    armFailpoints('');
    await world.attempt(store.id).catch(() => undefined);
    const between = await world.readRow(store.id);
    goOn.resolve();
    await first;
    assert.deepEqual(await world.readRow(store.id), between, 'a worker without a lease wrote over its successor');
    await settleModel(world, store);
  }
  override toString(): string {
    return `StandStill(${this.place}, ${this.failpoint})`;
  }
}

class LoseNamespace extends Step {
  async act(world: World, store: ModelStore): Promise<void> {
    const row = await world.readRow(store.id);
    const name = storeNamespace(store.id);
    if (row.phase === 'ready' && world.kube.describe().includes(`Namespace /${name}`)) {
      world.kube.remove('Namespace', { name });
      Object.assign(store, { isLost: true, isRepairWished: false });
    }
  }
}

class RemoveWorkload extends Step {
  async act(world: World, { id }: ModelStore): Promise<void> {
    world.kube.remove('Deployment', { namespace: storeNamespace(id), name: 'front' });
  }
}

class ChangeWeather implements Command {
  readonly weather: Weather;
  constructor(weather: Weather) {
    this.weather = weather;
  }
  check = (): boolean => true;
  async run(_: Model, world: World): Promise<void> {
    world.setWeather(this.weather);
  }
  toString = (): string => `ChangeWeather(${this.weather})`;
}

const place = fc.constantFrom(...PLACES);
const failpoint = fc.constantFrom(...FAILPOINTS);
const commands = fc.commands(
  [
    place.map((at) => new Create(at)),
    // Wishes are rare beside the attempts at them.
    ...[1, 2, 3, 4].map(() => place.map((at) => new Attempt(at))),
    place.map((at) => new Delete(at)),
    place.map((at) => new Retry(at)),
    place.map((at) => new Repair(at)),
    fc.tuple(place, failpoint).map(([at, name]) => new Die(at, name)),
    fc.tuple(place, failpoint).map(([at, name]) => new StandStill(at, name)),
    place.map((at) => new LoseNamespace(at)),
    place.map((at) => new RemoveWorkload(at)),
    fc.constantFrom<Weather>('fine', 'fine', 'pods crash').map((weather) => new ChangeWeather(weather)),
  ],
  { size: '+2', maxCommands: STEPS_A_RUN },
);

/** In the end, with fine weather and living workers, every store gets to where it is wanted or waits for a person. */
async function settleAll(world: World, model: Model): Promise<void> {
  world.setWeather('fine');
  for (const store of model.stores.values()) {
    const outcome = await world.settle(store.id);
    const { phase, errorCode } = await world.readRow(store.id);
    if (store.isDeletionWished) {
      assert.deepEqual([outcome, phase], ['completed', 'deleted']);
    } else if (outcome === 'completed') {
      assert.deepEqual([phase, errorCode], ['ready', null]);
    } else {
      assert.ok(phase === 'failed' || errorCode === 'data_lost', `${phase}, ${errorCode}`);
    }
    await settleModel(world, store);
    await checkStore(world, store);
    if (!store.isDeletionWished) {
      await world.wishDeleted(store.id);
      assert.equal(await world.settle(store.id), 'completed');
      assert.deepEqual(objectsOf(world, store.id), []);
    }
  }
}

describe('the life of stores, against a model', () => {
  let world: World;
  const begin = async (): Promise<void> => {
    world = await createWorld();
    // A crash is recognised at once here; nobody waits for pods that come late.
    world.setProvisionTimeout(600_000);
  };
  before(begin);
  after(async () => {
    armFailpoints('');
    await world.close();
  });

  async function explore(parameters: fc.Parameters<[Iterable<Command>]>): Promise<void> {
    const property = fc.asyncProperty(commands, async (sequence) => {
      armFailpoints('');
      world.setWeather('fine');
      // Quicker than to truncate what is nearly empty.
      for (const table of ['events', 'jobs', 'stores']) await sql`delete from ${sql.table(table)}`.execute(world.db);
      const model: Model = { stores: new Map() };
      await fc.asyncModelRun(() => ({ model, real: world }), sequence);
      await settleAll(world, model);
    });
    // Fewer shrinks than there could be: each runs a whole life again.
    await fc.assert(property, { endOnFailure: true, ...parameters });
  }

  for (const seed of KEPT_SEEDS) {
    test(`goes right in the sequences of seed ${seed}`, async () => {
      await explore({ seed, numRuns: 2 });
    });
  }

  test(`goes right in any interleaving of wishes, deaths and what others do, for ${MODEL_STEPS} steps`, async () => {
    stepsTaken = 0;
    const startedAt = performance.now();
    const tell = (seeds: number) =>
      tellExplored(`stores: ${stepsTaken} steps in ${seeds * RUNS_A_SEED} lives`, startedAt);
    let seeds = 0;
    while (stepsTaken < MODEL_STEPS) {
      await explore({ seed: MODEL_SEED + seeds, numRuns: RUNS_A_SEED });
      seeds += 1;
      if (seeds % SEEDS_A_WORLD > 0) continue;
      // A run that is cut has not been for nothing.
      tell(seeds);
      await world.close();
      await begin();
    }
    tell(seeds);
  });
});
