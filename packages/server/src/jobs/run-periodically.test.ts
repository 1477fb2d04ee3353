import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../log.ts';
import { runPeriodically } from './run-periodically.ts';

test('a chore that fails keeps no other from its turn', async () => {
  const ran: string[] = [];
  const periodic = runPeriodically({
    everyMs: 60_000,
    log: silentLog(),
    tasks: {
      fails: async () => {
        throw new Error('no luck');
      },
      works: async () => ran.push('works'),
    },
  });
  await periodic.runOnce();
  await periodic.stop();
  assert.deepEqual(ran, ['works']);
});

test('a chore that finds more than it does at once goes on until it is through', async () => {
  let left = 3_500;
  let turns = 0;
  const periodic = runPeriodically({
    everyMs: 60_000,
    log: silentLog(),
    tasks: {
      delete: async (limit) => {
        turns += 1;
        const deleted = Math.min(left, limit);
        left -= deleted;
        return deleted;
      },
    },
  });
  await periodic.runOnce();
  await periodic.stop();
  assert.deepEqual([left, turns], [0, 4]);
});
