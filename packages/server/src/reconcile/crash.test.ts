// A worker may die between any two effects. Each failpoint of the reconcile is a place to die at; afterwards another worker's
// attempts bring the store to where one that was never disturbed gets, with nothing left over and nothing made twice.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { armFailpoints } from '../failpoint.ts';
import { listFailpointNames } from '../failpoint-names.ts';
import { storeNamespace } from '../ids.ts';
import { createWorld, hashOf, objectsOf, type World } from './test-world.ts';

// Those of a new password have a test of their own beside its step.
const allNames = (await listFailpointNames(import.meta.dirname)).filter((name) => !name.includes('reset-password'));
// What is done to a shop that lives: what was removed or edited must have been, before these are reached.
const OF_REPAIRS = ['helm-reapply', 'drop-release-records', 'seal-credentials'] as const;
// What is only written when something goes wrong; each has a life of its own below.
const OF_TROUBLE = [
  'mark-failed',
  'mark-delayed',
  'mark-refused',
  'accept-loss',
  'set-clock',
  'replace-stuck-pods',
] as const;
const isOneOf = (name: string, effects: readonly string[]) => effects.some((effect) => name.endsWith(effect));
const names = allNames.filter((name) => !isOneOf(name, OF_REPAIRS) && !isOneOf(name, OF_TROUBLE));

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

  async function attemptUntil(name: string, storeId: Parameters<World['attempt']>[0]): Promise<void> {
    if (await world.attemptUntil(name, storeId)) {
      reached.add(name);
    }
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

  for (const effect of OF_REPAIRS) {
    for (const name of [`before-${effect}`, `after-${effect}`]) {
      it(`at ${name} leaves a repair that another worker ends`, async () => {
        const undisturbed = await world.insertStore();
        await world.settle(undisturbed);
        const storeId = await world.insertStore();
        await world.settle(storeId);
        const namespace = storeNamespace(storeId);
        if (effect === 'seal-credentials') {
          world.kube.put('Secret', { namespace, name: 'store-admin' }, { data: { password: 'ZWRpdGVk' } });
        } else {
          world.kube.remove('Deployment', { namespace, name: 'front' });
        }
        if (effect === 'drop-release-records') {
          const record = { namespace, name: `sh.helm.release.v1.${namespace}.v1` };
          world.kube.put('Secret', record, { metadata: { labels: { status: 'uninstalling' } } });
        }
        await attemptUntil(name, storeId);
        if (effect === 'seal-credentials') {
          assert.ok((await world.settle(storeId)) instanceof Error);
          await world.wishRepaired(storeId);
          await attemptUntil(name, storeId);
        }
        assert.equal(await world.settle(storeId), 'completed');
        const withoutRecords = (objects: readonly string[]) => objects.filter((line) => !line.includes('helm.release'));
        assert.deepEqual(withoutRecords(objectsOf(world, storeId)), withoutRecords(objectsOf(world, undisturbed)));
        assert.equal((await world.readRow(storeId)).errorCode, null);
      });
    }
  }

  for (const name of allNames.filter((each) => isOneOf(each, ['mark-failed']))) {
    it(`at ${name} leaves a create that another worker lets fail, cleanly, so that a retry works`, async () => {
      const storeId = await world.insertStore({ password: 'the password it was given' });
      world.setWeather('pods crash');
      await attemptUntil(name, storeId);
      assert.ok((await world.settle(storeId)) instanceof Error);
      assert.deepEqual([(await world.readRow(storeId)).phase, objectsOf(world, storeId)], ['failed', []]);
      for (const type of ['store.diagnosis_recorded', 'store.provisioning_failed']) {
        assert.equal((await world.eventTypes(storeId)).filter((line) => line.startsWith(type)).length, 1, type);
      }
      world.setWeather('fine');
      await world.wishRetried(storeId);
      assert.equal(await world.settle(storeId), 'completed');
      const admin = await world.kube.readSecret({ namespace: storeNamespace(storeId), name: 'store-admin' });
      assert.equal(admin?.password, 'the password it was given');
    });
  }

  for (const name of allNames.filter((each) => isOneOf(each, ['set-clock']))) {
    it(`at ${name} leaves a create that another worker ends when the cluster is back`, async () => {
      const storeId = await world.insertStore();
      world.kube.setUnreachable(true);
      await attemptUntil(name, storeId);
      world.kube.setUnreachable(false);
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal((await world.readRow(storeId)).phase, 'ready');
    });
  }

  for (const name of allNames.filter((each) => isOneOf(each, ['replace-stuck-pods']))) {
    it(`at ${name} leaves a retry of what was kept that another worker ends`, async () => {
      const storeId = await world.insertStore({ keepFailed: true });
      world.setWeather('pods crash');
      assert.ok((await world.settle(storeId)) instanceof Error);
      await world.wishRetried(storeId);
      await attemptUntil(name, storeId);
      world.setWeather('fine');
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal((await world.readRow(storeId)).phase, 'ready');
    });
  }

  for (const name of allNames.filter((each) => isOneOf(each, ['mark-delayed']))) {
    it(`at ${name} leaves a delayed deletion that another worker ends`, async () => {
      const storeId = await world.insertStore();
      await world.settle(storeId);
      await world.wishDeleted(storeId);
      world.kube.blockDeletion('held');
      await attemptUntil(name, storeId);
      world.kube.blockDeletion(null);
      assert.equal(await world.settle(storeId), 'completed');
      assert.deepEqual(objectsOf(world, storeId), []);
    });
  }

  for (const name of allNames.filter((each) => isOneOf(each, ['mark-refused', 'accept-loss']))) {
    it(`at ${name} leaves a loss that is shown, and built anew once somebody agrees`, async () => {
      const storeId = await world.insertStore();
      await world.settle(storeId);
      world.kube.remove('Namespace', { name: storeNamespace(storeId) });
      await attemptUntil(name, storeId);
      assert.ok((await world.settle(storeId)) instanceof Error);
      assert.deepEqual([(await world.readRow(storeId)).errorCode, objectsOf(world, storeId)], ['data_lost', []]);
      await world.wishRepaired(storeId);
      await attemptUntil(name, storeId);
      assert.equal(await world.settle(storeId), 'completed');
      assert.deepEqual(
        [(await world.readRow(storeId)).phase, (await world.readRow(storeId)).errorCode],
        ['ready', null],
      );
    });
  }

  for (const name of ['before-helm-rollback-half-done', 'after-helm-rollback-half-done']) {
    it(`at ${name} leaves an upgrade of a store that was not ready yet, which another worker ends`, async () => {
      const storeId = await world.insertStore();
      world.setWeather('pods never ready');
      await world.attempt(storeId);
      world.setEngineVersion('2.0.0');
      world.helm.killNext();
      await world.attempt(storeId).catch(() => undefined);
      const release = { namespace: storeNamespace(storeId), name: storeNamespace(storeId) };
      assert.equal((await world.helm.readRelease(release))?.status, 'pending-upgrade');
      await attemptUntil(name, storeId);
      world.setWeather('fine');
      for (const kind of ['Deployment', 'StatefulSet'] as const) {
        const ref = { namespace: release.namespace, name: kind === 'Deployment' ? 'front' : 'database' };
        const status = { readyReplicas: 1, availableReplicas: 1 };
        world.kube.put(kind, ref, { status });
      }
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal((await world.helm.readRelease(release))?.status, 'deployed');
      world.setEngineVersion('1.0.0');
    });
  }

  it('has died at every failpoint there is', () => {
    assert.deepEqual(
      allNames.filter((name) => !reached.has(name)),
      [],
    );
  });

  it('in the middle of a change of a living release leaves one that is rolled back to what was installed', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const namespace = storeNamespace(storeId);
    world.kube.remove('Deployment', { namespace, name: 'front' });
    world.helm.killNext();
    await world.attempt(storeId).catch(() => undefined);
    const release = { namespace, name: namespace };
    assert.equal((await world.helm.readRelease(release))?.status, 'pending-rollback');
    assert.equal(await world.settle(storeId), 'completed');
    assert.equal((await world.helm.readRelease(release))?.status, 'deployed');
    assert.ok(objectsOf(world, storeId).includes('Deployment NAMESPACE/front'));
  });
});
