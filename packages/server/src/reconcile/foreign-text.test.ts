// What a shop prints, Helm says and Kubernetes answers may hold any character. Postgres takes some of them for an error, and what could
// not be written down would be tried again for ever.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { TerminalError } from '../errors.ts';
import { storeNamespace } from '../ids.ts';
import { discardJob, retryJob } from '../jobs/job-queries.ts';
import { createWorld, type World } from './test-world.ts';

const HALF = '😀'.slice(1);

describe('text that Postgres cannot keep', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  it('stands in a diagnosis with what cannot be kept replaced, also where an emoji is cut in two', async () => {
    const storeId = await world.insertStore();
    world.setWeather('pods crash');
    world.kube.setLogs({ namespace: storeNamespace(storeId), name: 'front-0' }, `😀${'a'.repeat(3_996)}\0b\n`);
    assert.ok((await world.settle(storeId)) instanceof TerminalError);
    world.setWeather('fine');
    const { rows } = await sql<{ log: string }>`
      select jsonb_path_query_first(details, '$.pods[*] ? (@.name == "front-0").log') #>> '{}' as log
      from events where store_id = ${storeId} and type = 'store.diagnosis_recorded'`.execute(world.db);
    assert.equal(rows[0]?.log, `\uFFFD${'a'.repeat(3_996)}\uFFFDb\n`);
  });

  it('fails a store with its error, and does not keep it from failing', async () => {
    const storeId = await world.insertStore();
    world.helm.failNext(`execution error at (a\0b${HALF})`);
    assert.ok((await world.settle(storeId)) instanceof TerminalError);
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.errorCode], ['failed', 'install_refused']);
    assert.match(row.errorMessage ?? '', /a\uFFFDb\uFFFD/);
  });

  it('ends an attempt that failed with it', async () => {
    await sql`
      insert into jobs (id, kind, subject, fair_group, state, fence, lease_owner, lease_expires_at)
      select id, 'reconcile-store', id, 'g', 'running', fence, 'a worker', now() + interval '9 seconds'
      from (values ('job_aaaaaaaaaa', 1), ('job_bbbbbbbbbb', 2)) as held (id, fence)`.execute(world.db);
    const error = `a\0b${HALF}`;
    assert.equal(await retryJob(world.db, { jobId: 'job_aaaaaaaaaa', fence: 1 }, { afterMs: 0, error }), true);
    assert.equal(await discardJob(world.db, { jobId: 'job_bbbbbbbbbb', fence: 2 }, error), true);
    const { rows } = await sql`select distinct error from jobs`.execute(world.db);
    assert.deepEqual(rows, [{ error: 'a\uFFFDb\uFFFD' }]);
  });
});
