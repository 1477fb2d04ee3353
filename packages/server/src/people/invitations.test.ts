import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  createdInvitationSchema,
  createdTokenSchema,
  invitationPreviewSchema,
  memberListSchema,
  sessionStateSchema,
} from '@souk/contract';
import { sql } from 'kysely';
import { createTestApp, type TestApp, type TestPerson, type TestTenant } from '../http/test-app.ts';

const OWN = { origin: 'http://localhost:8080' };
const PASSWORD = 'correct horse battery';

describe('members and invitations', () => {
  let world: TestApp;
  let tenant: TestTenant;
  let owner: TestPerson;
  before(async () => {
    world = await createTestApp();
    tenant = await world.addTenant();
    owner = await world.addPerson(tenant, 'owner', {});
  });
  after(() => world.close());

  const invite = async (email: string, role = 'member', as: TestTenant = owner) => {
    const answer = await world.call(as, 'POST', '/api/v1/invitations', { email, role });
    assert.equal(answer.status, 201, answer.text);
    const created = createdInvitationSchema.parse(answer.json);
    return { ...created, token: /#token=(.+)$/.exec(created.url)?.[1] ?? '' };
  };
  const accept = (body: object, as: TestTenant | null = null) =>
    world.call(as, 'POST', '/api/v1/invitations/accept', body, as === null ? OWN : {});
  const preview = async (token: string, as: TestTenant | null = null) =>
    invitationPreviewSchema.parse((await world.call(as, 'POST', '/api/v1/invitations/preview', { token }, OWN)).json);

  test('an invitation makes an account with its password and lets it in, once', async () => {
    const { token, url } = await invite('new@example.com');
    assert.match(url, /^http:\/\/localhost:8080\/invitation#token=/);
    assert.deepEqual((await preview(token)).needs, 'password');
    assert.equal((await accept({ token })).json.errors[0]?.field, 'password');
    const answer = await accept({ token, name: 'New', password: PASSWORD });
    assert.equal(answer.status, 201, answer.text);
    assert.match(String(answer.headers['set-cookie']), /^souk_session=/);
    const state = sessionStateSchema.parse(answer.json);
    assert.deepEqual([state.person?.email, state.tenants[0]?.role], ['new@example.com', 'member']);
    assert.equal((await accept({ token, password: PASSWORD })).json.code, 'link_expired');
    assert.equal((await world.signIn('new@example.com', PASSWORD)).status, 201);
  });

  test('who has an account signs in first; a link alone opens nobody’s account', async () => {
    const other = await world.addTenant();
    const bob = await world.addPerson(other, 'viewer', { email: 'bob@example.com' });
    const { token } = await invite('bob@example.com', 'admin');
    assert.equal((await preview(token)).needs, 'sign-in');
    assert.equal((await accept({ token, password: PASSWORD })).json.code, 'unauthenticated');
    assert.equal((await preview(token, bob)).needs, 'nothing');
    const answer = await accept({ token }, bob);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(sessionStateSchema.parse(answer.json).tenants.length, 2);
  });

  test('of many who use one link at once, one gets in', async () => {
    const { token } = await invite('crowd@example.com');
    const answers = await Promise.all(Array.from({ length: 8 }, () => accept({ token, password: PASSWORD })));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  });

  test('a withdrawn, replaced or old invitation is void', async () => {
    const first = await invite('void@example.com');
    const second = await invite('void@example.com');
    assert.equal((await accept({ token: first.token, password: PASSWORD })).json.code, 'link_expired');
    assert.equal((await world.call(owner, 'DELETE', `/api/v1/invitations/${second.invitation.id}`)).status, 204);
    assert.equal((await accept({ token: second.token, password: PASSWORD })).json.code, 'link_expired');
    const third = await invite('void@example.com');
    await sql`update invitations set expires_at = now() - interval '1 second' where id = ${third.invitation.id}`.execute(
      world.db,
    );
    assert.equal((await accept({ token: third.token, password: PASSWORD })).json.code, 'link_expired');
  });

  test('only owners make owners, and the last one stays', async () => {
    const admin = await world.addPerson(tenant, 'admin', {});
    const refused = await world.call(admin, 'POST', '/api/v1/invitations', { email: 'x@example.com', role: 'owner' });
    assert.equal(refused.json.code, 'forbidden');
    const change = (as: TestTenant, id: string, role: string) =>
      world.call(as, 'PATCH', `/api/v1/members/${id}`, { role });
    assert.equal((await change(admin, owner.id, 'viewer')).json.code, 'forbidden');
    assert.equal((await change(owner, owner.id, 'viewer')).json.code, 'last_owner');
    assert.equal((await world.call(owner, 'DELETE', `/api/v1/members/${owner.id}`)).json.code, 'last_owner');
    assert.equal((await change(owner, admin.id, 'owner')).status, 200);
    // Two owners who leave at once do not both get away.
    const answers = await Promise.all([
      world.call(owner, 'DELETE', `/api/v1/members/${owner.id}`),
      world.call(admin, 'DELETE', `/api/v1/members/${admin.id}`),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 409]);
    const { rows } = await sql`select from members where tenant_id = ${tenant.id} and role = 'owner'`.execute(world.db);
    assert.equal(rows.length, 1);
    await sql`update members set role = 'owner' where tenant_id = ${tenant.id}`.execute(world.db);
    await sql`insert into members values (${tenant.id}, ${owner.id}, 'owner') on conflict do nothing`.execute(world.db);
  });

  test('somebody who is a member already is not invited again', async () => {
    await world.addPerson(tenant, 'viewer', { email: 'here@example.com' });
    const answer = await world.call(owner, 'POST', '/api/v1/invitations', {
      email: 'Here@example.com',
      role: 'viewer',
    });
    assert.equal(answer.json.code, 'already_member');
    const { items } = memberListSchema.parse((await world.call(owner, 'GET', '/api/v1/members')).json);
    assert.ok(items.some(({ email }) => email === 'here@example.com'));
  });

  test('a token is shown once, does what its scopes say, and ends when it is revoked', async () => {
    const member = await world.addPerson(tenant, 'member', {});
    const make = (body: object) => world.call(member, 'POST', '/api/v1/tokens', body);
    assert.equal((await make({ name: 'ci', scopes: ['admin'] })).json.code, 'forbidden');
    const { token, secret } = createdTokenSchema.parse(
      (await make({ name: 'ci', scopes: ['stores:read'], expiresInDays: 1 })).json,
    );
    const as = { id: token.id, token: secret };
    assert.equal((await world.call(as, 'GET', '/api/v1/stores')).status, 200);
    assert.equal(
      (await world.call(as, 'POST', '/api/v1/stores', { name: 'x', engine: 'test-shop' })).json.code,
      'forbidden',
    );
    const list = await world.call(member, 'GET', '/api/v1/tokens');
    assert.ok(!list.text.includes(secret));
    assert.deepEqual(
      list.json.items.map(({ id }) => id),
      [token.id],
    );
    assert.equal((await world.call(member, 'DELETE', `/api/v1/tokens/${token.id}`)).status, 200);
    assert.equal((await world.call(as, 'GET', '/api/v1/stores')).json.code, 'unauthenticated');
    assert.equal((await world.call(member, 'DELETE', `/api/v1/tokens/${tenant.id}`)).json.code, 'not_found');
  });
});
