// A worker may die between any two effects. Each failpoint of the reconcile is a place to die at; afterwards another worker's
// attempts bring the store to where one that was never disturbed gets, with nothing left over and nothing made twice.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LeaseLostError } from '../errors.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { listFailpointNames } from '../failpoint-names.ts';
import { storeNamespace } from '../ids.ts';
import { createWorld, hashOf, objectsOf, type World } from './test-world.ts';

// Those of a new password have a test of their own beside its step.
const names = (await listFailpointNames(import.meta.dirname)).filter((name) => !name.includes('reset-password'));

describe('a worker that dies', () => {
  let world: World;
  const reached = new Set<string>();
  before(async () => {
    world = await createWorld();
  });
  after(async () => {
    await world.close();
    armFailpoints('');
  });

  /** Runs an attempt that dies at the failpoint, if it gets there. */
  async function attemptUntil(name: string, storeId: Parameters<World['attempt']>[0]): Promise<void> {
    const lease = new AbortController();
    armFailpoint(name, async () => {
      reached.add(name);
      armFailpoints('');
      lease.abort(new LeaseLostError(`died at ${name}`));
      lease.signal.throwIfAborted();
    });
    await world.attempt(storeId, lease).catch(() => undefined);
    armFailpoints('');
  }

  for (const name of names) {
    it(`at ${name} leaves a create and a delete that another worker ends`, async () => {
      const undisturbed = await world.insertStore();
      await world.settle(undisturbed);
      const storeId = await world.insertStore({ password: 'the password it was given' });
      const namespace = storeNamespace(storeId);
      if (name.endsWith('half-done')) {
        world.helm.killNext();
        await world.attempt(storeId).catch(() => undefined);
      }
      if (name.endsWith('half-credentials')) {
        await attemptUntil('after-create-credentials', storeId);
      }
      await attemptUntil(name, storeId);
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal((await world.readRow(storeId)).phase, 'ready');
      assert.deepEqual(objectsOf(world, storeId), objectsOf(world, undisturbed));
      const admin = await world.kube.readSecret({ namespace, name: 'store-admin' });
      const internal = await world.kube.readSecret({ namespace, name: 'store-internal' });
      assert.equal(admin?.password, 'the password it was given');
      assert.equal(internal?.passwordHash, hashOf(admin?.password ?? ''));

      await world.wishDeleted(storeId);
      await attemptUntil(name, storeId);
      assert.equal(await world.settle(storeId), 'completed');
      const row = await world.readRow(storeId);
      assert.deepEqual([row.phase, row.hasSealedPassword], ['deleted', false]);
      assert.deepEqual(objectsOf(world, storeId), []);
    });
  }

  it('has died at every failpoint there is, but where a later upgrade is rolled back', () => {
    const notReached = names.filter((name) => !reached.has(name) && !name.endsWith('helm-rollback-half-done'));
    assert.deepEqual(notReached, []);
  });

  it('in the middle of a later upgrade leaves a release that is rolled back, then upgraded', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    await world.wishRetried(storeId);
    world.helm.killNext();
    await world.attempt(storeId).catch(() => undefined);
    const release = { namespace: storeNamespace(storeId), name: storeNamespace(storeId) };
    assert.equal((await world.helm.readRelease(release))?.status, 'pending-upgrade');
    assert.equal(await world.settle(storeId), 'completed');
    assert.equal((await world.helm.readRelease(release))?.status, 'deployed');
    assert.equal((await world.readRow(storeId)).observedGeneration, 2);
  });
});
