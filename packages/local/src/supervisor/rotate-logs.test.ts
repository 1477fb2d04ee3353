import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { rotateLogs } from './rotate-logs.ts';

test('a long log is put aside while its writer goes on in the same file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'souk-logs-'));
  const file = path.join(folder, 'part.log');
  await writeFile(path.join(folder, 'short.log'), 'short');
  const writer = await open(file, 'a');
  await writer.write('first and long\n');
  await rotateLogs(folder, 10);
  await writer.write('second\n');
  await writer.close();
  assert.equal(await readFile(`${file}.1`, 'utf8'), 'first and long\n');
  assert.equal(await readFile(file, 'utf8'), 'second\n');
  assert.equal(await readFile(path.join(folder, 'short.log'), 'utf8'), 'short');
  await rm(folder, { recursive: true });
});
