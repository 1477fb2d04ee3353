import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  adminPersonListSchema,
  adminStoreListSchema,
  adminTenantListSchema,
  adminTenantSchema,
  createdTenantSchema,
  sessionStateSchema,
} from '@souk/contract';
import { sql } from 'kysely';
import { inTransaction } from '../db/database.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { createTestApp, type TestApp, type TestTenant } from '../http/test-app.ts';
import { addTestToken } from '../http/test-operations.ts';
import { createTenantDeleter } from '../stores/delete-tenant.ts';
import { ensureFirstTenant, readQuota } from '../tenants/tenant-queries.ts';

const OWN = { origin: 'http://localhost:8080' };

describe('platform admins', () => {
  let world: TestApp;
  let home: TestTenant;
  let admin: TestTenant;
  before(async () => {
    world = await createTestApp();
    home = await world.addTenant();
    admin = await addTestToken(world, home, { isPlatform: true });
  });
  after(() => world.close());

  const create = (as: TestTenant, name: string, more = {}) =>
    world.call(as, 'POST', '/api/v1/stores', { name, engine: 'test-shop', ...more });

  test('disable a person: sessions and tokens end at once, and enabling brings neither back', async () => {
    const ann = await world.addPerson(home, 'owner', { email: 'ann@example.com', password: 'correct horse battery' });
    const token = await addTestToken(world, home, { personId: ann.id });
    const change = (isDisabled: boolean) =>
      world.call(admin, 'PATCH', `/api/v1/admin/people/${ann.id}`, { isDisabled });
    assert.equal((await change(true)).status, 200);
    for (const as of [ann, token]) {
      assert.equal((await world.call(as, 'GET', '/api/v1/stores')).json.code, 'unauthenticated');
    }
    assert.equal((await world.signIn('ann@example.com', 'correct horse battery')).status, 401);
    assert.equal((await change(false)).status, 200);
    for (const as of [ann, token]) {
      assert.equal((await world.call(as, 'GET', '/api/v1/stores')).json.code, 'unauthenticated');
    }
    assert.equal((await world.signIn('ann@example.com', 'correct horse battery')).status, 201);
  });

  test('cannot disable or demote themselves', async () => {
    const root = await world.addPerson(home, 'viewer', {});
    await sql`update people set is_platform_admin = true where id = ${root.id}`.execute(world.db);
    const answer = await world.call(root, 'PATCH', `/api/v1/admin/people/${root.id}`, { isPlatformAdmin: false });
    assert.equal(answer.json.code, 'forbidden');
  });

  test('see all people, tenants and stores, page by page', async () => {
    const [one, two] = [await world.addTenant(), await world.addTenant()];
    await create(one, 'seen-one');
    await create(two, 'seen-two');
    const stores = adminStoreListSchema.parse((await world.call(admin, 'GET', '/api/v1/admin/stores?q=seen')).json);
    assert.deepEqual(
      stores.items.map(({ name, tenant }) => [name, tenant.id]),
      [
        ['seen-two', two.id],
        ['seen-one', one.id],
      ],
    );
    const only = await world.call(admin, 'GET', `/api/v1/admin/stores?tenant=${one.id}`);
    assert.deepEqual(
      adminStoreListSchema.parse(only.json).items.map(({ name }) => name),
      ['seen-one'],
    );
    await world.addPerson(one, 'owner', { email: 'p1@paged.example' });
    await world.addPerson(one, 'viewer', { email: 'p2@paged.example' });
    const first = await world.call(admin, 'GET', '/api/v1/admin/people?q=paged&limit=1');
    const page = adminPersonListSchema.parse(first.json);
    assert.deepEqual([page.items[0]?.email, page.next], ['p1@paged.example', 'p1@paged.example']);
    const rest = await world.call(admin, 'GET', `/api/v1/admin/people?q=paged&limit=1&after=${page.next}`);
    assert.deepEqual(adminPersonListSchema.parse(rest.json).next, null);
    const tenants = adminTenantListSchema.parse(
      (await world.call(admin, 'GET', `/api/v1/admin/tenants?q=${one.id}`)).json,
    );
    assert.deepEqual([tenants.items[0]?.members, tenants.items[0]?.usage.stores], [2, 1]);
  });

  test('limit a tenant: stores, plans; the refusal names the limit, and the environment does not undo it', async () => {
    const tenant = await world.addTenant();
    const limit = (body: object) => world.call(admin, 'PATCH', `/api/v1/admin/tenants/${tenant.id}`, body);
    assert.equal((await limit({ maxStores: 2, largestPlan: 'small' })).status, 200);
    const large = await create(tenant, 'too-large', { plan: 'standard' });
    assert.deepEqual([large.json.code, large.json.errors[0]?.field], ['plan_not_allowed', 'plan']);
    const small = await create(tenant, 'small-enough');
    assert.deepEqual([small.status, small.json.store.plan], [201, 'small']);
    await create(tenant, 'second');
    const third = await create(tenant, 'third');
    assert.match(third.json.detail, /may have 2 stores/);
    assert.deepEqual(third.json.limit, { name: 'stores', value: 2, used: 2 });

    const first = { token: 'souk_the-first-token-of-this-test', maxStores: 5, maxParallelProvisions: 3 };
    const { tenantId } = await inTransaction(world.db, (tx) => ensureFirstTenant(tx, first));
    assert.equal(
      (await world.call(admin, 'PATCH', `/api/v1/admin/tenants/${tenantId}`, { maxStores: 50 })).status,
      200,
    );
    await inTransaction(world.db, (tx) => ensureFirstTenant(tx, { ...first, maxStores: 6 }));
    assert.equal((await readQuota(world.db, tenantId)).maxStores, 50);
  });

  test('make a tenant for somebody unknown by an invitation, for somebody known at once', async () => {
    const body = { name: 'Acme', ownerEmail: 'new@acme.example', maxStores: 3 };
    const made = createdTenantSchema.parse((await world.call(admin, 'POST', '/api/v1/admin/tenants', body)).json);
    assert.equal(made.tenant.quota.maxStores, 3);
    const token = /#token=(.+)$/.exec(made.invitationUrl ?? '')?.[1];
    const accepted = await world.call(
      null,
      'POST',
      '/api/v1/invitations/accept',
      { token, password: 'correct horse battery', name: 'New' },
      OWN,
    );
    const state = sessionStateSchema.parse(accepted.json);
    assert.deepEqual(
      state.tenants.map(({ id, role }) => [id, role]),
      [[made.tenant.id, 'owner']],
    );
    const again = await world.call(admin, 'POST', '/api/v1/admin/tenants', { name: 'Acme' });
    assert.equal(again.json.code, 'name_taken');
    const second = await world.call(admin, 'POST', '/api/v1/admin/tenants', { ...body, name: 'Acme 2' });
    const { tenant, invitationUrl } = createdTenantSchema.parse(second.json);
    assert.deepEqual([tenant.members, invitationUrl], [1, null]);
  });

  test('delete a tenant: its stores first, by their jobs, then its members, tokens and name', async () => {
    const name = `doomed-${Date.now()}`;
    const made = await world.call(admin, 'POST', '/api/v1/admin/tenants', { name });
    const { id } = createdTenantSchema.parse(made.json).tenant;
    const token = await addTestToken(world, { id, token: '' });
    const ann = await world.addPerson({ id, token: '' }, 'owner', {});
    for (const store of ['doomed-one', 'doomed-two']) {
      assert.equal((await create(token, store)).status, 201);
    }
    const deleted = await world.call(admin, 'DELETE', `/api/v1/admin/tenants/${id}`);
    assert.deepEqual([deleted.status, adminTenantSchema.parse(deleted.json).isDeleting], [202, true]);
    assert.equal((await create(token, 'doomed-three')).json.code, 'tenant_deleting');
    const { rows } = await sql<{ kind: string; count: number }>`
      select kind, count(*) as count from jobs where fair_group = ${id} and state = 'available' group by kind order by kind`.execute(
      world.db,
    );
    assert.deepEqual(rows, [
      { kind: 'delete-tenant', count: 1 },
      { kind: 'reconcile-store', count: 2 },
    ]);
    const run = createTenantDeleter(world.db);
    const attempt = {
      job: { id: 'job_aaaaaaaaaa', kind: 'delete-tenant', subject: id, attempt: 0 },
      ...{
        fence: 1,
        leaseOwner: 'test',
        takenOverFrom: null,
        signal: new AbortController().signal,
        leaseMsLeft: () => 9_000,
      },
    };
    assert.equal((await run(attempt)).outcome, 'waiting');
    await sql`update stores set phase = 'deleted', deleted_at = now() where tenant_id = ${id}`.execute(world.db);
    // A worker that dies before the commit has changed nothing, one that dies after it leaves nothing to do.
    for (const name of ['before-end-tenant', 'after-end-tenant']) {
      armFailpoint(name, async () => {
        throw new Error('died');
      });
      await assert.rejects(run(attempt), /died/);
      armFailpoints('');
      const isGone = (await world.call(token, 'GET', '/api/v1/stores')).json.code === 'unauthenticated';
      assert.equal(isGone, name === 'after-end-tenant');
    }
    assert.equal((await run(attempt)).outcome, 'completed');
    assert.equal((await world.call(token, 'GET', '/api/v1/stores')).json.code, 'unauthenticated');
    assert.equal((await world.call(ann, 'GET', '/api/v1/stores')).json.code, 'tenant_not_found');
    assert.equal((await world.call(admin, 'GET', `/api/v1/admin/tenants?q=${name}`)).json.items.length, 0);
    assert.equal((await world.call(admin, 'POST', '/api/v1/admin/tenants', { name })).status, 201);
  });

  test("cannot delete the tenant that holds the platform's own token", async () => {
    const answer = await world.call(admin, 'DELETE', `/api/v1/admin/tenants/${home.id}`);
    assert.equal(answer.json.code, 'forbidden');
  });
});
