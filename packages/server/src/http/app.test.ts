import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { engineListSchema, planListSchema, platformHealthSchema, statsSchema } from '@souk/contract';
import { sql } from 'kysely';
import { z } from 'zod';
import { inTransaction } from '../db/database.ts';
import { waitUntil } from '../db/wait-until.ts';
import { formatCursor } from '../events/event-cursor.ts';
import { appendEvent, readPositionNow } from '../events/event-queries.ts';
import { createTestApp, type TestApp, type TestTenant } from './test-app.ts';

const operationSchema = z.object({
  security: z.array(z.unknown()).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const openapiSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.object({ Problem: z.object({ properties: z.record(z.string(), z.unknown()) }) }) }),
});

describe('the platform routes', () => {
  let world: TestApp;
  let tenant: TestTenant;
  let isServing = true;
  before(async () => {
    world = await createTestApp({ isServing: () => isServing });
    tenant = await world.addTenant({ maxStores: 7 });
  });
  after(() => world.close());

  test('engines are listed with why one is not available', async () => {
    const { items } = engineListSchema.parse((await world.call(tenant, 'GET', '/api/v1/engines')).json);
    assert.deepEqual(
      items.map(({ name, available, reason }) => [name, available, reason]),
      [
        ['test-shop', true, null],
        ['broken', false, 'its image is not built: broken'],
      ],
    );
  });

  test('plans are listed, and standard is what the requirements say', async () => {
    const { items } = planListSchema.parse((await world.call(tenant, 'GET', '/api/v1/plans')).json);
    assert.deepEqual(
      items.map(({ name }) => name),
      ['small', 'standard', 'large'],
    );
    const { title, ...standard } = items[1] ?? { title: '' };
    assert.deepEqual(standard, {
      name: 'standard',
      pods: 20,
      cpuRequests: '2',
      cpuLimits: '4',
      memoryRequests: '4Gi',
      memoryLimits: '8Gi',
      volumes: 5,
      storage: '20Gi',
    });
    assert.equal(title, 'Standard');
  });

  test('figures count stores by phase, health and engine, and how long provisioning took', async () => {
    const { json } = await world.call(tenant, 'POST', '/api/v1/stores', { name: 'counted', engine: 'test-shop' });
    await sql`update stores set phase = 'ready', ready_at = created_at + interval '12 seconds', observed_generation = 1 where id = ${json.store.id}`.execute(
      world.db,
    );
    const stats = statsSchema.parse((await world.call(tenant, 'GET', '/api/v1/stats')).json);
    assert.equal(stats.byPhase.ready, 1);
    assert.equal(stats.byEngine['test-shop'], 1);
    assert.deepEqual(stats.provisioning['test-shop'], { count: 1, p50Ms: 12_000, p95Ms: 12_000 });
    assert.deepEqual(stats.quota.stores, { limit: 7, used: 1 });
  });

  test('health needs no token, tells of silence, and of what the watch saw', async () => {
    const read = async () => platformHealthSchema.parse((await world.call(null, 'GET', '/api/v1/health')).json);
    const silent = await read();
    assert.deepEqual(
      [silent.healthy, silent.database.healthy, silent.cluster.healthy, silent.workers.alive],
      [false, true, false, 0],
    );
    await sql`update clusters set observed_at = now(), observed = '{"version": "v1.36.1", "nodes": [{"name": "souk", "ready": true}]}'`.execute(
      world.db,
    );
    await sql`insert into worker_heartbeats (worker) values ('w1'), ('w2')`.execute(world.db);
    const healthy = await read();
    assert.deepEqual([healthy.healthy, healthy.cluster.version, healthy.workers.alive], [true, 'v1.36.1', 2]);
    await sql`update clusters set observed = '{"version": "v1.36.1", "nodes": [{"name": "souk", "ready": false}]}'`.execute(
      world.db,
    );
    assert.match((await read()).cluster.message ?? '', /Not ready: souk/);
  });

  test('readiness says no once the process is told to stop', async () => {
    assert.equal((await world.call(null, 'GET', '/readyz')).status, 200);
    isServing = false;
    assert.equal((await world.call(null, 'GET', '/readyz')).json.code, 'unavailable');
    assert.equal((await world.call(null, 'GET', '/healthz')).status, 200);
    isServing = true;
  });

  test('measurements speak the format of Prometheus and count requests by route, not by address', async () => {
    await world.call(tenant, 'GET', '/api/v1/stores/sto_aaaaaaaaaa');
    const { text } = await world.call(null, 'GET', '/metrics');
    assert.match(text, /^souk_http_request_seconds_count\{.*route="\/api\/v1\/stores\/:id".*code="404"/m);
    assert.match(text, /^souk_stores\{.*phase="ready".*\} 1$/m);
    assert.ok(!text.includes('sto_'));
  });

  test('measurements count the deletions that say what stands in their way, and only those', async () => {
    const delayed = async () =>
      /^souk_deletions_delayed\{.*\} (\d+)$/m.exec((await world.call(null, 'GET', '/metrics')).text)?.[1];
    const { rows } = await sql<{ id: string }>`
      update stores set phase = 'deleting', desired_phase = 'deleted', deletion_requested_at = now()
      where phase = 'ready' returning id`.execute(world.db);
    assert.ok(rows.length > 0);
    assert.equal(await delayed(), '0');
    await sql`update stores set error_code = 'deletion_delayed', error_message = 'held' where phase = 'deleting'`.execute(
      world.db,
    );
    assert.equal(await delayed(), String(rows.length));
    await sql`
      update stores set phase = 'ready', desired_phase = 'ready', deletion_requested_at = null,
        error_code = null, error_message = null
      where phase = 'deleting'`.execute(world.db);
  });

  test('every answer carries the security headers and a request id, and a given id is kept', async () => {
    for (const url of ['/', '/docs', '/api/v1/stores', '/nope', '/api/v1/stores/%zz']) {
      const { headers } = await world.call(null, 'GET', url);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/);
    }
    const { headers } = await world.call(null, 'GET', '/', undefined, { 'x-request-id': 'my-request-1' });
    assert.equal(headers['x-request-id'], 'my-request-1');
    const forged = await world.call(null, 'GET', '/', undefined, { 'x-request-id': '<script>alert(1)' });
    assert.notEqual(forged.headers['x-request-id'], '<script>alert(1)');
  });

  test('locally any origin may call, without credentials', async () => {
    const { headers } = await world.call(null, 'GET', '/healthz', undefined, { origin: 'https://evil.example' });
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(headers['access-control-allow-credentials'], undefined);
  });

  test('a browser elsewhere may ask with a token and a tenant, and is told so before it does', async () => {
    const preflight = { origin: 'https://elsewhere.example', 'access-control-request-method': 'PATCH' };
    const { status, headers } = await world.call(null, 'OPTIONS', '/api/v1/tenant', undefined, preflight);
    assert.equal(status, 204);
    assert.match(String(headers['access-control-allow-methods']), /PATCH/);
    assert.match(String(headers['access-control-allow-headers']), /Souk-Tenant/);
    assert.equal(headers['access-control-allow-credentials'], undefined);
  });

  test('the OpenAPI document names routes, who may use them and what errors look like', async () => {
    const json = openapiSchema.parse((await world.call(null, 'GET', '/openapi.json')).json);
    const paths = Object.keys(json.paths);
    for (const path of [
      '/api/v1/engines',
      '/api/v1/events',
      '/api/v1/health',
      '/api/v1/insights',
      '/api/v1/members/{id}',
      '/api/v1/names',
      '/api/v1/plans',
      '/api/v1/progress',
      '/api/v1/session',
      '/api/v1/stats',
      '/api/v1/stores/{id}/credentials/reset',
      '/api/v1/stores/{id}/logs',
      '/api/v1/stores/{id}/pods',
      '/api/v1/stores/{id}/repair',
      '/api/v1/stores/{id}/retry',
      '/api/v1/stores/{id}/usage',
      '/api/v1/tokens',
      '/healthz',
      '/metrics',
      '/readyz',
    ]) {
      assert.ok(paths.includes(path), path);
    }
    assert.deepEqual(json.paths['/api/v1/stores']?.post?.security, [{ token: [] }, { cookie: [] }]);
    assert.equal(json.paths['/api/v1/health']?.get?.security, undefined);
    assert.ok(json.components.schemas.Problem.properties.code);
    assert.ok(json.paths['/api/v1/stores']?.post?.responses.default);
  });

  test('the pages need nothing from elsewhere and lead to each other', async () => {
    const home = await world.call(null, 'GET', '/');
    assert.match(home.text, /href="\/docs"/);
    const docs = await world.call(null, 'GET', '/docs');
    assert.match(docs.text, /\/api\/v1\/stores\/\{id\}\/retry/);
    assert.match(docs.text, /quota_exceeded/);
    for (const { text } of [home, docs]) {
      assert.ok(!/<script/i.test(text));
      assert.ok(!/(src|href)="https?:/i.test(text));
    }
  });
});

describe('rate limits', () => {
  test('a token is limited on its own, and told how long to wait', async () => {
    const world = await createTestApp({ tokenRequestsPerMinute: 3 });
    const [one, two] = [await world.addTenant(), await world.addTenant()];
    for (let count = 0; count < 3; count += 1) {
      assert.equal((await world.call(one, 'GET', '/api/v1/plans')).status, 200);
    }
    const refused = await world.call(one, 'GET', '/api/v1/plans');
    assert.equal(refused.json.code, 'rate_limited');
    const seconds = Number(refused.headers['retry-after']);
    assert.ok(seconds >= 1 && seconds <= 60);
    assert.equal((await world.call(two, 'GET', '/api/v1/plans')).status, 200);
    await sql`update rate_limit_buckets set window_started_at = now() - interval '61 seconds'`.execute(world.db);
    assert.equal((await world.call(one, 'GET', '/api/v1/plans')).status, 200);
    await world.close();
  });

  test('an address without a token is limited apart from those with one, and believed only from a proxy', async () => {
    const world = await createTestApp({ addressRequestsPerMinute: 2 });
    const tenant = await world.addTenant();
    const from = (address: string) =>
      world.call(null, 'GET', '/api/v1/stores', undefined, { 'x-forwarded-for': address });
    assert.deepEqual(
      [(await from('10.0.0.1')).status, (await from('10.0.0.1')).status, (await from('10.0.0.1')).status],
      [401, 401, 429],
    );
    assert.equal((await from('10.0.0.2')).status, 401);
    assert.equal(
      (await world.call(tenant, 'GET', '/api/v1/stores', undefined, { 'x-forwarded-for': '10.0.0.1' })).status,
      200,
    );
    await world.close();
  });

  test('creates are limited by the hour, and only those that succeed count', async () => {
    const world = await createTestApp({ storeCreatesPerHour: 2 });
    const tenant = await world.addTenant();
    const create = (name: string) => world.call(tenant, 'POST', '/api/v1/stores', { name, engine: 'test-shop' });
    assert.equal((await create('one')).status, 201);
    assert.equal((await create('one')).status, 409);
    assert.equal((await create('two')).status, 201);
    assert.equal((await create('three')).json.code, 'rate_limited');
    await world.close();
  });
});

describe('a platform with a limit over all tenants', () => {
  test('takes exactly as many stores as it says, however many tenants ask at once, and frees a place with a deletion', async () => {
    const world = await createTestApp({ maxStores: 7 });
    const tenants = await Promise.all(Array.from({ length: 12 }, () => world.addTenant({ maxStores: 5 })));
    const create = (tenant: TestTenant, name: string) =>
      world.call(tenant, 'POST', '/api/v1/stores', { name, engine: 'test-shop' });
    const answers = await Promise.all(
      tenants.flatMap((tenant, of) => Array.from({ length: 5 }, (_, index) => create(tenant, `t${of}-${index}`))),
    );
    const made = answers.filter(({ status }) => status === 201);
    assert.equal(made.length, 7);
    const refused = answers.filter(({ status }) => status !== 201);
    assert.deepEqual([...new Set(refused.map(({ status, json }) => `${status} ${json.code}`))], ['429 quota_exceeded']);
    assert.deepEqual(refused[0]?.json.limit, { name: 'stores of the platform', value: 7, used: 7 });
    await sql`
      update stores set phase = 'deleted', desired_phase = 'deleted', deletion_requested_at = now(), deleted_at = now()
      where id = ${made[0]?.json.store.id}`.execute(world.db);
    const [first] = tenants;
    assert.ok(first);
    assert.equal((await create(first, 'in-the-freed-place')).status, 201);
    await world.close();
  });
});

describe('a failed create on a platform with a limit over all tenants', () => {
  test('has given its place back, and its retry needs a free one', async () => {
    const world = await createTestApp({ maxStores: 1 });
    const [one, other] = [await world.addTenant(), await world.addTenant()];
    const create = (tenant: TestTenant, name: string) =>
      world.call(tenant, 'POST', '/api/v1/stores', { name, engine: 'test-shop' });
    const { id } = (await create(one, 'failed')).json.store;
    await sql`
      update stores set phase = 'failed', observed_generation = generation, error_code = 'x', error_message = 'x'
      where id = ${id}`.execute(world.db);
    const retry = () => world.call(one, 'POST', `/api/v1/stores/${id}/retry`);
    const second = await create(other, 'second');
    assert.equal(second.status, 201, second.text);
    const refused = await retry();
    assert.deepEqual([refused.status, refused.json.code], [429, 'quota_exceeded']);
    assert.deepEqual(refused.json.limit, { name: 'stores of the platform', value: 1, used: 1 });
    await sql`
      update stores set phase = 'deleted', desired_phase = 'deleted', deletion_requested_at = now(), deleted_at = now()
      where id = ${second.json.store.id}`.execute(world.db);
    assert.equal((await retry()).status, 202);
    await world.close();
  });
});

describe('a database that is slow', () => {
  test('is told as unavailable and not as a mistake of ours', async () => {
    const world = await createTestApp();
    const tenant = await world.addTenant();
    await inTransaction(world.db, async (tx) => {
      await sql`select 1 from tenants where id = ${tenant.id} for update`.execute(tx);
      const keeper = setInterval(() => void sql`select 1`.execute(tx), 1_000);
      const answer = await world.call(tenant, 'POST', '/api/v1/stores', { name: 'late', engine: 'test-shop' });
      clearInterval(keeper);
      assert.equal(answer.status, 503, answer.text);
      assert.equal(answer.json.code, 'unavailable');
      assert.ok(Number(answer.headers['retry-after']) >= 1);
    });
    await world.close();
  });
});

describe('in production', () => {
  test('only the named origins may call, with credentials', async () => {
    const world = await createTestApp({
      profile: 'production',
      corsOrigins: ['https://souk.example'],
      address: { scheme: 'https', baseDomain: 'souk.example', port: 443 },
    });
    const good = await world.call(null, 'GET', '/healthz', undefined, { origin: 'https://souk.example' });
    assert.deepEqual(
      [good.headers['access-control-allow-origin'], good.headers['access-control-allow-credentials']],
      ['https://souk.example', 'true'],
    );
    const bad = await world.call(null, 'GET', '/healthz', undefined, { origin: 'https://evil.example' });
    assert.equal(bad.headers['access-control-allow-origin'], undefined);
    assert.match(String(bad.headers['strict-transport-security']), /max-age/);
    const tenant = await world.addTenant();
    const { json } = await world.call(tenant, 'POST', '/api/v1/stores', { name: 'acme', engine: 'test-shop' });
    assert.equal(json.store.storefrontUrl, 'https://acme.souk.example');
    await world.close();
  });
});

describe('the event stream over HTTP', () => {
  let world: TestApp;
  let tenant: TestTenant;
  let port: number;
  before(async () => {
    world = await createTestApp({
      streamHeartbeatMs: 50,
      reader: {
        readSecret: async () => null,
        readLogs: async (_ref, _options, signal) =>
          (async function* () {
            yield 'a line\n';
            await new Promise((resolve) => signal?.addEventListener('abort', resolve));
          })(),
      },
    });
    tenant = await world.addTenant();
    await world.app.listen({ host: '127.0.0.1', port: 0 });
    const address = world.app.server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  after(() => world.close());

  const append = (message: string) =>
    inTransaction(world.db, (tx) =>
      appendEvent(tx, { type: 'store.ready', tenantId: tenant.id, storeId: null, actor: 'test', message }),
    );

  function open(path: string, headers: Record<string, string> = {}) {
    const stream = { text: '', code: 0, hasEnded: false, leave: () => undefined as unknown };
    const call = request(
      { host: '127.0.0.1', port, path, headers: { authorization: `Bearer ${tenant.token}`, ...headers } },
      (response) => {
        stream.code = response.statusCode ?? 0;
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          stream.text += chunk;
        });
        response.on('end', () => {
          stream.hasEnded = true;
        });
        response.on('error', () => undefined);
      },
    );
    call.on('error', () => undefined);
    call.end();
    stream.leave = () => call.destroy();
    return stream;
  }

  test('a client that is cut off resumes with Last-Event-ID and misses nothing', async () => {
    const first = open('/api/v1/events');
    await waitUntil('it is connected', () => first.text.includes(': connected'));
    await append('one');
    await waitUntil('the first event came', () => first.text.includes('"one"'));
    first.leave();
    await append('two');
    const lastId = [...first.text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? '';
    const second = open('/api/v1/events', { 'last-event-id': lastId });
    await append('three');
    await waitUntil('both events came', () => second.text.includes('"two"') && second.text.includes('"three"'));
    assert.ok(!second.text.includes('"one"'));
    second.leave();
  });

  test('what happens after a list arrives on a stream from its cursor', async () => {
    const { cursor } = (await world.call(tenant, 'GET', '/api/v1/stores')).json;
    const { json } = await world.call(tenant, 'POST', '/api/v1/stores', { name: 'streamed', engine: 'test-shop' });
    const stream = open(`/api/v1/events?after=${cursor}&store=${json.store.id}`);
    await waitUntil('the event came', () => stream.text.includes('store.requested'));
    stream.leave();
  });

  test('a client that is cut off before its first event resumes where its stream began', async () => {
    const first = open('/api/v1/events');
    await waitUntil('it is connected', () => first.text.includes(': connected'));
    const lastId = /^id: (.+)$/m.exec(first.text)?.[1];
    first.leave();
    assert.ok(lastId !== undefined, 'the stream did not say where it begins');
    await append('while nobody was connected');
    const second = open('/api/v1/events', { 'last-event-id': lastId });
    await waitUntil('the event came', () => second.text.includes('while nobody was connected'));
    second.leave();
  });

  test('two hundred streams of a tenant are served and no more, also when all are opened at once', async () => {
    const { token } = await world.addTenant();
    const openAnother = () => open('/api/v1/events', { authorization: `Bearer ${token}` });
    const streams = Array.from({ length: 230 }, openAnother);
    await waitUntil('all are answered', () => streams.every(({ code }) => code !== 0), 20_000);
    const served = streams.filter(({ code }) => code === 200).length;
    for (const stream of streams) {
      stream.leave();
    }
    assert.equal(served, 200);
    assert.deepEqual([...new Set(streams.map(({ code }) => code))].sort(), [200, 429]);
    // Every place is given back.
    await waitUntil('there is room again', async () => {
      const stream = openAnother();
      await waitUntil('it is answered', () => stream.code !== 0);
      stream.leave();
      return stream.code === 200;
    });
  });

  test('thirty logs of a tenant are followed at once and no more, and each place is given back', async () => {
    const { json } = await world.call(tenant, 'POST', '/api/v1/stores', { name: 'followed', engine: 'test-shop' });
    const follow = () => open(`/api/v1/stores/${json.store.id}/logs?pod=web-0&follow=true`);
    const logs = Array.from({ length: 40 }, follow);
    await waitUntil('all are answered', () => logs.every(({ code }) => code !== 0));
    for (const log of logs) {
      log.leave();
    }
    assert.equal(logs.filter(({ code }) => code === 200).length, 30);
    assert.equal(logs.filter(({ code }) => code === 429).length, 10);
    await waitUntil('there is room again', async () => {
      const log = follow();
      await waitUntil('it is answered', () => log.code !== 0);
      log.leave();
      return log.code === 200;
    });
  });

  test('the process closes though a client has connected and says nothing', async () => {
    const other = await createTestApp();
    const address = new URL(await other.app.listen({ host: '127.0.0.1', port: 0 }));
    const silent = connect({ host: '127.0.0.1', port: Number(address.port) });
    silent.on('error', () => undefined);
    await once(silent, 'connect');
    const startedAt = performance.now();
    await other.close();
    assert.ok(performance.now() - startedAt < 9_000, 'longer than a phase of the shutdown may take');
    silent.destroy();
  });

  test('silence is filled with heartbeats', async () => {
    const stream = open('/api/v1/events');
    await waitUntil('some heartbeats came', () => (stream.text.match(/^:$/gm) ?? []).length >= 3);
    stream.leave();
  });

  test('a stream ends soon after the token that it was opened with', async () => {
    const stream = open('/api/v1/events');
    await waitUntil('it is connected', () => stream.text.includes(': connected'));
    await sql`update tokens set revoked_at = now() where tenant_id = ${tenant.id}`.execute(world.db);
    await waitUntil('it ended', () => stream.hasEnded);
    await sql`update tokens set revoked_at = null where tenant_id = ${tenant.id}`.execute(world.db);
  });

  test('a cursor that is none is 400, one that is gone is 410', async () => {
    for (const headers of [{ 'last-event-id': 'nonsense' }, { 'last-event-id': '1' }]) {
      const stream = open('/api/v1/events', headers);
      await waitUntil('it is refused', () => stream.code === 400);
    }
    const old = formatCursor(await readPositionNow(world.db));
    await sql`insert into events_trimmed (xid, cursor) select pg_snapshot_xmin(pg_current_snapshot()), 9999`.execute(
      world.db,
    );
    const expired = open(`/api/v1/events?after=${old}`);
    await waitUntil('it is expired', () => expired.code === 410 && expired.text.includes('cursor_expired'));
    await sql`truncate events_trimmed`.execute(world.db);
  });

  test('when the hub stops, the stream says so and ends', async () => {
    const stream = open('/api/v1/events');
    await waitUntil('it is connected', () => stream.text.includes(': connected'));
    await world.hub.stop();
    await waitUntil('it ended', () => stream.hasEnded);
    assert.match(stream.text, /event: closed\ndata: \{"reason":"shutdown"/);
  });
});
