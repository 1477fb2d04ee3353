import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasRole, hasScope, SCOPES } from '@souk/contract';
import { sql } from 'kysely';
import { createTestApp, type TestApp, type TestTenant } from './test-app.ts';
import {
  ALL_ROLES,
  addTargets,
  addTestToken,
  callOperation,
  listOperations,
  type Operation,
} from './test-operations.ts';

// Seconds each on a quiet machine.
const PATIENCE = { timeout: 300_000 };

describe('who may do what, for every operation of the OpenAPI document', PATIENCE, () => {
  let world: TestApp;
  let ours: TestTenant;
  let theirs: TestTenant;
  let operations: readonly Operation[];
  before(async () => {
    world = await createTestApp();
    [ours, theirs] = [await world.addTenant({ maxStores: 10_000 }), await world.addTenant()];
    operations = await listOperations(world);
    assert.ok(operations.length >= 30, `only ${operations.length} operations`);
  });
  after(() => world.close());

  /** Everyone tries everything, on things of their own where one could destroy what the next one needs. */
  async function eachOperation(
    who: () => Promise<{ as: TestTenant | null; headers?: Record<string, string> }>,
    check: (operation: Operation, status: number, code: string) => void,
  ): Promise<void> {
    const shared = await addTargets(world, ours);
    for (const operation of operations) {
      const mayDestroy = operation.method !== 'GET' && operation.path.includes('{id}');
      const targets = mayDestroy ? await addTargets(world, ours) : shared;
      const { status, json } = await callOperation(world, operation, { ...(await who()), targets });
      assert.ok(status < 500, `${operation.name} answered ${status}: ${json.detail}`);
      check(operation, status, json.code);
    }
  }
  const isLetIn = (status: number, code: string): boolean => status !== 403 && code !== 'unauthenticated';

  test('nobody gets in where it is not open to all, nor does a revoked or an expired token', async () => {
    const [revoked, expired] = [
      await addTestToken(world, ours, { isRevoked: true }),
      await addTestToken(world, ours, { isExpired: true }),
    ];
    for (const as of [null, revoked, expired]) {
      await eachOperation(
        async () => ({ as }),
        ({ name, access }, status, code) => {
          assert.equal(code !== 'unauthenticated', access.for === 'all', `${name}: ${status} ${code}`);
        },
      );
    }
  });

  for (const role of ALL_ROLES) {
    test(`a signed-in ${role} may do what the role allows, and nothing of the platform's`, async () => {
      await eachOperation(
        async () => ({ as: await world.addPerson(ours, role, {}) }),
        ({ name, access }, status, code) => {
          const may = access.for !== 'platform' && (access.for !== 'tenant' || hasRole(role, access.role));
          // Within one's own tenant: that one may not remove others is the route's own rule.
          const isOwnRule = name === 'DELETE /members/{id}' && !hasRole(role, 'admin');
          assert.equal(isLetIn(status, code), may && !isOwnRule, `${name} as ${role}: ${status} ${code}`);
        },
      );
    });
  }

  for (const scope of SCOPES) {
    test(`a token with the scope ${scope} alone may do what the scope allows`, async () => {
      const as = await addTestToken(world, ours, { scopes: [scope] });
      await eachOperation(
        async () => ({ as }),
        ({ name, access }, status, code) => {
          const may = access.for === 'all' || (access.for === 'tenant' && hasScope([scope], access.scope));
          // A token hands on no scope that it has not.
          const isOwnRule = name === 'POST /tokens' && scope === 'admin';
          assert.equal(isLetIn(status, code), may && !isOwnRule, `${name} with ${scope}: ${status} ${code}`);
        },
      );
    });
  }

  test("another tenant's owner finds nothing, by id or by naming the tenant", async () => {
    await eachOperation(
      async () => ({ as: await world.addPerson(theirs, 'owner', {}) }),
      ({ name, access, path }, status, code) => {
        if (access.for === 'tenant' && path.includes('{id}')) {
          assert.ok(code === 'store_not_found' || code === 'not_found', `${name}: ${status} ${code}`);
        }
      },
    );
    await eachOperation(
      async () => ({ as: await world.addPerson(theirs, 'owner', {}), headers: { 'souk-tenant': ours.id } }),
      ({ name, access }, status, code) => {
        if (access.for === 'tenant') {
          assert.equal(code, 'tenant_not_found', `${name}: ${status}`);
        }
      },
    );
  });

  test('a token of a person ends with their membership and does no more than their role', async () => {
    const ann = await world.addPerson(ours, 'viewer', {});
    const as = await addTestToken(world, ours, { personId: ann.id });
    const create = () => world.call(as, 'POST', '/api/v1/stores', { name: 'by-ann', engine: 'test-shop' });
    assert.equal((await create()).json.code, 'forbidden');
    assert.equal((await world.call(as, 'GET', '/api/v1/stores')).status, 200);
    assert.equal((await world.call(ours, 'DELETE', `/api/v1/members/${ann.id}`)).status, 204);
    assert.equal((await world.call(as, 'GET', '/api/v1/stores')).json.code, 'unauthenticated');
  });

  test('platform operations are for platform admins, and for their tokens with the scope admin', async () => {
    const admin = async () => {
      const person = await world.addPerson(theirs, 'viewer', {});
      await sql`update people set is_platform_admin = true where id = ${person.id}`.execute(world.db);
      return person;
    };
    const readOnly = await addTestToken(world, theirs, { isPlatform: true, scopes: ['stores:read'] });
    for (const operation of operations.filter(({ access }) => access.for === 'platform')) {
      const targets = await addTargets(world, await world.addTenant());
      const answer = await callOperation(world, operation, { as: await admin(), targets });
      assert.ok(isLetIn(answer.status, answer.json.code), `${operation.name}: ${answer.text}`);
      const refused = await callOperation(world, operation, { as: readOnly, targets });
      assert.equal(refused.json.code, 'forbidden', operation.name);
    }
  });

  test('who is in several tenants says which; each then has the role held there', async () => {
    const ann = await world.addPerson(ours, 'owner', {});
    await sql`insert into members (tenant_id, person_id, role) values (${theirs.id}, ${ann.id}, 'viewer')`.execute(
      world.db,
    );
    assert.equal((await world.call(ann, 'GET', '/api/v1/stores')).json.code, 'tenant_needed');
    const create = (tenant: string) =>
      world.call(
        ann,
        'POST',
        '/api/v1/stores',
        { name: `x${Date.now()}`, engine: 'test-shop' },
        { 'souk-tenant': tenant },
      );
    assert.equal((await create(ours.id)).status, 201);
    assert.equal((await create(theirs.id)).json.code, 'forbidden');
  });
});
