// That a repair has ended is told once, whoever did the last of it and whatever was asked for meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { storeNamespace } from '../ids.ts';
import { createWorld, type World } from './test-world.ts';

describe('the end of a repair', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(async () => {
    await world.close();
    armFailpoints('');
  });

  const countTold = async (storeId: Parameters<World['attempt']>[0]): Promise<number> =>
    (await world.eventTypes(storeId)).filter((type) => type === 'store.repaired').length;

  it('is told by another worker where one died after the last effect', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    world.kube.remove('Deployment', { namespace: storeNamespace(storeId), name: 'front' });
    await world.tellDrift(storeId);
    assert.ok(await world.attemptUntil('before-mark-ready', storeId));
    assert.equal(await countTold(storeId), 0);
    await world.settle(storeId);
    await world.settle(storeId);
    assert.equal(await countTold(storeId), 1);
  });

  it('is told where somebody else had put right what drifted', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    await world.tellDrift(storeId);
    await world.settle(storeId);
    assert.equal(await countTold(storeId), 1);
  });

  it('is not told of a drift that was told while the attempt was under way, but by the next one', async (t) => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const { listMetadata } = world.kube;
    const looked = t.mock.method(
      world.kube,
      'listMetadata',
      async (...asked: Parameters<typeof listMetadata>) => {
        await world.tellDrift(storeId);
        return await listMetadata(...asked);
      },
      { times: 1 },
    );
    await world.attempt(storeId);
    assert.equal(looked.mock.callCount(), 1);
    assert.equal(await countTold(storeId), 0);
    await world.settle(storeId);
    assert.equal(await countTold(storeId), 1);
  });

  it('is told once where a repair was asked for while another one ended', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    world.kube.remove('Service', { namespace: storeNamespace(storeId), name: 'front' });
    armFailpoint('before-mark-ready', async () => {
      armFailpoints('');
      await world.wishRepaired(storeId);
    });
    await world.attempt(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    assert.equal(await countTold(storeId), 1);
  });
});
