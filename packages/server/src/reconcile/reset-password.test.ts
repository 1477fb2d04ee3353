// A new admin password: shop and Secrets must agree once the wish is closed, wherever a worker dies, and it must be seen nowhere else.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { StoreId } from '@souk/contract';
import { sql } from 'kysely';
import { LeaseLostError } from '../errors.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { listFailpointNames } from '../failpoint-names.ts';
import { storeNamespace } from '../ids.ts';
import type { Program } from '../kube/kube.ts';
import { readPasswordReset } from '../stores/password-reset.ts';
import { createWorld, hashOf, type World } from './test-world.ts';

const names = (await listFailpointNames(import.meta.dirname)).filter((name) => name.includes('reset-password'));

describe('a new admin password', () => {
  let world: World;
  let exitCode = 0;
  const programs: Program[] = [];
  /** What the shop of each namespace takes. */
  const inShop = new Map<string, string>();
  before(async () => {
    world = await createWorld();
    world.kube.onExec(({ namespace }, program) => {
      programs.push(program);
      if (exitCode === 0) {
        inShop.set(namespace, (JSON.parse(program.input) as { password: string }).password);
      }
      return exitCode;
    });
  });
  after(async () => {
    armFailpoints('');
    await world.close();
  });
  beforeEach(() => {
    exitCode = 0;
    programs.length = 0;
  });

  async function makeReady(): Promise<{ storeId: StoreId; namespace: string; first: string }> {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const namespace = storeNamespace(storeId);
    return { storeId, namespace, first: await readPassword(namespace) };
  }
  const readPassword = async (namespace: string): Promise<string> =>
    (await world.kube.readSecret({ namespace, name: 'store-admin' }))?.password ?? '';

  it('is set in the shop, then kept in its Secrets, and on record without itself', async () => {
    const { storeId, namespace, first } = await makeReady();
    await world.wishPasswordReset(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    const password = await readPassword(namespace);
    assert.notEqual(password, first);
    assert.equal(inShop.get(namespace), password);
    const internal = await world.kube.readSecret({ namespace, name: 'store-internal' });
    assert.equal(internal?.passwordHash, hashOf(password));
    const admin = await world.kube.readSecret({ namespace, name: 'store-admin' });
    assert.equal(admin?.username, 'owner@example.org', 'the rest of the Secret stays');
    assert.equal(await readPasswordReset(world.db, storeId), null);
    assert.deepEqual((await world.eventTypes(storeId)).slice(-3), [
      'store.step_started resetPassword',
      'store.credentials_reset',
      'store.step_completed resetPassword',
    ]);
    assert.deepEqual(
      programs.flatMap(({ command }) => command),
      ['set-password', 'owner@example.org'],
    );
    const { rows } = await sql<{ text: string }>`
      select string_agg(t::text, '') as text from (select events::text as t from events union all select stores::text from stores) s`.execute(
      world.db,
    );
    assert.ok(!rows[0]?.text.includes(password));
    await world.settle(storeId);
    assert.equal(programs.length, 1, 'it is set once a wish');
  });

  for (const name of names) {
    it(`is one and the same for shop and Secrets after a worker died at ${name}`, async () => {
      const { storeId, namespace, first } = await makeReady();
      await world.wishPasswordReset(storeId);
      const lease = new AbortController();
      let hasDied = false;
      armFailpoint(name, async () => {
        armFailpoints('');
        hasDied = true;
        lease.abort(new LeaseLostError(`died at ${name}`));
        lease.signal.throwIfAborted();
      });
      await assert.rejects(world.attempt(storeId, lease));
      assert.ok(hasDied);
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal(inShop.get(namespace), await readPassword(namespace));
      assert.notEqual(await readPassword(namespace), first);
      assert.equal(await readPasswordReset(world.db, storeId), null);
      const told = (await world.eventTypes(storeId)).filter((type) => type === 'store.credentials_reset');
      assert.equal(told.length, 1);
    });
  }

  it('leaves the Secrets alone while the shop refuses it, and is tried again', async () => {
    const { storeId, namespace, first } = await makeReady();
    await world.wishPasswordReset(storeId);
    exitCode = 3;
    await assert.rejects(world.attempt(storeId), /ended with code 3/);
    assert.equal(await readPassword(namespace), first);
    assert.equal((await world.readRow(storeId)).phase, 'ready');
    exitCode = 0;
    assert.equal(await world.settle(storeId), 'completed');
    assert.equal(inShop.get(namespace), await readPassword(namespace));
  });

  it('is no longer set when nobody has waited for it for ten minutes', async () => {
    const { storeId, namespace, first } = await makeReady();
    await world.wishPasswordReset(storeId);
    await sql`update password_resets set requested_at = now() - interval '11 minutes'`.execute(world.db);
    assert.equal(await world.settle(storeId), 'completed');
    assert.equal(await readPassword(namespace), first);
    assert.equal(programs.length, 0);
    assert.equal(await readPasswordReset(world.db, storeId), null);
  });

  it('is forgotten with its store', async () => {
    const { storeId } = await makeReady();
    await world.wishPasswordReset(storeId);
    await world.wishDeleted(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    assert.equal(await readPasswordReset(world.db, storeId), null);
  });
});
