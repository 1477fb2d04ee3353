// A worker that stood still past its lease and goes on: at first nothing but the lease's clock tells it so.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LeaseLostError } from '../errors.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { storeNamespace } from '../ids.ts';
import { createWorld, hashOf, objectsOf, type World } from './test-world.ts';

describe('a worker that stood still', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(async () => {
    armFailpoints('');
    await world.close();
  });

  it('does nothing more to the cluster after its lease, and tells nothing, though nothing has aborted it yet', async () => {
    for (const effect of ['apply-namespace', 'create-credentials', 'helm-upgrade']) {
      const storeId = await world.insertStore();
      let msLeft = 9_000;
      let before: readonly string[] = [];
      armFailpoint(`before-${effect}`, async () => {
        armFailpoints('');
        msLeft = 0;
        before = objectsOf(world, storeId);
      });
      const lease = { signal: new AbortController().signal, msLeft: () => msLeft };
      await assert.rejects(world.attempt(storeId, lease), LeaseLostError);
      assert.deepEqual(objectsOf(world, storeId), before);
      assert.ok(!(await world.eventTypes(storeId)).some((type) => type.startsWith('store.step_failed')));
    }
  });

  it('never has credentials of two attempts, whichever of two workers makes which Secret', async () => {
    for (const [name, labels] of [
      ['store-admin', {}],
      ['store-internal', { 'souk.dev/credentials': 'complete' }],
    ] as const) {
      const storeId = await world.insertStore();
      const namespace = storeNamespace(storeId);
      armFailpoint('before-create-credentials', async () => {
        armFailpoints('');
        // As a worker that stood still would, with what it had thought of.
        const metadata = { labels: { 'souk.dev/store': storeId, 'souk.dev/made-by-fence': '1', ...labels } };
        const data = { password: 'b3RoZXI=', passwordHash: 'b3RoZXI=' };
        world.kube.put('Secret', { namespace, name }, { metadata, data });
      });
      await assert.rejects(world.attempt(storeId), /was made by somebody else/);
      assert.equal(await world.settle(storeId), 'completed');
      const admin = await world.kube.readSecret({ namespace, name: 'store-admin' });
      const internal = await world.kube.readSecret({ namespace, name: 'store-internal' });
      assert.equal(internal?.passwordHash, hashOf(admin?.password ?? ''));
    }
  });
});
