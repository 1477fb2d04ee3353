import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { openDatabase } from '../db/database.ts';
import { waitUntil } from '../db/wait-until.ts';
import { createEventHub, type EventHub } from '../events/event-hub.ts';
import type { StoreReader } from '../kube/kube.ts';
import { silentLog } from '../log.ts';
import { createSecondApp, createTestApp, type TestApp, type TestPerson, type TestTenant } from './test-app.ts';
import { addTestToken } from './test-operations.ts';

// Seconds on a quiet machine.
const PATIENCE = { timeout: 300_000 };

describe('two API processes on one database', () => {
  let world: TestApp;
  let second: FastifyInstance;
  let close: () => Promise<void>;
  let urls: readonly string[];
  // Eight connections, four to each process.
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  before(async () => {
    world = await createTestApp({ tokenRequestsPerMinute: 0 });
    const database = openDatabase({
      url: world.database.url,
      maxConnections: 10,
      connectPatienceMs: 60_000,
      log: silentLog(),
    });
    close = () => database.close();
    second = await createSecondApp(world, { db: database.db });
    urls = [
      await world.app.listen({ host: '127.0.0.1', port: 0 }),
      await second.listen({ host: '127.0.0.1', port: 0 }),
    ];
  });
  after(async () => {
    agent.destroy();
    await second.close();
    await close();
    await world.close();
  });

  function post(index: number, tenant: TestTenant, body: object): Promise<{ status: number; code: string }> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' };
      const call = request(`${urls[index % 2]}/api/v1/stores`, { agent, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code ?? '' }));
      });
      call.on('error', reject);
      call.end(JSON.stringify(body));
    });
  }

  test('of a thousand concurrent creates against a quota of five, exactly five are accepted', PATIENCE, async () => {
    const tenant = await world.addTenant({ maxStores: 5 });
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => post(index, tenant, { name: `quota-${index}`, engine: 'test-shop' })),
    );
    const accepted = answers.filter(({ status }) => status === 201).length;
    const refused = answers.filter(({ status, code }) => status === 429 && code === 'quota_exceeded').length;
    assert.deepEqual([accepted, refused], [5, 995]);
    const { rows } = await sql`select from stores where tenant_id = ${tenant.id}`.execute(world.db);
    assert.equal(rows.length, 5);
  });

  test('of a thousand creates of one name, exactly one wins', PATIENCE, async () => {
    const tenants = await Promise.all(Array.from({ length: 4 }, () => world.addTenant({ maxStores: 2_000 })));
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        post(index, tenants[index % 4] ?? { id: '', token: '' }, { name: 'wanted', engine: 'test-shop' }),
      ),
    );
    const won = answers.filter(({ status }) => status === 201).length;
    const taken = answers.filter(({ code }) => code === 'name_taken').length;
    assert.deepEqual([won, taken], [1, 999]);
  });

  test('a session begun at one counts at the other, and ends at both', async () => {
    const tenant = await world.addTenant();
    const ann = await world.addPerson(tenant, 'owner', { email: 'ann@example.com', password: 'correct horse battery' });
    const { token } = await world.signIn('ann@example.com', 'correct horse battery');
    const headers = { authorization: `Bearer ${token}` };
    const there = () => second.inject({ method: 'GET', url: '/api/v1/stores', headers });
    assert.equal((await there()).statusCode, 200);
    assert.equal((await world.call({ id: ann.id, token }, 'DELETE', '/api/v1/session')).status, 204);
    assert.equal((await there()).statusCode, 401);
  });

  describe('what is open at one of them ends within a second of what is done at the other', () => {
    let hub: EventHub;
    let third: FastifyInstance;
    let url: string;
    let store: string;
    let tenant: TestTenant;
    let owner: TestTenant;
    let admin: TestTenant;
    before(async () => {
      hub = createEventHub({ db: world.db, databaseUrl: world.database.url, log: silentLog() });
      await hub.start();
      const reader: StoreReader = {
        readSecret: async () => null,
        readLogs: async (_ref, _options, signal) =>
          (async function* () {
            yield 'a line\n';
            await new Promise((resolve) => signal?.addEventListener('abort', resolve));
          })(),
      };
      third = await createSecondApp(world, { hub, reader });
      url = await third.listen({ host: '127.0.0.1', port: 0 });
      tenant = await world.addTenant();
      admin = await addTestToken(world, await world.addTenant(), { isPlatform: true });
      owner = await world.addPerson(tenant, 'owner', {});
      const body = { name: 'listened-to', engine: 'test-shop' };
      store = (await world.call(owner, 'POST', '/api/v1/stores', body)).json.store.id;
    });
    after(async () => {
      await hub.stop();
      await third.close();
    });

    const PATHS = (): readonly string[] => ['/events', `/stores/${store}/logs?pod=web-0&follow=true`];

    async function open(as: TestTenant): Promise<{ hasEnded: boolean }[]> {
      return await Promise.all(
        PATHS().map(async (path) => {
          const answer = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${as.token}` } });
          assert.equal(answer.status, 200);
          const stream = { hasEnded: false };
          answer.text().then(
            () => Object.assign(stream, { hasEnded: true }),
            () => Object.assign(stream, { hasEnded: true }),
          );
          return stream;
        }),
      );
    }

    const ends: Readonly<Record<string, (who: TestPerson, token: TestTenant) => Promise<number>>> = {
      'a session that is signed out': async (who) => (await world.call(who, 'DELETE', '/api/v1/session')).status,
      'a token that is revoked': async (_, { id }) =>
        (await world.call(owner, 'DELETE', `/api/v1/tokens/${id}`)).status,
      'a person who is disabled': async ({ id }) =>
        (await world.call(admin, 'PATCH', `/api/v1/admin/people/${id}`, { isDisabled: true })).status,
      'a member who is removed': async ({ id }) => (await world.call(owner, 'DELETE', `/api/v1/members/${id}`)).status,
    };
    for (const [what, end] of Object.entries(ends)) {
      test(what, async () => {
        const who = await world.addPerson(tenant, 'member', {});
        const token = await addTestToken(world, tenant, { personId: who.id });
        const [mine, other] = what.startsWith('a token') ? [token, who] : [who, owner];
        const [ending, staying] = [await open(mine), await open(other)];
        const startedAt = performance.now();
        const status = await end(who, token);
        assert.ok(status < 300, `answered ${status}`);
        await waitUntil('both have ended', () => ending.every(({ hasEnded }) => hasEnded));
        assert.ok(performance.now() - startedAt < 1_000, `after ${performance.now() - startedAt} ms`);
        assert.deepEqual(staying, [{ hasEnded: false }, { hasEnded: false }], "others' go on");
      });
    }
  });

  test('rate limits are counted together', async () => {
    const limited = await createTestApp({ tokenRequestsPerMinute: 10, signInsPerMinute: 4 });
    const twin = await createSecondApp(limited);
    const tenant = await limited.addTenant();
    const codes: number[] = [];
    for (let count = 0; count < 12; count += 1) {
      const app = count % 2 === 0 ? limited.app : twin;
      const headers = { authorization: `Bearer ${tenant.token}` };
      codes.push((await app.inject({ method: 'GET', url: '/api/v1/plans', headers })).statusCode);
    }
    assert.deepEqual(codes, [...Array.from({ length: 10 }, () => 200), 429, 429]);
    const attempts: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      const app = count % 2 === 0 ? limited.app : twin;
      const payload = { email: `n${count}@example.com`, password: 'x' };
      attempts.push((await app.inject({ method: 'POST', url: '/api/v1/session', payload })).statusCode);
    }
    assert.deepEqual(attempts, [401, 401, 401, 401, 429, 429]);
    await twin.close();
    await limited.close();
  });
});
