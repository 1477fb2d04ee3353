import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sessionStateSchema } from '@souk/contract';
import { sql } from 'kysely';
import { createSecondApp, createTestApp, type TestAnswer, type TestApp, type TestTenant } from '../../http/test-app.ts';
import { hashSecret, newSecret } from '../../tenants/secrets.ts';
import { ownPath } from './provider-service.ts';
import {
  CALLBACK,
  type Lie,
  passRealProvider,
  startLyingProvider,
  startRealProvider,
  type TestProvider,
} from './test-providers.ts';

const START = '/auth/oidc/test/start';
const cookieOf = (answer: TestAnswer, name: string): string =>
  [answer.headers['set-cookie']]
    .flat()
    .map((cookie) => String(cookie).split(';')[0] ?? '')
    .find((cookie) => cookie.startsWith(`${name}=`)) ?? '';

async function start(world: TestApp, query = '', headers: Record<string, string> = {}) {
  const answer = await world.call(null, 'GET', `${START}${query}`, undefined, headers);
  assert.equal(answer.status, 302, answer.text);
  return { url: new URL(String(answer.headers.location)), cookie: cookieOf(answer, 'souk_sign_in') };
}

function comeBack(world: TestApp, url: URL, cookie: string) {
  return world.call(null, 'GET', `${url.pathname}${url.search}`, undefined, { cookie });
}

async function stateOf(world: TestApp, answer: TestAnswer) {
  const cookie = cookieOf(answer, 'souk_session');
  return sessionStateSchema.parse((await world.call(null, 'GET', '/api/v1/session', undefined, { cookie })).json);
}

describe('signing in by a real provider', () => {
  let provider: TestProvider;
  let world: TestApp;
  let tenant: TestTenant;
  before(async () => {
    provider = await startRealProvider();
    world = await createTestApp({ providers: [provider.config], signUpDomains: ['open.example'] });
    tenant = await world.addTenant();
  });
  after(async () => {
    await world.close();
    await provider.close();
  });

  const invite = (email: string) =>
    sql`insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
      values (${`inv_${newSecret()
        .toLowerCase()
        .replace(/[^a-z0-9]/g, '0')
        .slice(0, 10)}`}, ${tenant.id}, ${email}, 'member',
        ${hashSecret(newSecret())}, 'test', now() + interval '1 day')`.execute(world.db);

  test('who is invited comes in, as a member, to where the sign-in began', async () => {
    await invite('ann@example.com');
    const { url, cookie } = await start(world, '?returnTo=/stores?phase=ready');
    assert.equal(url.searchParams.get('redirect_uri'), CALLBACK);
    assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
    const back = await passRealProvider(url.href, 'ann');
    const answer = await comeBack(world, back, cookie);
    assert.deepEqual([answer.status, answer.headers.location], [302, '/stores?phase=ready']);
    const state = await stateOf(world, answer);
    assert.deepEqual(
      [state.person?.email, state.person?.name, state.tenants.map(({ id, role }) => [id, role])],
      ['ann@example.com', 'The ann', [[tenant.id, 'member']]],
    );
    // Again: known by the provider's subject now, though the address here has changed.
    await sql`update people set email = 'ann@elsewhere.example' where email = 'ann@example.com'`.execute(world.db);
    const again = await start(world);
    const second = await comeBack(world, await passRealProvider(again.url.href, 'ann'), again.cookie);
    assert.equal((await stateOf(world, second)).person?.id, state.person?.id);
  });

  test('the same code and state come in once', async () => {
    await invite('rita@example.com');
    const { url, cookie } = await start(world);
    const back = await passRealProvider(url.href, 'rita');
    assert.equal((await comeBack(world, back, cookie)).headers.location, '/');
    assert.equal((await comeBack(world, back, cookie)).headers.location, '/sign-in?error=expired');
    // With a fresh state the used code is refused by the provider.
    const fresh = await start(world);
    back.searchParams.set('state', fresh.url.searchParams.get('state') ?? '');
    assert.match(String((await comeBack(world, back, fresh.cookie)).headers.location), /error=invalid/);
  });

  test('a wrong, an old and another browser’s state are refused', async () => {
    await invite('sam@example.com');
    const { url, cookie } = await start(world);
    const back = await passRealProvider(url.href, 'sam');
    const wrong = new URL(back);
    wrong.searchParams.set('state', newSecret());
    assert.match(String((await comeBack(world, wrong, cookie)).headers.location), /error=expired/);
    const stolen = await start(world);
    const theirs = await passRealProvider(stolen.url.href, 'sam');
    assert.match(String((await comeBack(world, theirs, cookie)).headers.location), /error=expired/);
    await sql`update provider_sign_ins set expires_at = now() - interval '1 second'`.execute(world.db);
    const late = await comeBack(world, back, cookie);
    assert.match(String(late.headers.location), /error=expired/);
    assert.equal(cookieOf(late, 'souk_session'), '');
  });

  test('who is neither known nor invited stays out, and so does an address that is not verified', async () => {
    const { url, cookie } = await start(world);
    const uninvited = await comeBack(world, await passRealProvider(url.href, 'stranger'), cookie);
    assert.match(String(uninvited.headers.location), /error=not_invited/);
    await invite('unverified@example.com');
    const other = await start(world);
    const unverified = await comeBack(world, await passRealProvider(other.url.href, 'unverified'), other.cookie);
    assert.match(String(unverified.headers.location), /error=unverified/);
    const { rows } =
      await sql`select from people where email in ('stranger@example.com', 'unverified@example.com')`.execute(world.db);
    assert.equal(rows.length, 0);
  });

  test('a sign-in begun at one API process ends at another', async () => {
    await invite('two@example.com');
    const second = await createSecondApp(world, { providers: [provider.config] });
    const { url, cookie } = await start(world);
    const back = await passRealProvider(url.href, 'two');
    const answer = await second.inject({ method: 'GET', url: `${back.pathname}${back.search}`, headers: { cookie } });
    assert.deepEqual([answer.statusCode, answer.headers.location], [302, '/']);
    await second.close();
  });

  test('the code is sent to our configured address, whatever host the request names, and returnTo stays here', async () => {
    const { url } = await start(world, '?returnTo=https://evil.example/', {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
    });
    assert.equal(url.searchParams.get('redirect_uri'), CALLBACK);
    const { rows } = await sql<{ to: string }>`
      select return_to as to from provider_sign_ins order by created_at desc limit 1`.execute(world.db);
    assert.equal(rows[0]?.to, '/');
    url.searchParams.set('redirect_uri', 'https://evil.example/callback');
    assert.equal((await fetch(url, { redirect: 'manual' })).status, 400);
    for (const path of ['//evil.example', '/\\evil.example', 'javascript:alert(1)', '/a\nb', '', '/\u202e']) {
      assert.equal(ownPath(path), '/', path);
    }
    assert.equal(ownPath('/stores/sto_1?x=1#y'), '/stores/sto_1?x=1#y');
  });

  test('of a thousand and more open sign-ins the oldest make room', async () => {
    await sql`
      insert into provider_sign_ins (state_hash, provider, browser_hash, nonce, code_verifier, return_to, created_at, expires_at)
      select sha256(n::text::bytea), 'test', sha256('x'), 'n', 'v', '/', now() - n * interval '1 ms', now() + interval '10 minutes'
      from generate_series(1, 1200) n`.execute(world.db);
    await Promise.all([start(world), start(world)]);
    const { rows } = await sql<{ count: number; newest: number }>`
      select count(*) as count, count(*) filter (where nonce <> 'n') as newest from provider_sign_ins`.execute(
      world.db,
    );
    assert.equal(rows[0]?.count, 1_000);
    assert.ok((rows[0]?.newest ?? 0) >= 2);
  });
});

describe('a provider that lies', () => {
  let lie: Lie = {};
  let provider: TestProvider;
  let world: TestApp;
  before(async () => {
    provider = await startLyingProvider(() => lie);
    world = await createTestApp({ providers: [provider.config], signUpDomains: ['example.com'] });
  });
  after(async () => {
    await world.close();
    await provider.close();
  });

  async function signIn(told: Lie): Promise<TestAnswer> {
    lie = told;
    const { url, cookie } = await start(world);
    const back = new URL(CALLBACK);
    back.searchParams.set('state', url.searchParams.get('state') ?? '');
    back.searchParams.set('code', url.searchParams.get('nonce') ?? '');
    return await comeBack(world, back, cookie);
  }

  test('is believed when it tells the truth, and who may sign up gets a tenant of their own', async () => {
    const answer = await signIn({});
    assert.equal(answer.headers.location, '/');
    const state = await stateOf(world, answer);
    assert.deepEqual([state.person?.email, state.tenants.map(({ role }) => role)], ['mallory@example.com', ['owner']]);
  });

  const hourAgo = Math.floor(Date.now() / 1000) - 3_600;
  const lies: Readonly<Record<string, Lie>> = {
    'a wrong nonce': { claims: { nonce: 'another' } },
    'no nonce': { claims: { nonce: undefined } },
    'a wrong audience': { claims: { aud: 'somebody-else' } },
    'a wrong issuer': { claims: { iss: 'https://accounts.google.com' } },
    'an expired token': { claims: { iat: hourAgo - 300, exp: hourAgo } },
    'the algorithm none': { algorithm: 'none' },
    'an algorithm that was not agreed on': { algorithm: 'HS256' },
    'a signature by another key': { algorithm: 'foreign key' },
    'a code that it does not know': { tokenError: 'invalid_grant' },
  };
  for (const [name, told] of Object.entries(lies)) {
    test(`is refused with ${name}, and the audit log says so`, async () => {
      const answer = await signIn(told);
      assert.equal(answer.headers.location, '/sign-in?error=invalid');
      assert.equal(cookieOf(answer, 'souk_session'), '');
      const { rows } = await sql<{ outcome: string; code: string }>`
        select outcome, code from audit_entries order by cursor desc limit 1`.execute(world.db);
      assert.deepEqual(rows[0], { outcome: 'refused', code: 'invalid' });
    });
  }

  test('a person who says no there is told so here', async () => {
    const { url, cookie } = await start(world);
    const back = new URL(CALLBACK);
    back.searchParams.set('state', url.searchParams.get('state') ?? '');
    back.searchParams.set('error', 'access_denied');
    assert.match(String((await comeBack(world, back, cookie)).headers.location), /error=refused/);
  });

  test('a provider that is away is told by the sign-in page, and an unknown one is 404', async () => {
    const away = await createTestApp({ providers: [{ ...provider.config, issuer: 'http://127.0.0.1:9' }] });
    const answer = await away.call(null, 'GET', `${START}?returnTo=/stores`);
    assert.equal(answer.headers.location, '/sign-in?error=unavailable&returnTo=%2Fstores');
    assert.equal((await away.call(null, 'GET', '/auth/oidc/other/start')).json.code, 'not_found');
    await away.close();
  });
});
