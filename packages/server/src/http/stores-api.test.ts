import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { problemSchema, storeAndJobSchema, storeSchema } from '@souk/contract';
import { sql } from 'kysely';
import { KubeError } from '../kube/kube-error.ts';
import { openPassword, readSealedPassword } from '../stores/sealed-password.ts';
import { createTestApp, type TestAnswer, type TestApp, type TestTenant } from './test-app.ts';

const KEY = Buffer.alloc(32, 7);
const secrets = new Map<string, Record<string, string>>();

describe('the stores API', () => {
  let world: TestApp;
  let tenant: TestTenant;
  let other: TestTenant;
  before(async () => {
    world = await createTestApp({
      platformKey: KEY,
      reader: {
        readSecret: async ({ namespace }) => secrets.get(namespace) ?? null,
        readLogs: async ({ name }) => {
          if (name === 'starting') {
            throw new KubeError(400, 'BadRequest', 'container "web" is waiting to start');
          }
          if (name === 'away') {
            throw new KubeError(0, '', 'connect ECONNREFUSED');
          }
          return name === 'web-0'
            ? (async function* () {
                yield 'first line\n';
                yield 'second line\n';
              })()
            : null;
        },
      },
    });
    tenant = await world.addTenant();
    other = await world.addTenant();
  });
  after(() => world.close());

  const create = (name: string, more: object = {}, headers: Record<string, string> = {}): Promise<TestAnswer> =>
    world.call(tenant, 'POST', '/api/v1/stores', { name, engine: 'test-shop', ...more }, headers);
  const fail = (id: string) =>
    sql`update stores set phase = 'failed', observed_generation = generation, error_code = 'x', error_step = 'awaitWorkloads', error_message = 'no luck' where id = ${id}`.execute(
      world.db,
    );

  function assertProblem(answer: TestAnswer, status: number, code: string): void {
    assert.equal(answer.status, status, answer.text);
    const problem = problemSchema.parse(answer.json);
    assert.equal(problem.code, code, answer.text);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    assert.equal(answer.headers['x-request-id'], problem.requestId);
  }

  test('a create answers 201 with the store and its job, and both can be read at once', async () => {
    const answer = await create('acme');
    assert.equal(answer.status, 201);
    const { store, job } = storeAndJobSchema.parse(answer.json);
    assert.equal(answer.headers.location, `/api/v1/stores/${store.id}`);
    assert.deepEqual(
      [store.name, store.phase, store.plan, store.storefrontUrl, store.adminUrl],
      ['acme', 'requested', 'standard', 'http://acme.souk.localhost:8080', 'http://acme.souk.localhost:8080/manage'],
    );
    assert.deepEqual(storeSchema.parse((await world.call(tenant, 'GET', `/api/v1/stores/${store.id}`)).json), store);
    const jobs = await world.call(tenant, 'GET', `/api/v1/stores/${store.id}/jobs`);
    assert.deepEqual(jobs.json.items, [job]);
    const events = await world.call(tenant, 'GET', `/api/v1/stores/${store.id}/events`);
    assert.deepEqual(
      events.json.items.map((event) => event.type),
      ['store.requested'],
    );
  });

  test('a name that is taken is refused, and free again once the store is deleted', async () => {
    const { json } = await create('phoenix');
    assertProblem(await create('phoenix'), 409, 'name_taken');
    await world.call(tenant, 'DELETE', `/api/v1/stores/${json.store.id}`);
    assertProblem(await create('phoenix'), 409, 'name_taken');
    await sql`update stores set phase = 'deleted', deleted_at = now() where id = ${json.store.id}`.execute(world.db);
    assert.equal((await create('phoenix')).status, 201);
  });

  test('an engine that is unknown or not available is refused with the reason', async () => {
    assertProblem(await create('x1', { engine: 'magento' }), 422, 'engine_unavailable');
    const answer = await create('x2', { engine: 'broken' });
    assertProblem(answer, 422, 'engine_unavailable');
    assert.match(answer.json.detail, /not built/);
  });

  test('a given admin password is kept sealed only, and appears in no answer, event or job', async () => {
    const password = 'canary-password-1234';
    const answer = await create(
      'secretive',
      { adminPassword: password, adminEmail: 'me@example.com' },
      { 'idempotency-key': 'canary' },
    );
    assert.equal(answer.status, 201);
    const sealed = await readSealedPassword(world.db, answer.json.store.id);
    assert.equal(openPassword(KEY, answer.json.store.id, sealed ?? Buffer.alloc(0)), password);
    const { rows } = await sql<{ text: string }>`
      select coalesce(string_agg(t::text, ''), '') as text from (
        select stores::text as t from stores union all select jobs::text from jobs union all select events::text from events
        union all select idempotency_keys::text from idempotency_keys) all_rows`.execute(world.db);
    assert.ok(!(rows[0]?.text ?? password).includes(password));
    assert.ok(!answer.text.includes(password));
  });

  test('the same create under one idempotency key gives the same store, also when both arrive at once', async () => {
    const headers = { 'idempotency-key': 'once-and-only' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('idem', {}, headers)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
    assert.equal(new Set(answers.map(({ json }) => json.store.id)).size, 1);
    assertProblem(await create('idem-other', {}, headers), 409, 'idempotency_key_reused');
  });

  test("another tenant's idempotency key is another key", async () => {
    const headers = { 'idempotency-key': 'shared-word' };
    await create('mine-1', {}, headers);
    const theirs = await world.call(
      other,
      'POST',
      '/api/v1/stores',
      { name: 'theirs-1', engine: 'test-shop' },
      headers,
    );
    assert.equal(theirs.status, 201);
  });

  test('a create beyond the quota is refused with the limit and what of it is used', async () => {
    const crowd = await world.addTenant({ maxStores: 1 });
    const ask = (name: string) => world.call(crowd, 'POST', '/api/v1/stores', { name, engine: 'test-shop' });
    assert.equal((await ask('fits')).status, 201);
    const refused = await ask('too-many');
    assertProblem(refused, 429, 'quota_exceeded');
    assert.deepEqual(refused.json.limit, { name: 'stores', value: 1, used: 1 });
    assert.equal((await world.call(crowd, 'GET', '/api/v1/stats')).json.quota.stores.used, 1);
  });

  test('of many concurrent creates of one name exactly one succeeds', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => create('contended')));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    assert.ok(answers.every(({ status, json }) => status === 201 || json.code === 'name_taken'));
  });

  test('a delete answers 202, shows as deleting at once, and is refused from the second time on', async () => {
    const { json } = await create('doomed');
    const url = `/api/v1/stores/${json.store.id}`;
    const answer = await world.call(tenant, 'DELETE', url);
    assert.equal(answer.status, 202);
    assert.equal(answer.json.store.phase, 'deleting');
    assert.equal(answer.json.store.generation, 2);
    assert.equal(answer.json.job.id, json.job.id);
    assert.equal((await world.call(tenant, 'GET', url)).json.phase, 'deleting');
    assertProblem(await world.call(tenant, 'DELETE', url), 409, 'already_deleting');
    const events = (await world.call(tenant, 'GET', `${url}/events`)).json.items;
    assert.equal(events.filter((event) => event.type === 'store.deletion_requested').length, 1);
  });

  test('a repeated delete under one idempotency key answers 202 again', async () => {
    const { json } = await create('doomed-twice');
    const headers = { 'idempotency-key': 'delete-it' };
    for (let time = 0; time < 2; time += 1) {
      assert.equal(
        (await world.call(tenant, 'DELETE', `/api/v1/stores/${json.store.id}`, undefined, headers)).status,
        202,
      );
    }
  });

  test('a deleted store can still be shown, and is listed only when asked for', async () => {
    const { json } = await create('history');
    await world.call(tenant, 'DELETE', `/api/v1/stores/${json.store.id}`);
    await sql`update stores set phase = 'deleted', deleted_at = now() where id = ${json.store.id}`.execute(world.db);
    assert.equal((await world.call(tenant, 'GET', `/api/v1/stores/${json.store.id}`)).json.phase, 'deleted');
    const names = async (query: string): Promise<string[]> =>
      (await world.call(tenant, 'GET', `/api/v1/stores?limit=200&${query}`)).json.items.map(({ name }) => name);
    assert.ok(!(await names('q=history')).includes('history'));
    assert.ok((await names('phase=deleted')).includes('history'));
    assertProblem(await world.call(tenant, 'DELETE', `/api/v1/stores/${json.store.id}`), 409, 'already_deleting');
  });

  test('a failed store can be retried once per failure; any other cannot', async () => {
    const { json } = await create('unlucky');
    const url = `/api/v1/stores/${json.store.id}`;
    assertProblem(await world.call(tenant, 'POST', `${url}/retry`), 409, 'not_retryable');
    await fail(json.store.id);
    assert.deepEqual((await world.call(tenant, 'GET', url)).json.error, {
      code: 'x',
      step: 'awaitWorkloads',
      message: 'no luck',
    });
    const answers = await Promise.all([1, 2, 3].map(() => world.call(tenant, 'POST', `${url}/retry`)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 409, 409]);
    assert.equal((await world.call(tenant, 'GET', url)).json.generation, 2);
  });

  test('a create that failed gives its place back, and a retry needs one again', async () => {
    const small = await world.addTenant({ maxStores: 1 });
    const create = (name: string, more: object = {}) =>
      world.call(small, 'POST', '/api/v1/stores', { name, engine: 'test-shop', ...more });
    const first = (await create('first-try')).json.store.id;
    assertProblem(await create('second-try'), 429, 'quota_exceeded');
    await fail(first);
    const second = (await create('second-try', { keepFailed: true })).json.store.id;
    assertProblem(await world.call(small, 'POST', `/api/v1/stores/${first}/retry`), 429, 'quota_exceeded');
    assert.equal((await world.call(small, 'GET', `/api/v1/stores/${first}`)).json.generation, 1);
    await fail(second);
    assertProblem(await create('third-try'), 429, 'quota_exceeded');
    assert.equal((await world.call(small, 'POST', `/api/v1/stores/${second}/retry`)).status, 202);
  });

  test('a ready store can be repaired once at a time, and the repair remembers what it agrees to', async () => {
    const { json } = await create('drifted');
    const url = `/api/v1/stores/${json.store.id}`;
    assertProblem(await world.call(tenant, 'POST', `${url}/repair`), 409, 'not_repairable');
    await sql`
      update stores set phase = 'ready', ready_at = now(), observed_generation = generation, engine_version = 'old',
        error_code = 'data_lost', error_message = 'gone' where id = ${json.store.id}`.execute(world.db);
    const answers = await Promise.all([1, 2, 3].map(() => world.call(tenant, 'POST', `${url}/repair`)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 409, 409]);
    const { rows } = await sql`
      select repair_generation, repair_code, generation, engine_version <> 'old' as is_renewed from stores
      where id = ${json.store.id}`.execute(world.db);
    assert.deepEqual(rows, [{ repair_generation: 2, repair_code: 'data_lost', generation: 2, is_renewed: true }]);
  });

  test('what no repair can mend is refused with what can be done instead', async () => {
    const { json } = await create('locked-out');
    const url = `/api/v1/stores/${json.store.id}`;
    await fail(json.store.id);
    assertProblem(await world.call(tenant, 'POST', `${url}/repair`), 409, 'not_repairable');
    await sql`
      update stores set phase = 'ready', ready_at = now(), error_code = 'credentials_lost'
      where id = ${json.store.id}`.execute(world.db);
    const answer = await world.call(tenant, 'POST', `${url}/repair`);
    assertProblem(answer, 409, 'not_repairable');
    assert.match(answer.json.detail, /put them back/);
  });

  test('the list filters by phase, engine and part of the name', async () => {
    const fresh = await world.addTenant();
    const ids: string[] = [];
    for (const name of ['apple', 'apricot', 'banana']) {
      ids.push(
        (await world.call(fresh, 'POST', '/api/v1/stores', { name: `f-${name}`, engine: 'test-shop' })).json.store.id,
      );
    }
    await world.call(fresh, 'DELETE', `/api/v1/stores/${ids[2]}`);
    const names = async (query: string): Promise<string[]> =>
      (await world.call(fresh, 'GET', `/api/v1/stores?${query}`)).json.items.map(({ name }) => name);
    assert.deepEqual(await names(''), ['f-banana', 'f-apricot', 'f-apple']);
    assert.deepEqual(await names('q=AP'), ['f-apricot', 'f-apple']);
    assert.deepEqual(await names('q=%25'), []);
    assert.deepEqual(await names('phase=deleting'), ['f-banana']);
    assert.deepEqual(await names('phase=requested'), ['f-apricot', 'f-apple']);
    assert.deepEqual(await names('engine=other'), []);
  });

  test('ten thousand stores are paged through in order, each exactly once, and each page comes quickly', async () => {
    const big = await world.addTenant({ maxStores: 20_000 });
    await sql`
      insert into stores (id, tenant_id, cluster_id, name, created_by, engine, engine_version, plan, admin_email, created_at)
      select 'sto_' || lpad(n::text, 10, '0'), ${big.id}, (select id from clusters), 'bulk-' || n, 'test', 'test-shop', '1', 'small', 'a@b.c',
        -- Many share an instant, so that the order within it counts.
        now() - (n / 100) * interval '1 second'
      from generate_series(1, 10000) n`.execute(world.db);
    const seen = new Set<string>();
    const times: number[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const startedAt = performance.now();
      const page: TestAnswer = await world.call(
        big,
        'GET',
        `/api/v1/stores?limit=200${after === '' ? '' : `&after=${after}`}`,
      );
      times.push(performance.now() - startedAt);
      for (const { id } of page.json.items) {
        assert.ok(!seen.has(id));
        seen.add(id);
      }
      after = page.json.next;
    }
    times.sort((a, b) => a - b);
    console.log(`list at 10,000 rows: p50 ${times[25]?.toFixed(1)} ms, p95 ${times[47]?.toFixed(1)} ms a page of 200`);
    assert.equal(seen.size, 10_000);
    const startedAt = performance.now();
    assert.equal((await world.call(big, 'GET', '/api/v1/stores?q=bulk-9999')).json.items.length, 1);
    console.log(`search at 10,000 rows: ${(performance.now() - startedAt).toFixed(1)} ms`);
  });

  test('pods are shown as the watch recorded them', async () => {
    const { json } = await create('with-pods');
    const pod = {
      name: 'web-0',
      component: 'web',
      podPhase: 'Running',
      ready: true,
      restarts: 1,
      message: null,
      containers: ['web'],
      startedAt: null,
    };
    await sql`update stores set pods = ${JSON.stringify([pod])}::jsonb where id = ${json.store.id}`.execute(world.db);
    assert.deepEqual((await world.call(tenant, 'GET', `/api/v1/stores/${json.store.id}/pods`)).json.items, [pod]);
  });

  test('logs are passed through as text; a missing pod, a starting one and a cluster that is away are told apart', async () => {
    const { json } = await create('with-logs');
    const read = (query: string) => world.call(tenant, 'GET', `/api/v1/stores/${json.store.id}/logs?${query}`);
    const log = await read('pod=web-0&tail=10');
    assert.equal(log.text, 'first line\nsecond line\n');
    assert.match(String(log.headers['content-type']), /^text\/plain/);
    assertProblem(await read('pod=nope'), 404, 'not_found');
    assertProblem(await read('pod=starting'), 409, 'not_ready');
    assertProblem(await read('pod=away'), 503, 'unavailable');
    assertProblem(await read('pod=..%2F..%2Fsecrets'), 400, 'invalid_request');
    assertProblem(await read(''), 400, 'invalid_request');
  });

  test('credentials are revealed to their owner, and each time is on record', async () => {
    const { json } = await create('with-admin');
    const url = `/api/v1/stores/${json.store.id}/credentials`;
    assertProblem(await world.call(tenant, 'POST', url), 409, 'not_ready');
    secrets.set(json.store.id.replace('sto_', 'store-'), {
      username: 'admin@x.y',
      password: 'hunter2hunter2',
      publishableKey: 'pk_1',
    });
    const answer = await world.call(tenant, 'POST', url);
    assert.deepEqual(answer.json, {
      adminUrl: json.store.adminUrl,
      username: 'admin@x.y',
      password: 'hunter2hunter2',
      publishableKey: 'pk_1',
    });
    assert.equal(answer.headers['cache-control'], 'no-store');
    const { items } = (await world.call(tenant, 'GET', `/api/v1/stores/${json.store.id}/events`)).json;
    assert.equal(items.at(-1)?.type, 'store.credentials_revealed');
    assert.ok(!JSON.stringify(items).includes('hunter2'));
    assertProblem(await world.call(tenant, 'POST', `${url}/reset`), 422, 'not_supported');
  });

  test('on every route a store of another tenant answers exactly like one that never was', async () => {
    const { json } = await create('private-property');
    const absent = 'sto_zzzzzzzzzz';
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/retry'],
      ['POST', '/repair'],
      ['GET', '/events'],
      ['GET', '/jobs'],
      ['GET', '/pods'],
      ['GET', '/logs?pod=web-0'],
      ['POST', '/credentials'],
      ['POST', '/credentials/reset'],
    ] as const) {
      const strange = await world.call(other, method, `/api/v1/stores/${json.store.id}${path}`);
      const missing = await world.call(other, method, `/api/v1/stores/${absent}${path}`);
      assertProblem(strange, 404, 'store_not_found');
      const same = ({ json: { requestId, ...problem } }: TestAnswer): string =>
        JSON.stringify(problem).replaceAll(json.store.id, absent);
      assert.equal(same(strange), same(missing), `${method} ${path}`);
      assert.equal(same(missing).includes('requestId'), false);
    }
    const listed = await world.call(other, 'GET', '/api/v1/stores?limit=200');
    assert.ok(!listed.text.includes(json.store.id));
  });

  test('the timeline is paged without a gap', async () => {
    const { json } = await create('eventful');
    for (let index = 0; index < 5; index += 1) {
      await sql`insert into events (type, tenant_id, store_id, actor, message) values ('store.step_started', ${tenant.id}, ${json.store.id}, 'w', ${`step ${index}`})`.execute(
        world.db,
      );
    }
    const messages: string[] = [];
    for (let after = ''; ; ) {
      const page: TestAnswer = await world.call(
        tenant,
        'GET',
        `/api/v1/stores/${json.store.id}/events?limit=2${after}`,
      );
      messages.push(...page.json.items.map(({ message }) => message));
      if (page.json.next === null) {
        break;
      }
      after = `&after=${page.json.next}`;
    }
    assert.deepEqual(messages.slice(1), ['step 0', 'step 1', 'step 2', 'step 3', 'step 4']);
  });
});
