// Evidence of a failed create: it is worth having, but nothing may wait for it for long, nor may it hold a secret.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, mock } from 'node:test';
import type { StoreId } from '@souk/contract';
import { sql } from 'kysely';
import { TerminalError } from '../errors.ts';
import { KubeError } from '../kube/kube-error.ts';
import { createWorld, objectsOf, type World } from './test-world.ts';

describe('the diagnosis of a store that fails', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());
  afterEach(() => mock.restoreAll());

  async function failWith(readLogs: World['kube']['readLogs'], password = 'not in this log'): Promise<StoreId> {
    mock.method(world.kube, 'readLogs', readLogs);
    world.setWeather('pods crash');
    const storeId = await world.insertStore({ password });
    assert.ok((await world.settle(storeId)) instanceof TerminalError);
    return storeId;
  }
  async function readLogsOf(storeId: StoreId): Promise<readonly string[]> {
    const { rows } = await sql<{ pods: readonly { readonly log: string }[] }>`
      select details -> 'pods' as pods from events where store_id = ${storeId} and type = 'store.diagnosis_recorded'`.execute(
      world.db,
    );
    return rows.flatMap(({ pods }) => pods.map(({ log }) => log));
  }

  it('says that a log could not be read where the node hangs, and the clean-up goes on', async () => {
    const storeId = await failWith(async (_ref, _options, signal) =>
      (async function* () {
        yield 'a first line\n';
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      })(),
    );
    const logs = await readLogsOf(storeId);
    assert.equal(logs.length, 2);
    for (const log of logs) {
      assert.match(log, /^\[the log could not be read: .*timeout/);
    }
    assert.deepEqual(objectsOf(world, storeId), []);
  });

  it('says nothing of the log of a container that never ran', async () => {
    const storeId = await failWith(async () => {
      throw new KubeError(400, 'BadRequest', 'container "front" in pod "front-0" is waiting to start');
    });
    assert.deepEqual(await readLogsOf(storeId), ['', '']);
  });

  it('keeps the end of a log without end, and no half of a secret at its edge', async () => {
    // So long that what is read of the log shrinks below what is kept of it.
    const password = 'a very secret password'.repeat(10);
    const storeId = await failWith(
      async () =>
        (async function* () {
          for (let sent = 0; sent < 40; sent += 1) {
            yield `${password}\n`.repeat(100);
          }
          yield 'the end\n';
        })(),
      password,
    );
    for (const log of await readLogsOf(storeId)) {
      assert.ok(log.endsWith('the end\n') && log.length <= 4_000);
      assert.ok(!log.includes('word'), log.slice(0, 60));
    }
  });
});
