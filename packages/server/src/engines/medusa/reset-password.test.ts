// The statement is run by a real PostgreSQL, on a table as Medusa makes it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { resetPassword } from './reset-password.ts';

// Every sign that could end a quote.
const USERNAME = `o'wner$souk$"\\--@example.org`;

describe("a Medusa admin's new password", () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase({ isMigrated: false });
    await sql`
      create table provider_identity (
        entity_id text, provider text, provider_metadata jsonb, updated_at timestamptz, deleted_at timestamptz)`.execute(
      database.db,
    );
  });
  after(() => database.close());
  beforeEach(async () => {
    await sql`truncate provider_identity`.execute(database.db);
  });

  const addLogin = (entityId: string, provider: string) =>
    sql`
      insert into provider_identity (entity_id, provider, provider_metadata)
      values (${entityId}, ${provider}, '{"password": "old", "kept": 1}')`.execute(database.db);
  const run = (input: string) => sql.raw(input).execute(database.db);
  const passwordOf = async (entityId: string, provider: string) => {
    const { rows } = await sql<{ metadata: { password: string; kept: number } }>`
      select provider_metadata as metadata from provider_identity
      where entity_id = ${entityId} and provider = ${provider}`.execute(database.db);
    return rows[0]?.metadata;
  };

  it('replaces the hash of that one login, and only there', async () => {
    await addLogin(USERNAME, 'emailpass');
    await addLogin(USERNAME, 'google');
    await addLogin('somebody@example.org', 'emailpass');
    const { program, secrets } = await resetPassword({ username: USERNAME, randomBytes });
    await run(program.input);
    const hash = secrets['store-internal']?.adminPasswordHash;
    assert.match(hash ?? '', /^c2NyeXB0/);
    assert.deepEqual(await passwordOf(USERNAME, 'emailpass'), { password: hash, kept: 1 });
    assert.equal((await passwordOf(USERNAME, 'google'))?.password, 'old');
    assert.equal((await passwordOf('somebody@example.org', 'emailpass'))?.password, 'old');
  });

  it('fails where there is no such login', async () => {
    await addLogin('somebody@example.org', 'emailpass');
    const { program } = await resetPassword({ username: USERNAME, randomBytes });
    await assert.rejects(run(program.input), /no such login/);
  });

  it('passes nothing secret in the arguments, and not even the password itself in the input', async () => {
    const { program, secrets } = await resetPassword({ username: USERNAME, randomBytes });
    const password = secrets['store-admin']?.password ?? '';
    assert.match(password, /^[A-Za-z0-9]{20}$/);
    assert.ok(!JSON.stringify(program).includes(password));
    assert.ok(program.command.every((argument) => !argument.includes('owner') && !argument.includes('c2NyeXB0')));
  });
});
