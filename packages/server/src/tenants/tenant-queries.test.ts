import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { type Db, inTransaction } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { appendEvent } from '../events/event-queries.ts';
import { findCallerOfToken } from '../people/callers.ts';
import { ensureFirstTenant, lockQuota, readQuota } from './tenant-queries.ts';

describe('tenants and their tokens', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.close());

  const ensure = (token: string, maxStores = 5) =>
    inTransaction(database.db, (tx) => ensureFirstTenant(tx, { token, maxStores, maxParallelProvisions: 3 }));
  const findActor = async (db: Db, secret: string) => {
    const caller = await findCallerOfToken(db, secret);
    return caller === null ? null : { tokenId: caller.id, tenantId: caller.memberships[0]?.tenantId };
  };
  const token = 'souk_a-token-long-enough-for-everyone';

  test('the first tenant is made once, however many processes start at once', async () => {
    const actors = await Promise.all(Array.from({ length: 8 }, () => ensure(token)));
    assert.equal(new Set(actors.map(({ tenantId, tokenId }) => `${tenantId} ${tokenId}`)).size, 1);
    assert.deepEqual(await findActor(database.db, token), actors[0]);
  });

  test('another token joins the same tenant, and a changed quota is taken over', async () => {
    const first = await ensure(token);
    const second = await ensure('souk_another-token-that-is-long-enough', 9);
    assert.equal(second.tenantId, first.tenantId);
    assert.notEqual(second.tokenId, first.tokenId);
    assert.equal((await readQuota(database.db, first.tenantId)).maxStores, 9);
    assert.deepEqual(await findActor(database.db, token), first);
  });

  test('a first tenant that was renamed is still the first one', async () => {
    const first = await ensure(token);
    await sql`update tenants set name = 'Acme' where id = ${first.tenantId}`.execute(database.db);
    assert.deepEqual(await ensure(token), first);
    assert.equal((await ensure('souk_a-third-token-that-is-long-enough')).tenantId, first.tenantId);
  });

  test('a token is kept only as its hash', async () => {
    await ensure(token);
    const { rows } = await sql<{ text: string }>`select string_agg(tokens::text, '') as text from tokens`.execute(
      database.db,
    );
    assert.ok(!(rows[0]?.text ?? token).includes(token));
  });

  test('a token that is wrong, revoked or expired finds nobody', async () => {
    const { tokenId } = await ensure(token);
    assert.equal(await findActor(database.db, `${token}x`), null);
    await sql`update tokens set revoked_at = now() where id = ${tokenId}`.execute(database.db);
    assert.equal(await findActor(database.db, token), null);
    await sql`update tokens set revoked_at = null, expires_at = now() - interval '1 second' where id = ${tokenId}`.execute(
      database.db,
    );
    assert.equal(await findActor(database.db, token), null);
    await sql`update tokens set expires_at = now() + interval '1 hour' where id = ${tokenId}`.execute(database.db);
    assert.equal((await findActor(database.db, token))?.tokenId, tokenId);
  });

  test('its last use is written at most once a minute', async () => {
    const { tokenId } = await ensure(token);
    const lastUse = async (): Promise<Date | null | undefined> =>
      (await sql<{ at: Date | null }>`select last_used_at as at from tokens where id = ${tokenId}`.execute(database.db))
        .rows[0]?.at;
    await sql`update tokens set last_used_at = now() - interval '59 seconds' where id = ${tokenId}`.execute(
      database.db,
    );
    const recent = await lastUse();
    await findActor(database.db, token);
    assert.deepEqual(await lastUse(), recent);
    await sql`update tokens set last_used_at = now() - interval '61 seconds' where id = ${tokenId}`.execute(
      database.db,
    );
    await findActor(database.db, token);
    assert.ok(((await lastUse())?.getTime() ?? 0) > (recent?.getTime() ?? 0));
  });

  test("a command that holds the tenant's lock keeps no worker from telling of the tenant's stores", async () => {
    const { tenantId } = await ensure(token);
    // The worker holds its store's row by then; waiting for the command, which waits for that row, would be a deadlock.
    const tell = () =>
      inTransaction(database.db, async (tx) => {
        await sql`set local lock_timeout = '500ms'`.execute(tx);
        await appendEvent(tx, { type: 'store.ready', tenantId, storeId: null, actor: 'a worker', message: 'told' });
      });
    await inTransaction(database.db, async (tx) => {
      await lockQuota(tx, tenantId);
      await tell();
    });
  });
});
