import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { waitUntil } from '../db/wait-until.ts';
import { silentLog } from '../log.ts';
import { createCandidate, type Term } from './lead.ts';
import { renewLeadership, resignLeadership, takeLeadership } from './leader-lease.ts';

describe('leadership', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.close());

  it('belongs to one at a time, and each term has a higher fence', async () => {
    const { db } = database;
    const first = await takeLeadership(db, 'test', 'a', 60_000);
    assert.ok(first !== null);
    assert.equal(await takeLeadership(db, 'test', 'b', 60_000), null);
    assert.equal(await renewLeadership(db, 'test', first, 60_000), true);
    await resignLeadership(db, 'test', first);
    const second = await takeLeadership(db, 'test', 'b', 60_000);
    assert.ok(second !== null && second > first);
    assert.equal(await renewLeadership(db, 'test', first, 60_000), false);
    await resignLeadership(db, 'test', first);
    assert.equal(await renewLeadership(db, 'test', second, 60_000), true);
  });

  it('passes on when its holder stops', async () => {
    const terms: string[] = [];
    const candidate = (owner: string) =>
      createCandidate({
        db: database.db,
        name: 'passed-on',
        owner,
        log: silentLog(),
        lead: async ({ signal }: Term) => {
          terms.push(owner);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      });
    const [first, second] = [candidate('first'), candidate('second')];
    first.start();
    await waitUntil('the first leads', () => terms.length === 1);
    second.start();
    await first.stop();
    await waitUntil('the second leads', () => terms.includes('second'), 4_000);
    await second.stop();
  });
});
