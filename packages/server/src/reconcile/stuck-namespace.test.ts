// A namespace that does not go: a create that failed cannot be cleaned up, nor tried again, as long as somebody else's finalizer holds.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { StoreId } from '@souk/contract';
import { sql } from 'kysely';
import { createWorld, objectsOf, type World } from './test-world.ts';

describe('a namespace that does not go', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());
  beforeEach(() => {
    world.setWeather('fine');
    world.setProvisionTimeout(60_000);
    world.kube.blockDeletion(null);
  });

  /** A failed create whose namespace stays. */
  async function makeStuck(): Promise<StoreId> {
    const storeId = await world.insertStore();
    world.setWeather('pods crash');
    world.kube.blockDeletion('some finalizer is in the way');
    assert.equal((await world.attempt(storeId)).outcome, 'waiting');
    assert.equal((await world.readRow(storeId)).phase, 'failed');
    world.setWeather('fine');
    return storeId;
  }

  it('fails a retry when its time is up, with what it waits for, and not before', async () => {
    const storeId = await makeStuck();
    await world.wishRetried(storeId);
    assert.equal((await world.attempt(storeId)).outcome, 'waiting');
    assert.equal((await world.readRow(storeId)).phase, 'provisioning');
    world.setProvisionTimeout(1);
    assert.equal((await world.attempt(storeId)).outcome, 'waiting', 'it goes on cleaning up');
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.errorCode], ['failed', 'provision_timeout']);
    assert.match(
      row.errorMessage ?? '',
      /not ready within its time: .*the namespace is still being removed: some finalizer/,
    );
    const told = await world.eventTypes(storeId);
    assert.ok(told.includes('store.provisioning_failed ensureNamespace'), told.join());
    world.kube.blockDeletion(null);
    assert.ok((await world.settle(storeId)) instanceof Error);
    assert.deepEqual(objectsOf(world, storeId), []);
  });

  it('is named in the timeline with what holds it, by the clean-up and by a retry, once each', async () => {
    const storeId = await makeStuck();
    await world.attempt(storeId);
    await world.wishRetried(storeId);
    await world.attempt(storeId);
    await sql`
      update stores set provisioning_started_at = now() - interval '21 seconds' where id = ${storeId}`.execute(
      world.db,
    );
    for (const _ of [1, 2]) {
      assert.equal((await world.attempt(storeId)).outcome, 'waiting');
    }
    const { rows } = await sql<{ message: string }>`
      select message from events where store_id = ${storeId} and type = 'store.deletion_delayed' order by cursor
    `.execute(world.db);
    const blocker = 'the namespace is still being removed: some finalizer is in the way';
    assert.deepEqual(
      rows.map(({ message }) => message),
      [`The clean-up takes longer: ${blocker}`, `Provisioning waits: the former one must go first: ${blocker}`],
    );
    assert.equal((await world.readRow(storeId)).errorCode, null, 'nothing has failed yet');
  });

  it('holds no place of its tenant while the clean-up of a failed create waits', async () => {
    // The job of every attempt in this world.
    await sql`
      insert into jobs (id, kind, subject, fair_group, group_limit)
      values ('job_aaaaaaaaaa', 'reconcile-store', 'sto_aaaaaaaaaa', 'ten_aaaaaaaaaa', 1)`.execute(world.db);
    await makeStuck();
    const { rows } = await sql`select group_limit as "groupLimit" from jobs`.execute(world.db);
    assert.deepEqual(rows, [{ groupLimit: null }]);
  });
});
