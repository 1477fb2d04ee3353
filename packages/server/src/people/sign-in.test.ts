import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sessionListSchema, sessionStateSchema, signInLinkSchema } from '@souk/contract';
import { sql } from 'kysely';
import { inTransaction } from '../db/database.ts';
import { waitUntil } from '../db/wait-until.ts';
import { createTestApp, type TestApp, type TestTenant } from '../http/test-app.ts';
import { hashPassword } from './password-hash.ts';
import { setPassword } from './person-queries.ts';
import { createSessionTokens } from './session-token.ts';

const OWN = { origin: 'http://localhost:8080' };
const PASSWORD = 'correct horse battery';

describe('signing in', () => {
  let world: TestApp;
  let tenant: TestTenant;
  before(async () => {
    world = await createTestApp();
    tenant = await world.addTenant();
    await sql`update tokens set is_platform = true where tenant_id = ${tenant.id}`.execute(world.db);
  });
  after(() => world.close());

  const makeLink = async (email?: string) => {
    const answer = await world.call(tenant, 'POST', '/api/v1/admin/sign-in-links', { email });
    assert.equal(answer.status, 201, answer.text);
    return signInLinkSchema.parse(answer.json);
  };
  const tokenIn = (url: string): string => /#(?:link|token)=(.+)$/.exec(url)?.[1] ?? '';

  test('a one-time link makes the first platform admin, owner of the first tenant, and works once', async () => {
    const link = await makeLink();
    assert.match(link.url, /^http:\/\/localhost:8080\/sign-in#link=/);
    const body = { linkToken: tokenIn(link.url) };
    const first = await world.call(null, 'POST', '/api/v1/session', body, OWN);
    assert.equal(first.status, 201, first.text);
    const state = sessionStateSchema.parse(first.json);
    assert.equal(state.person?.email, 'admin@souk.localhost');
    assert.equal(state.person?.isPlatformAdmin, true);
    assert.deepEqual(
      state.tenants.map(({ id, role }) => ({ id, role })),
      [{ id: tenant.id, role: 'owner' }],
    );
    assert.equal((await world.call(null, 'POST', '/api/v1/session', body, OWN)).json.code, 'link_expired');
  });

  test('of many clicks on one link exactly one gets in', async () => {
    const body = { linkToken: tokenIn((await makeLink()).url) };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => world.call(null, 'POST', '/api/v1/session', body, OWN)),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  });

  test('a link that is too old is refused, and a new one makes the earlier void', async () => {
    const early = await makeLink();
    const late = await makeLink();
    await sql`update sign_in_links set expires_at = now() - interval '1 second'`.execute(world.db);
    for (const { url } of [early, late]) {
      const { json } = await world.call(null, 'POST', '/api/v1/session', { linkToken: tokenIn(url) }, OWN);
      assert.equal(json.code, 'link_expired');
    }
  });

  test('a link is no way into the account of somebody who is no platform admin', async () => {
    await world.addPerson(tenant, 'viewer', { email: 'plain@example.com' });
    const { json } = await world.call(tenant, 'POST', '/api/v1/admin/sign-in-links', { email: 'plain@example.com' });
    assert.equal(json.code, 'forbidden');
  });

  test('the cookie signs in, is out of reach of scripts, and its JWT works as a bearer token too', async () => {
    await world.addPerson(tenant, 'owner', { email: 'ann@example.com', password: PASSWORD });
    const answer = await world.call(
      null,
      'POST',
      '/api/v1/session',
      { email: 'Ann@Example.com', password: PASSWORD },
      OWN,
    );
    assert.equal(answer.status, 201, answer.text);
    const cookie = String(answer.headers['set-cookie']);
    assert.match(cookie, /^souk_session=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Expires=/);
    const jwt = cookie.slice('souk_session='.length).split(';')[0] ?? '';
    const byCookie = await world.call(null, 'GET', '/api/v1/stores', undefined, { cookie: `a=b; souk_session=${jwt}` });
    const byBearer = await world.call(null, 'GET', '/api/v1/stores', undefined, { authorization: `Bearer ${jwt}` });
    assert.deepEqual([byCookie.status, byBearer.status], [200, 200]);
  });

  test('behind https the cookie is Secure and bound to the host', async () => {
    const production = await createTestApp({
      profile: 'production',
      address: { scheme: 'https', baseDomain: 'souk.example', port: 443 },
      platformUrl: 'https://souk.example',
    });
    const somewhere = await production.addTenant();
    await production.addPerson(somewhere, 'owner', { email: 'ann@example.com', password: PASSWORD });
    const body = { email: 'ann@example.com', password: PASSWORD };
    const { headers } = await production.call(null, 'POST', '/api/v1/session', body, {
      origin: 'https://souk.example',
    });
    assert.match(String(headers['set-cookie']), /^__Host-souk_session=.+; Secure;/);
    await production.close();
  });

  test('a wrong password, an unknown address and a disabled person are refused alike', async () => {
    const ann = await world.addPerson(tenant, 'owner', { email: 'dis@example.com', password: PASSWORD });
    await sql`update people set disabled_at = now() where id = ${ann.id}`.execute(world.db);
    const details = new Set<string>();
    for (const body of [
      { email: 'ann@example.com', password: 'wrong' },
      { email: 'nobody@example.com', password: PASSWORD },
      { email: 'dis@example.com', password: PASSWORD },
      { email: 'plain@example.com', password: PASSWORD },
    ]) {
      const { status, json } = await world.call(null, 'POST', '/api/v1/session', body, OWN);
      assert.equal(status, 401);
      details.add(`${json.code} ${json.detail}`);
    }
    assert.equal(details.size, 1);
  });

  test('a password that is changed while the old one is being checked lets nobody in with the old one', async () => {
    const { id } = await world.addPerson(tenant, 'member', { email: 'race@example.com', password: PASSWORD });
    const hash = await hashPassword('another password');
    const { signingIn } = await inTransaction(world.db, async (tx) => {
      await setPassword(tx, id, hash);
      const answer = world.signIn('race@example.com', PASSWORD);
      await waitUntil('the sign-in waits for the change', async () => {
        const { rows } = await sql`
          select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
          world.db,
        );
        return rows.length > 0;
      });
      // Not itself: a promise that is answered would be awaited before the transaction ends.
      return { signingIn: answer };
    });
    assert.equal((await signingIn).status, 401);
    assert.equal((await world.signIn('race@example.com', 'another password')).status, 201);
  });

  test('signing in makes a session of its own, whatever cookie the browser brought', async () => {
    const email = 'fixed@example.com';
    const planted = await world.addPerson(tenant, 'member', { email, password: PASSWORD });
    const headers = { ...OWN, cookie: `souk_session=${planted.token}` };
    const answer = await world.call(null, 'POST', '/api/v1/session', { email, password: PASSWORD }, headers);
    const { sessionId } = sessionStateSchema.parse(answer.json);
    assert.notEqual(sessionId, planted.sessionId);
    assert.match(String(answer.headers['set-cookie']), /^souk_session=/);
    assert.ok(!String(answer.headers['set-cookie']).includes(planted.token));
  });

  test('nobody is told to be nobody, with the ways to sign in', async () => {
    const state = sessionStateSchema.parse((await world.call(null, 'GET', '/api/v1/session')).json);
    assert.deepEqual([state.via, state.person, state.tenants], [null, null, []]);
  });

  test('writes with a cookie come from our own pages only; with a token from anywhere', async () => {
    const ann = await world.addPerson(tenant, 'member', {});
    const create = (headers: Record<string, string>) =>
      world.call(
        null,
        'POST',
        '/api/v1/stores',
        { name: `s${Math.random().toString(36).slice(2)}`, engine: 'test-shop' },
        headers,
      );
    const cookie = `souk_session=${ann.token}`;
    for (const origin of ['https://evil.example', 'http://acme.souk.localhost:8080', 'null', 'http://localhost:8081']) {
      assert.equal((await create({ cookie, origin })).json.code, 'foreign_origin', origin);
    }
    assert.equal((await create({ cookie })).json.code, 'foreign_origin');
    for (const origin of [
      'http://localhost:8080',
      'http://souk.localhost:8080',
      'http://dashboard.souk.localhost:8080',
    ]) {
      assert.equal((await create({ cookie, origin })).status, 201, origin);
    }
    assert.equal((await create({ authorization: `Bearer ${ann.token}`, origin: 'https://evil.example' })).status, 201);
    const signIn = await world.call(
      null,
      'POST',
      '/api/v1/session',
      { linkToken: 'x'.repeat(32) },
      { origin: 'https://evil.example' },
    );
    assert.equal(signIn.json.code, 'foreign_origin');
  });

  test('signing out ends the session, also for who kept a copy of its token', async () => {
    const ann = await world.addPerson(tenant, 'member', {});
    const out = await world.call(ann, 'DELETE', '/api/v1/session');
    assert.equal(out.status, 204);
    assert.match(String(out.headers['set-cookie']), /^souk_session=;.*Max-Age=0/);
    assert.equal((await world.call(ann, 'GET', '/api/v1/stores')).json.code, 'unauthenticated');
  });

  test('sessions are listed and ended one by one, or all but this one', async () => {
    const email = 'many@example.com';
    const first = await world.addPerson(tenant, 'member', { email, password: PASSWORD });
    const [second, third] = [await world.signIn(email, PASSWORD), await world.signIn(email, PASSWORD)];
    const { items } = sessionListSchema.parse((await world.call(second, 'GET', '/api/v1/sessions')).json);
    assert.equal(items.length, 3);
    assert.deepEqual(
      items.filter(({ isCurrent }) => isCurrent).map(({ id }) => id),
      [second.sessionId],
    );
    assert.equal((await world.call(second, 'DELETE', `/api/v1/sessions/${third.sessionId}`)).status, 204);
    assert.equal((await world.call(third, 'GET', '/api/v1/stores')).status, 401);
    const stranger = await world.addPerson(tenant, 'owner', {});
    assert.equal((await world.call(stranger, 'DELETE', `/api/v1/sessions/${second.sessionId}`)).status, 404);
    assert.equal((await world.call(second, 'DELETE', '/api/v1/sessions')).status, 204);
    assert.equal((await world.call(first, 'GET', '/api/v1/stores')).status, 401);
    assert.equal((await world.call(second, 'GET', '/api/v1/stores')).status, 200);
  });

  test('a changed password needs the old one and ends the other sessions', async () => {
    const email = 'change@example.com';
    await world.addPerson(tenant, 'member', { email, password: PASSWORD });
    const [here, there] = [await world.signIn(email, PASSWORD), await world.signIn(email, PASSWORD)];
    const change = (currentPassword: string) =>
      world.call(here, 'POST', '/api/v1/person/password', { currentPassword, newPassword: `${PASSWORD}!` });
    assert.equal((await change('wrong')).json.code, 'sign_in_failed');
    assert.equal((await change(PASSWORD)).status, 204);
    assert.equal((await world.call(here, 'GET', '/api/v1/stores')).status, 200);
    assert.equal((await world.call(there, 'GET', '/api/v1/stores')).status, 401);
    assert.equal((await world.signIn(email, `${PASSWORD}!`)).status, 201);
  });

  test('sign-ins are limited by address, and for one e-mail address from whatever address', async () => {
    const limited = await createTestApp({ signInsPerMinute: 3 });
    const attempt = (address: string, email: string) =>
      limited.call(null, 'POST', '/api/v1/session', { email, password: 'x' }, { ...OWN, 'x-forwarded-for': address });
    const codes: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      codes.push((await attempt('10.0.0.1', `a${count}@example.com`)).status);
    }
    assert.deepEqual(codes, [401, 401, 401, 429]);
    for (let count = 2; count < 5; count += 1) {
      await attempt(`10.0.0.${count}`, 'victim@example.com');
    }
    const refused = await attempt('10.0.0.9', 'victim@example.com');
    assert.equal(refused.json.code, 'rate_limited');
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    await limited.close();
  });
});

describe("a session's token", () => {
  const tokens = createSessionTokens('a'.repeat(40), 'http://one');
  const later = new Date(Date.now() + 60_000);
  const session = { sessionId: 'ses_aaaaaaaaaa', personId: 'per_aaaaaaaaaa' };
  const good = tokens.issue({ ...session, expiresAt: later });
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('is read by who has the secret and the address it was made for', () => {
    assert.deepEqual(tokens.read(good), session);
    assert.equal(createSessionTokens('b'.repeat(40), 'http://one').read(good), null);
    assert.equal(createSessionTokens('a'.repeat(40), 'http://two').read(good), null);
  });

  test('is refused when it is old, changed, unsigned or of another algorithm', () => {
    const [header = '', payload = '', signature = ''] = good.split('.');
    const none = encode({ alg: 'none', typ: 'JWT' });
    const other = encode({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'per_bbbbbbbbbb' });
    const bad = [
      tokens.issue({ ...session, expiresAt: new Date(Date.now() - 1_000) }),
      `${header}.${other}.${signature}`,
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${encode({ alg: 'HS512', typ: 'JWT' })}.${payload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${good}.x`,
      '',
    ];
    assert.deepEqual(
      bad.map((token) => tokens.read(token)),
      bad.map(() => null),
    );
  });
});
