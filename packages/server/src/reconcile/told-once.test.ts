// What attempt after attempt finds again must not fill a timeline; what is news must be in it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StoreId } from '@souk/contract';
import { sql } from 'kysely';
import { storeNamespace } from '../ids.ts';
import { createWorld, type World } from './test-world.ts';

describe('a trouble that goes on', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  const installs = async (storeId: StoreId): Promise<readonly string[]> =>
    (await world.eventTypes(storeId)).filter((type) => type.endsWith(' installRelease'));
  const FAILED = ['store.step_started installRelease', 'store.step_failed installRelease'];

  it('is told once while attempts fail alike, again a day later, and after the step came through', async () => {
    const storeId = await world.insertStore();
    const failOnce = async () => {
      world.helm.failNext('connection reset');
      await assert.rejects(world.attempt(storeId), /connection reset/);
    };
    for (let tries = 0; tries < 5; tries += 1) {
      await failOnce();
    }
    assert.deepEqual(await installs(storeId), FAILED);
    await sql`update events set at = at - interval '25 hours' where store_id = ${storeId}`.execute(world.db);
    await failOnce();
    assert.deepEqual(await installs(storeId), [...FAILED, ...FAILED]);

    assert.equal(await world.settle(storeId), 'completed');
    const completed = [...FAILED, ...FAILED, 'store.step_completed installRelease'];
    assert.deepEqual(await installs(storeId), completed);
    world.kube.remove('Deployment', { namespace: storeNamespace(storeId), name: 'front' });
    await failOnce();
    await failOnce();
    assert.deepEqual(await installs(storeId), [...completed, ...FAILED]);
  });

  it('is told again by who goes on for a lost worker', async () => {
    const storeId = await world.insertStore();
    for (const lost of [undefined, 'worker-7']) {
      world.helm.failNext('connection reset');
      await assert.rejects(world.attempt(storeId, new AbortController(), lost), /connection reset/);
    }
    assert.deepEqual(await installs(storeId), [...FAILED, ...FAILED]);
  });
});
