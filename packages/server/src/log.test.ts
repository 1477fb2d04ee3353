import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';

test('a line is JSON with level, time and part, and fields that could hold a secret are cut out', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', part: 'test', destination: { write: (line) => lines.push(line) } });
  log.info(
    { storeId: 'sto_a', adminPassword: 'canary', request: { headers: { authorization: 'Bearer canary' } } },
    'hello',
  );
  log.debug('not told');
  assert.equal(lines.length, 1);
  const line: unknown = JSON.parse(lines[0] ?? '');
  assert.ok(typeof line === 'object' && line !== null);
  assert.deepEqual(
    ['level', 'time', 'part', 'msg', 'storeId'].filter((key) => !(key in line)),
    [],
  );
  assert.ok(!lines.join().includes('canary'));
});
