import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { takeLeadership } from './leader-lease.ts';
import { listForgottenStores, WATCH_LEASE, writeClusterFacts } from './observed-health.ts';

const DOMAIN = 'souk.localhost';
const BACK = { version: 'v1.36.3', nodes: [], message: null };
const AWAY = { version: null, nodes: [], message: 'The cluster does not answer.' };

let database: TestDatabase;
let fence: number;
before(async () => {
  database = await createTestDatabase();
  await sql`insert into tenants (id, name) values ('ten_aaaaaaaaaa', 'a tenant')`.execute(database.db);
  await sql`insert into clusters (id, name, base_domain) values ('clu_aaaaaaaaaa', 'local', ${DOMAIN})`.execute(
    database.db,
  );
  fence = (await takeLeadership(database.db, WATCH_LEASE, 'a worker', 600_000)) ?? 0;
});
after(() => database.close());

describe('facts about the cluster', () => {
  beforeEach(async () => {
    await sql`delete from jobs`.execute(database.db);
    await sql`
      insert into jobs (id, kind, subject, fair_group, state, attempt, run_at) values
        ('job_aaaaaaaaaa', 'reconcile-store', 'failed before', 'g', 'available', 6, now() + interval '1 minute'),
        ('job_bbbbbbbbbb', 'reconcile-store', 'parked', 'g', 'waiting', 0, now() + interval '1 minute'),
        ('job_cccccccccc', 'reconcile-store', 'for later', 'g', 'available', 0, now() + interval '1 minute'),
        ('job_dddddddddd', 'send-mail', 'a mail', 'g', 'available', 6, now() + interval '1 minute')`.execute(
      database.db,
    );
  });
  const listDue = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ subject: string }>`
      select subject from jobs where run_at <= now() order by subject`.execute(database.db);
    return rows.map(({ subject }) => subject);
  };

  it('make due at once what failed while the cluster was away, when it is back, and nothing else', async () => {
    await writeClusterFacts(database.db, fence, DOMAIN, BACK);
    await sql`update jobs set run_at = now() + interval '1 minute'`.execute(database.db);
    await writeClusterFacts(database.db, fence, DOMAIN, BACK);
    await writeClusterFacts(database.db, fence, DOMAIN, AWAY);
    await writeClusterFacts(database.db, fence, DOMAIN, AWAY);
    assert.deepEqual(await listDue(), []);
    await writeClusterFacts(database.db, fence, DOMAIN, BACK);
    assert.deepEqual(await listDue(), ['failed before']);
  });

  it('change nothing when a former leader writes them', async () => {
    await writeClusterFacts(database.db, fence, DOMAIN, AWAY);
    await writeClusterFacts(database.db, fence - 1, DOMAIN, BACK);
    assert.deepEqual(await listDue(), []);
  });
});

describe('a store that was forgotten', () => {
  it('is one that failed and has no job to clean it up, unless that was done or is not to be', async () => {
    await sql`
      insert into stores (id, tenant_id, cluster_id, name, created_by, engine, engine_version, plan, admin_email, phase,
        observed_generation, error_code, error_message, keep_failed, ready_at)
      select id, 'ten_aaaaaaaaaa', 'clu_aaaaaaaaaa', name, 'x', 'test-shop', '1', 'standard', 'a@example.org', 'failed',
        1, 'x', 'x', keeps, case when has_lived then now() end
      from (values
        ('sto_aaaaaaaaaa', 'lost', false, false),
        ('sto_bbbbbbbbbb', 'cleaned', false, false),
        ('sto_cccccccccc', 'under-way', false, false),
        ('sto_dddddddddd', 'kept', true, false),
        ('sto_eeeeeeeeee', 'lived', false, true)
      ) as failed (id, name, keeps, has_lived)`.execute(database.db);
    await sql`
      insert into jobs (id, kind, subject, fair_group, state, finished_at) values
        ('job_eeeeeeeeee', 'reconcile-store', 'sto_bbbbbbbbbb', 'g', 'discarded', now()),
        ('job_ffffffffff', 'reconcile-store', 'sto_cccccccccc', 'g', 'waiting', null)`.execute(database.db);
    assert.deepEqual(
      (await listForgottenStores(database.db)).map(({ id }) => id),
      ['sto_aaaaaaaaaa'],
    );
  });
});
