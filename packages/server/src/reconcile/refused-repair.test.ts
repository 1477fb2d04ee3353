// A repair that Helm refuses, as it refuses to change a StatefulSet's claims: no number of tries would change that.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TerminalError } from '../errors.ts';
import { storeNamespace } from '../ids.ts';
import { createWorld, objectsOf, type World } from './test-world.ts';

describe('a repair that Helm refuses for good', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  it('is tried once and told, the shop stays as it is, and a person can have it tried again', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const namespace = storeNamespace(storeId);
    world.kube.remove('Deployment', { namespace, name: 'front' });
    world.helm.failNext(
      'StatefulSet.apps "database" is invalid: spec: Forbidden: updates to statefulset spec for fields',
    );
    await assert.rejects(world.attempt(storeId), TerminalError);
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.errorCode], ['ready', 'install_refused']);
    assert.equal((await world.eventTypes(storeId)).at(-1), 'store.repair_needed installRelease');
    assert.ok(objectsOf(world, storeId).includes('PersistentVolumeClaim NAMESPACE/data-database-0'));
    await world.wishRepaired(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    assert.ok(objectsOf(world, storeId).includes('Deployment NAMESPACE/front'));
    assert.equal((await world.readRow(storeId)).errorCode, null);
  });
});
