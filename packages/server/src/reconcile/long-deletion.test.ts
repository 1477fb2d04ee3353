// Deletions that take long: what is told of them, and that they end.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, mock } from 'node:test';
import type { StoreId } from '@souk/contract';
import { storeNamespace } from '../ids.ts';
import { KubeError } from '../kube/kube-error.ts';
import { createWorld, objectsOf, type World } from './test-world.ts';

describe('a deletion that takes long', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());
  afterEach(() => {
    mock.restoreAll();
    world.kube.setUnreachable(false);
  });

  async function wishDeletion(): Promise<StoreId> {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    await world.wishDeleted(storeId);
    return storeId;
  }
  const countOf = async (storeId: StoreId, type: string): Promise<number> =>
    (await world.eventTypes(storeId)).filter((told) => told.startsWith(type)).length;

  it('blames nothing while the cluster is away', async () => {
    const storeId = await wishDeletion();
    world.kube.setUnreachable(true);
    await assert.rejects(world.attempt(storeId), /did not answer/);
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.errorCode, row.errorMessage], ['deleting', null, null]);
    assert.equal(await countOf(storeId, 'store.deletion_delayed'), 0);
    world.kube.setUnreachable(false);
    assert.equal(await world.settle(storeId), 'completed');
  });

  it('tells each reason once, however often two of them take turns', async () => {
    const storeId = await wishDeletion();
    for (let tries = 0; tries < 20; tries += 1) {
      mock.restoreAll();
      mock.method(world.kube, 'delete', async () => {
        throw new KubeError(403, 'Forbidden', tries % 2 === 0 ? 'the role is gone' : 'the policy refuses it');
      });
      await assert.rejects(world.attempt(storeId), KubeError);
    }
    assert.equal(await countOf(storeId, 'store.deletion_delayed'), 2);
    assert.equal(await countOf(storeId, 'store.step_failed'), 2);
    assert.equal(await countOf(storeId, 'store.step_started removeRoute'), 1);
    mock.restoreAll();
    assert.equal(await world.settle(storeId), 'completed');
    assert.equal((await world.eventTypes(storeId)).at(-1), 'store.deleted');
  });

  it('tells no more than ten reasons a day that differ each time', async () => {
    const storeId = await wishDeletion();
    mock.method(world.kube, 'delete', async () => {
      throw new KubeError(403, 'Forbidden', `refused, request ${Math.random()}`);
    });
    for (let tries = 0; tries < 15; tries += 1) {
      await assert.rejects(world.attempt(storeId), KubeError);
    }
    assert.equal(await countOf(storeId, 'store.deletion_delayed'), 10);
    assert.equal(await countOf(storeId, 'store.step_failed'), 10);
    mock.restoreAll();
    assert.equal(await world.settle(storeId), 'completed');
  });

  it('never gives up: after twenty refusals and twenty looks at a namespace of somebody else it still ends', async () => {
    const storeId = await wishDeletion();
    const name = storeNamespace(storeId);
    mock.method(world.kube, 'delete', async () => {
      throw new KubeError(403, 'Forbidden', 'the role is gone');
    });
    for (let tries = 0; tries < 20; tries += 1) {
      await assert.rejects(world.attempt(storeId), /the role is gone/);
    }
    mock.restoreAll();
    world.kube.put('Namespace', { name }, { metadata: { labels: { 'souk.dev/store': 'sto_somebodyelse' } } });
    for (let tries = 0; tries < 20; tries += 1) {
      // Not a TerminalError, which would end the job.
      await assert.rejects(world.attempt(storeId), (error) => (error as Error).name === 'Error');
    }
    assert.match((await world.readRow(storeId)).errorMessage ?? '', /is not this store's/);
    world.kube.put('Namespace', { name }, { metadata: { labels: { 'souk.dev/store': storeId } } });
    assert.equal(await world.settle(storeId), 'completed');
    assert.deepEqual([(await world.readRow(storeId)).phase, objectsOf(world, storeId)], ['deleted', []]);
  });
});
