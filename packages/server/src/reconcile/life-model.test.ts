// The life of stores against a model: random interleavings of what `test-life-steps.ts` lists. Wishes are the API's, jobs go through the
// real queue in the real Postgres, the watch is the real one; the cluster is the double that the conformance suite keeps honest.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { sql } from 'kysely';
import { MODEL_SEED, MODEL_STEPS, tellExplored } from '../db/test-exploration.ts';
import { armFailpoints } from '../failpoint.ts';
import {
  type Command,
  Create,
  checkStore,
  commands,
  Delete,
  explored,
  type Model,
  type ModelStore,
  PLACES,
} from './test-life-steps.ts';
import { createPlatform, type Platform } from './test-platform.ts';
import { assertToldOnce, type ToldEvent } from './test-told-once.ts';
import { objectsOf } from './test-world.ts';

const RUNS_A_SEED = 5;
// What a world has lived through makes it slower.
const SEEDS_A_WORLD = 10;
// A leader that began while the cluster was away asks it again after a pause of its own.
const REST_WITHIN_MS = 15_000;
// Sequences that once found something, and are tried each time.
const KEPT_SEEDS: readonly number[] = [20, 1_763_724_000];

/** With fine weather, a cluster that answers, and living workers, every store gets to where it is wanted or waits for a person. */
async function comeToRest(world: Platform, model: Model): Promise<void> {
  world.setAway(false);
  world.setWeather('fine');
  world.watches.setTelling('at once');
  const deadline = performance.now() + REST_WITHIN_MS;
  const stores = [...model.stores.values()];
  for (;;) {
    await Promise.all([world.expireLeases(), world.passPauses()]);
    await world.leader().look('a sweep');
    await (await world.startWorker(PLACES.length)).ended;
    await Promise.all(stores.map((store) => checkStore(world, store)));
    try {
      assert.deepEqual(await world.readLiveJobs(), [], 'there is still work');
      await Promise.all(stores.map((store) => checkAtRest(world, store, model)));
      await Promise.all(stores.map((store) => checkTold(world, store)));
      return;
    } catch (error) {
      // What seems to be missing is believed at the second look, and then told.
      if (performance.now() > deadline) throw error;
      await delay(1);
    }
  }
}

async function checkAtRest(world: Platform, store: ModelStore, { hasStormed }: Model): Promise<void> {
  const { phase, errorCode, generation, observedGeneration } = await world.readRow(store.id);
  const { health, pods } = await world.readWatched(store.id);
  const seen = { phase, errorCode, health, pods: pods.map(({ name }) => name) };
  const nothing = { health: 'unknown', pods: [] };
  assert.equal(observedGeneration, generation);
  if (store.isDeletionWished) {
    assert.deepEqual(seen, { phase: 'deleted', errorCode: null, ...nothing });
  } else if (store.isLost && !store.isRepairWished) {
    assert.deepEqual(seen, { phase: 'ready', errorCode: 'data_lost', health: 'degraded', pods: [] });
  } else if (phase === 'failed') {
    assert.ok(hasStormed, `it failed without a reason: ${errorCode}`);
    assert.deepEqual(seen, { phase: 'failed', errorCode, ...nothing });
    assert.deepEqual(objectsOf(world, store.id), [], 'a store that failed left something');
  } else {
    assert.deepEqual(seen, { phase: 'ready', errorCode: null, health: 'healthy', pods: ['database-0', 'front-0'] });
  }
}

async function checkTold(world: Platform, { id, isDeletionWished, isLost, isRepairWished }: ModelStore): Promise<void> {
  const { rows } = await sql<ToldEvent>`
    select type, actor, message, details from events where store_id = ${id} order by cursor`.execute(world.db);
  const { phase } = await world.readRow(id);
  const takeovers = world.takeovers.filter(({ storeId }) => storeId === id);
  assertToldOnce(rows, { phase, takeovers });
  if (isLost && !isDeletionWished && !isRepairWished) {
    const drifts = rows.filter(({ type }) => type === 'store.drift_detected').map(({ message }) => message);
    assert.ok(
      drifts.some((message) => message.endsWith('its namespace was deleted')),
      'nobody was told of the loss',
    );
  }
}

/** Then it goes to its grave, and leaves nothing. */
async function endLife(world: Platform, model: Model): Promise<void> {
  await comeToRest(world, model);
  for (const store of model.stores.values()) {
    if (!store.isDeletionWished) await new Delete(0).actOn(world, store);
  }
  await comeToRest(world, model);
  assert.deepEqual(world.kube.describe(), []);
}

describe('the life of stores, against a model', () => {
  let world: Platform;
  const begin = async (): Promise<void> => {
    world = await createPlatform();
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
      await world.beginLife();
      const model: Model = { stores: new Map(), hasStormed: false };
      // Without a store there is nothing to see.
      await new Create(0).run(model, world);
      await fc.asyncModelRun(() => ({ model, real: world }), sequence);
      await endLife(world, model);
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
    explored.steps = 0;
    const startedAt = performance.now();
    const tell = (seeds: number) => {
      const rate = (1_000 * explored.steps) / (performance.now() - startedAt);
      tellExplored(
        `stores: ${explored.steps} steps in ${seeds * RUNS_A_SEED} lives, ${rate.toFixed(1)} steps/s`,
        startedAt,
      );
    };
    let seeds = 0;
    while (explored.steps < MODEL_STEPS) {
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
