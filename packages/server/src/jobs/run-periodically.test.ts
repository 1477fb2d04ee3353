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
