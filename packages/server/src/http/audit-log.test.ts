import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { auditListSchema, auditVerdictSchema } from '@souk/contract';
import { sql } from 'kysely';
import pg from 'pg';
import { addAuditIntent, enterLostIntents } from '../audit/audit-queries.ts';
import { migrate } from '../db/migrate.ts';
import { silentLog } from '../log.ts';
import { createTestApp, type TestApp, type TestTenant } from './test-app.ts';
import { addTargets, addTestToken, callOperation, listOperations } from './test-operations.ts';

const OWN = { origin: 'http://localhost:8080' };

// Seconds on a quiet machine.
describe('the audit log', { timeout: 300_000 }, () => {
  let world: TestApp;
  let tenant: TestTenant;
  let platform: TestTenant;
  before(async () => {
    world = await createTestApp();
    tenant = await world.addTenant();
    platform = await addTestToken(world, tenant, { isPlatform: true });
  });
  after(() => world.close());

  const head = async (): Promise<number> =>
    (await sql<{ head: number }>`select coalesce(max(cursor), 0) as head from audit_entries`.execute(world.db)).rows[0]
      ?.head ?? 0;
  const read = async (query: string, as = platform) => {
    const answer = await world.call(as, 'GET', `/api/v1/admin/audit${query}`);
    return auditListSchema.parse(answer.json).items;
  };
  const verify = async () =>
    auditVerdictSchema.parse((await world.call(platform, 'GET', '/api/v1/admin/audit/verify')).json);

  test('every operation that changes something writes exactly one entry, every other one none', async () => {
    const READ_ONLY_POSTS = ['POST /invitations/preview'];
    for (const operation of await listOperations(world)) {
      const { name, method, access, audit } = operation;
      assert.equal(audit !== null, method !== 'GET' && !READ_ONLY_POSTS.includes(name), `${name} states no action`);
      const targets = await addTargets(world, await world.addTenant());
      const owner = await world.addPerson(tenant, 'owner', {});
      const before = await head();
      const as = access.for === 'platform' ? platform : access.for === 'all' ? null : owner;
      const { status } = await callOperation(world, operation, { as, targets, headers: as === null ? OWN : {} });
      assert.equal((await head()) - before, audit === null ? 0 : 1, `${name} answered ${status}`);
      if (audit !== null) {
        const [entry] = await read('?limit=1');
        assert.equal(entry?.action, audit, name);
        assert.equal(entry?.actor, as === null ? 'anonymous' : as.id, name);
        assert.equal(entry?.outcome, status < 400 ? 'ok' : 'refused', name);
      }
    }
    assert.equal((await sql`select from audit_intents`.execute(world.db)).rows.length, 0);
  });

  test('an entry says who, what, target, from where and how it ended, and no secret', async () => {
    const ann = await world.addPerson(tenant, 'owner', { email: 'ann@example.com' });
    const body = { name: 'audited', engine: 'test-shop', adminPassword: 'a secret password' };
    const from = { 'x-forwarded-for': '10.1.2.3', 'x-request-id': 'request-of-ann' };
    const { json } = await world.call(ann, 'POST', '/api/v1/stores', body, from);
    const [entry] = await read('?action=store.create&limit=1');
    assert.deepEqual(
      { ...entry, id: '', at: '', hash: '' },
      {
        ...{ id: '', at: '', hash: '', tenantId: tenant.id, actor: ann.id, actorName: 'ann@example.com' },
        ...{ action: 'store.create', target: json.store.id, address: '10.1.2.3', outcome: 'ok', code: '201' },
        ...{ requestId: 'request-of-ann', details: { name: 'audited', engine: 'test-shop' } },
      },
    );
    await world.call(ann, 'POST', '/api/v1/stores', body, from);
    const [refusal] = await read('?action=store.create&limit=1');
    assert.deepEqual([refusal?.outcome, refusal?.code], ['refused', 'name_taken']);
  });

  test('a sign-in is entered under the person who came in, a failed one under nobody', async () => {
    const email = 'bob@example.com';
    const bob = await world.addPerson(tenant, 'viewer', { email, password: 'correct horse battery' });
    await world.signIn(email, 'wrong');
    await world.signIn(email, 'correct horse battery');
    const [good, bad] = await read('?action=session&limit=2');
    assert.deepEqual([good?.actor, good?.actorName, good?.outcome], [bob.id, email, 'ok']);
    assert.deepEqual([bad?.actor, bad?.details.email, bad?.code], ['anonymous', email, 'sign_in_failed']);
  });

  test('what somebody known may not do is entered as refused; a stranger cannot fill the log', async () => {
    const viewer = await world.addPerson(tenant, 'viewer', {});
    const before = await head();
    await world.call(viewer, 'POST', '/api/v1/stores', { name: 'no', engine: 'test-shop' });
    assert.equal((await read('?limit=1'))[0]?.code, 'forbidden');
    await world.call(null, 'POST', '/api/v1/stores', { name: 'no', engine: 'test-shop' });
    assert.equal(await head(), before + 1);
  });

  test('a tenant reads its own entries only, filtered and page by page', async () => {
    const other = await world.addTenant();
    await world.call(other, 'POST', '/api/v1/tokens', { name: 'ci', scopes: ['admin'] });
    for (let count = 0; count < 3; count += 1) {
      await world.call(other, 'POST', '/api/v1/stores', { name: `paged-${count}`, engine: 'test-shop' });
    }
    const list = async (query: string) =>
      auditListSchema.parse((await world.call(other, 'GET', `/api/v1/audit${query}`)).json);
    const all = await list('');
    assert.equal(all.items.length, 4);
    assert.ok(all.items.every(({ tenantId }) => tenantId === other.id));
    assert.equal((await list('?action=token')).items.length, 1);
    assert.equal((await list('?outcome=refused')).items.length, 0);
    const first = await list('?limit=3&action=store.create');
    assert.deepEqual([first.items.length, first.next], [3, null]);
    const page = await list('?limit=2&action=store.create');
    const rest = await list(`?limit=2&action=store.create&after=${page.next}`);
    assert.deepEqual(
      [...page.items, ...rest.items].map(({ id }) => id),
      first.items.map(({ id }) => id),
    );
  });

  test('an instant that the database could not read, and an id that is none, are no failure of ours', async () => {
    for (const from of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', 'yesterday']) {
      const { status } = await world.call(platform, 'GET', `/api/v1/audit?from=${encodeURIComponent(from)}`);
      assert.equal(status, 400, from);
    }
    assert.equal((await world.call(platform, 'GET', '/api/v1/audit?from=2026-01-01T00:00:00%2B23:00')).status, 200);
    const before = await head();
    for (const path of ['tokens', 'members', 'invitations', 'stores', 'admin/tenants']) {
      const { status } = await world.call(platform, 'DELETE', `/api/v1/${path}/%00`);
      assert.equal(status, 404, path);
    }
    assert.equal(await head(), before + 5);
  });

  test('it is exported as CSV and JSON, and no cell is a formula', async () => {
    const other = await world.addTenant();
    await world.call(other, 'POST', '/api/v1/tokens', { name: '=cmd()"', scopes: ['admin'] });
    const csv = await world.call(other, 'GET', '/api/v1/audit/export?format=csv');
    assert.match(String(csv.headers['content-disposition']), /attachment; filename="audit\.csv"/);
    const lines = csv.text.trimEnd().split('\r\n');
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? '', /^id,at,tenantId,actor/);
    assert.ok(!/(^|,)"?[=+@]/.test(lines[1] ?? ''));
    const json = await world.call(other, 'GET', '/api/v1/audit/export?format=json');
    const entries = auditListSchema.shape.items.parse(JSON.parse(json.text));
    assert.equal(entries[0]?.details.name, '=cmd()"');
  });

  test('entries written at once make one chain', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        world.call(tenant, 'POST', '/api/v1/tokens', { name: `t${index}`, scopes: ['admin'] }),
      ),
    );
    const verdict = await verify();
    assert.deepEqual([verdict.isIntact, verdict.entries], [true, await head()]);
  });

  test('what a process that died had begun is entered as unknown, once', async () => {
    const intent = { tenantId: tenant.id, actor: 'tok_aaaaaaaaaa', actorName: 'ci', action: 'store.delete' };
    await addAuditIntent(world.db, { ...intent, address: '10.0.0.1', requestId: 'lost-request' });
    assert.equal(await enterLostIntents(world.db, 10), 0);
    await sql`update audit_intents set at = now() - interval '6 minutes'`.execute(world.db);
    await Promise.all([enterLostIntents(world.db, 10), enterLostIntents(world.db, 10)]);
    const entries = await read('?outcome=unknown');
    assert.deepEqual(
      entries.map(({ action, requestId }) => ({ action, requestId })),
      [{ action: 'store.delete', requestId: 'lost-request' }],
    );
  });

  test("the server's role adds entries and can neither change, remove nor misplace one", async () => {
    const role = `server_${Date.now()}`;
    await sql`create role ${sql.id(role)} login`.execute(world.db);
    await migrate({ url: world.database.url, log: silentLog(), serverRole: role });
    const client = new pg.Client({ connectionString: world.database.url.replace('postgres@', `${role}@`) });
    await client.connect();
    const values = `values ('a', 'b', 'store.create', 'c', 'ok', '201', 'd')`;
    await client.query(
      `insert into audit_entries (actor, actor_name, action, address, outcome, code, request_id) ${values}`,
    );
    await client.query(
      `insert into audit_entries (cursor, hash, at, actor, actor_name, action, address, outcome, code, request_id)
       values (1, '\\x00', '2020-01-01', 'a', 'b', 'store.create', 'c', 'ok', '201', 'd')`,
    );
    // What is found first by its name must not be taken for the log.
    await client.query('create temporary table audit_entries (cursor bigint, hash bytea)');
    await client.query(
      `insert into public.audit_entries (actor, actor_name, action, address, outcome, code, request_id) ${values}`,
    );
    await client.query('drop table pg_temp.audit_entries');
    assert.equal((await verify()).isIntact, true);
    for (const statement of [
      "update audit_entries set actor = 'x'",
      'delete from audit_entries',
      "insert into audit_entries select * from audit_entries on conflict (cursor) do update set actor = 'x'",
      'create or replace function chain_audit_entry() returns trigger language sql as $$ $$',
      'truncate audit_entries',
      'alter table audit_entries disable trigger all',
      'drop table audit_entries',
      'set session_replication_role = replica',
    ]) {
      await assert.rejects(client.query(statement), /permission denied|must be owner/, statement);
    }
    await client.end();
    await sql`drop owned by ${sql.id(role)}`.execute(world.db);
    await sql`drop role ${sql.id(role)}`.execute(world.db);
  });

  test('even the owner is refused, and a change past that is found by the verification', async () => {
    await assert.rejects(sql`delete from audit_entries`.execute(world.db), /only ever added/);
    const target = 5;
    const change = async (statement: string) => {
      const client = new pg.Client({ connectionString: world.database.url });
      await client.connect();
      await client.query(`set session_replication_role = replica; ${statement}`);
      await client.end();
    };
    await change(`update audit_entries set actor = actor || 'x' where cursor = ${target}`);
    const changed = await verify();
    assert.deepEqual([changed.isIntact, changed.firstBroken, changed.reason], [false, 'aud_5', 'it was changed']);
    await change(`update audit_entries set actor = left(actor, -1) where cursor = ${target}`);
    assert.equal((await verify()).isIntact, true);
    // The contents of two neighbours change places, each under the other's number.
    await change(`update audit_entries set cursor = case cursor when 5 then -6 else -5 end where cursor in (5, 6)`);
    await change('update audit_entries set cursor = -cursor where cursor < 0');
    const reordered = await verify();
    assert.deepEqual([reordered.firstBroken, reordered.reason], ['aud_5', 'it does not follow the entry before it']);
    await change(`update audit_entries set cursor = case cursor when 5 then -6 else -5 end where cursor in (5, 6)`);
    await change('update audit_entries set cursor = -cursor where cursor < 0');
    assert.equal((await verify()).isIntact, true);
    await change(`delete from audit_entries where cursor = ${target}`);
    const removed = await verify();
    assert.deepEqual([removed.firstBroken, removed.reason], ['aud_6', 'entries before it are missing']);
  });
});
