// `POST /stores/{id}/credentials/reset` with a few lines in the worker's place.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { createTestApp, TEST_ENGINE, type TestApp, type TestTenant } from './test-app.ts';

describe('resetting the admin password', () => {
  let world: TestApp;
  let tenant: TestTenant;
  let password = 'the first password';
  before(async () => {
    const engine = { ...TEST_ENGINE, resetPassword: () => Promise.reject(new Error('only the worker asks for it')) };
    world = await createTestApp({
      engines: new Map([['test-shop', { engine, available: true, reason: null }]]),
      reader: { readSecret: async () => ({ username: 'owner@example.org', password }), readLogs: async () => null },
    });
    tenant = await world.addTenant();
  });
  after(() => world.close());

  async function createReadyStore(name: string): Promise<string> {
    const { json } = await world.call(tenant, 'POST', '/api/v1/stores', { name, engine: 'test-shop' });
    await sql`update stores set phase = 'ready', ready_at = now(), observed_generation = 1 where id = ${json.store.id}`.execute(
      world.db,
    );
    await sql`update jobs set state = 'completed', finished_at = now() where subject = ${json.store.id}`.execute(
      world.db,
    );
    return json.store.id;
  }
  const reset = (id: string) => world.call(tenant, 'POST', `/api/v1/stores/${id}/credentials/reset`);
  const countWishes = async (id: string) =>
    (await sql`select 1 from password_resets where store_id = ${id}`.execute(world.db)).rows.length;
  /** Acts as a worker until the answer is there. */
  const answered = async <T>(id: string, answer: Promise<T>): Promise<T> => {
    const working = setInterval(() => {
      void sql`delete from password_resets where store_id = ${id}`.execute(world.db).then(() => {
        password = 'the second password';
      });
    }, 50);
    return await answer.finally(() => clearInterval(working));
  };

  test('queues the wish, waits for the worker, and answers with what the cluster then holds', async () => {
    const id = await createReadyStore('forgetful');
    for (const answer of await answered(id, Promise.all([reset(id), reset(id)]))) {
      assert.equal(answer.status, 200, answer.text);
      assert.match(answer.text, /the second password/);
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
    const { items } = (await world.call(tenant, 'GET', `/api/v1/stores/${id}/jobs`)).json;
    assert.equal(items.length, 2, 'both wishes share one job');
  });

  test('is refused for a store that is not ready', async () => {
    const { json } = await world.call(tenant, 'POST', '/api/v1/stores', { name: 'too-young', engine: 'test-shop' });
    const answer = await reset(json.store.id);
    assert.deepEqual([answer.status, answer.json.code], [409, 'not_ready']);
    assert.equal(await countWishes(json.store.id), 0);
  });

  test('says when it takes too long, and joins the open wish when asked again', async () => {
    const id = await createReadyStore('slow');
    const late = await reset(id);
    assert.deepEqual([late.status, late.json.code], [503, 'unavailable']);
    assert.equal(await countWishes(id), 1);
    assert.equal((await answered(id, reset(id))).status, 200);
  });
});
