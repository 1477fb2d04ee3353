import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { insightsSchema, nameCheckSchema, storeProgressListSchema, storeUsageSchema } from '@souk/contract';
import { sql } from 'kysely';
import { inTransaction } from '../db/database.ts';
import { appendEvent, tellObserved } from '../events/event-queries.ts';
import { createTestApp, type TestApp, type TestTenant } from './test-app.ts';

describe('what the dashboard asks for', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'souk-dashboard-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Souk</title>');
    await writeFile(join(folder, 'manifest.json'), '{}');
    await writeFile(join(folder, 'assets/index-AbCdEf12.js'), 'export {};');
    await writeFile(join(folder, 'assets/index-AbCdEf12.js.br'), 'small');
    app = await createTestApp({ dashboardFolder: folder });
    tenant = await app.addTenant();
  });
  after(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  const create = async (name: string): Promise<string> =>
    (await app.call(tenant, 'POST', '/api/v1/stores', { name, engine: 'test-shop' })).json.store.id;

  test('stores come in each order, page by page, none twice and none left out', async () => {
    const other = await app.addTenant();
    for (const name of ['pear', 'apple', 'quince', 'fig', 'cherry']) {
      await app.call(other, 'POST', '/api/v1/stores', { name, engine: 'test-shop' });
    }
    const read = async (sort: string): Promise<string[]> => {
      const names: string[] = [];
      for (let after = ''; ; ) {
        const query = `sort=${sort}&limit=2${after === '' ? '' : `&after=${after}`}`;
        const { json } = await app.call(other, 'GET', `/api/v1/stores?${query}`);
        names.push(...json.items.map(({ name }) => name));
        if (json.next === null) {
          return names;
        }
        after = json.next;
      }
    };
    assert.deepEqual(await read('newest'), ['cherry', 'fig', 'quince', 'apple', 'pear']);
    assert.deepEqual(await read('oldest'), ['pear', 'apple', 'quince', 'fig', 'cherry']);
    assert.deepEqual(await read('name'), ['apple', 'cherry', 'fig', 'pear', 'quince']);
    assert.equal((await app.call(other, 'GET', '/api/v1/stores?sort=colour')).status, 400);
  });

  test('a name is said to be free, taken (whosesoever it is), or against the rules', async () => {
    await create('acme');
    const other = await app.addTenant();
    const check = async (name: string) =>
      nameCheckSchema.parse((await app.call(other, 'GET', `/api/v1/names?name=${name}`)).json);
    assert.deepEqual(await check('acme-two'), {
      name: 'acme-two',
      available: true,
      reason: null,
      storefrontUrl: 'http://acme-two.souk.localhost:8080',
    });
    assert.match((await check('acme')).reason ?? '', /taken/);
    assert.match((await check('admin')).reason ?? '', /reserved/);
    assert.equal((await app.call(null, 'GET', '/api/v1/names?name=acme')).status, 401);
  });

  test('progress is the last step begun by each store under way, of the own tenant alone', async () => {
    const [going, resting] = [await create('going'), await create('resting')];
    await sql`update stores set phase = 'provisioning' where id = ${going}`.execute(app.db);
    await sql`update stores set phase = 'ready', ready_at = now() where id = ${resting}`.execute(app.db);
    for (const [storeId, step] of [
      [going, 'ensureNamespace'],
      [going, 'installRelease'],
      [resting, 'verifyStorefront'],
    ] as const) {
      await inTransaction(app.db, (tx) =>
        appendEvent(tx, { type: 'store.step_started', tenantId: tenant.id, storeId, actor: 'w', message: 'm', step }),
      );
    }
    const { items } = storeProgressListSchema.parse((await app.call(tenant, 'GET', '/api/v1/progress')).json);
    assert.deepEqual(
      items.map(({ storeId, step }) => [storeId, step]),
      [[going, 'installRelease']],
    );
    const stranger = await app.addTenant();
    assert.deepEqual((await app.call(stranger, 'GET', '/api/v1/progress')).json.items, []);
  });

  test('usage is that of the own store; another tenant finds no such store', async () => {
    const id = await create('used');
    await sql`
      insert into store_quotas (store_id, resources)
      values (${id}, '[{"resource": "pods", "used": "3", "limit": "20"}]')`.execute(app.db);
    const usage = storeUsageSchema.parse((await app.call(tenant, 'GET', `/api/v1/stores/${id}/usage`)).json);
    assert.deepEqual(usage.quota, [{ resource: 'pods', used: '3', limit: '20' }]);
    const stranger = await app.addTenant();
    assert.equal((await app.call(stranger, 'GET', `/api/v1/stores/${id}/usage`)).json.code, 'store_not_found');
  });

  test('insights tell how long each step took and how the day ended', async () => {
    const other = await app.addTenant();
    const { store } = (await app.call(other, 'POST', '/api/v1/stores', { name: 'timed', engine: 'test-shop' })).json;
    for (const durationMs of [100, 300]) {
      await inTransaction(app.db, (tx) =>
        appendEvent(tx, {
          ...{ type: 'store.step_completed', tenantId: other.id, storeId: store.id, actor: 'w', message: 'm' },
          ...{ step: 'installRelease', durationMs },
        }),
      );
    }
    await sql`update stores set phase = 'ready', ready_at = created_at + interval '4 seconds' where id = ${store.id}`.execute(
      app.db,
    );
    const { steps, days } = insightsSchema.parse((await app.call(other, 'GET', '/api/v1/insights')).json);
    assert.deepEqual(steps, [{ engine: 'test-shop', step: 'installRelease', count: 2, p50Ms: 200, p95Ms: 290 }]);
    assert.deepEqual(
      days.map(({ ready, failed, p50Ms }) => [ready, failed, p50Ms]),
      [[1, 0, 4000]],
    );
  });

  test('a stream hears that a store of its tenant looks different, and nothing of another tenant', async () => {
    const heard: string[] = [];
    const other = await app.addTenant();
    const subscription = await app.hub.subscribe({ tenantId: tenant.id }, null, (storeId) => heard.push(storeId));
    await inTransaction(app.db, async (tx) => {
      await tellObserved(tx, { tenantId: other.id, id: 'sto_bbbbbbbbbb' });
      await tellObserved(tx, { tenantId: tenant.id, id: 'sto_aaaaaaaaaa' });
    });
    for (const deadline = performance.now() + 5_000; heard.length === 0 && performance.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    subscription.close();
    assert.deepEqual(heard, ['sto_aaaaaaaaaa']);
  });

  test('browsers get the page at every address of it, programs still get their problem', async () => {
    const html = { accept: 'text/html' };
    for (const path of ['/', '/stores', '/stores/sto_aaaaaaaaaa/logs']) {
      const page = await app.call(null, 'GET', path, undefined, html);
      assert.equal(page.status, 200, path);
      assert.match(page.text, /<title>Souk/);
      assert.equal(page.headers['cache-control'], 'no-cache');
      assert.match(String(page.headers['content-security-policy']), /script-src 'self';/);
      assert.doesNotMatch(String(page.headers['content-security-policy']), /script-src[^;]*unsafe/);
    }
    assert.equal((await app.call(null, 'GET', '/stores')).json.code, 'not_found');
    assert.equal((await app.call(tenant, 'GET', '/api/v1/nothing', undefined, html)).json.code, 'not_found');
    assert.equal((await app.call(null, 'GET', '/assets/gone-AbCdEf12.js', undefined, html)).status, 404);
    for (const path of ['/manifest.json', '/..%2findex.html', '/assets/../index.html.br']) {
      assert.equal((await app.call(null, 'GET', path)).status, 404, path);
    }
  });

  test('built files are kept for ever and sent as small as the browser takes them', async () => {
    const path = '/assets/index-AbCdEf12.js';
    const plain = await app.call(null, 'GET', path);
    assert.equal(plain.text, 'export {};');
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
    const small = await app.call(null, 'GET', path, undefined, { 'accept-encoding': 'gzip, br' });
    assert.equal(small.headers['content-encoding'], 'br');
    assert.equal(small.text, 'small');
    const refused = await app.call(null, 'GET', path, undefined, { 'accept-encoding': 'br;q=0' });
    assert.equal(refused.headers['content-encoding'], undefined);
    const known = await app.call(null, 'GET', path, undefined, { 'if-none-match': String(plain.headers.etag) });
    assert.equal(known.status, 304);
  });
});
