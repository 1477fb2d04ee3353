import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { CLUSTER_SETTINGS } from '../existing-cluster.ts';
import { CHECKOUT } from '../platform-paths.ts';
import { PASSED_ON } from './supervisor.ts';

const PAGE = path.join(CHECKOUT, 'docs/operations/local-platform.md');

const namesIn = (text: string): string[] => [...text.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name = '']) => name);

test('the page on the local platform lists exactly the variables that up passes on', async () => {
  const page = await readFile(PAGE, 'utf8');
  const [, list = ''] = /it passes on only these:([\s\S]*?)\. They count/.exec(page) ?? [];
  assert.deepEqual(namesIn(list), [...PASSED_ON]);
});

test('the page lists every variable that tells of another cluster', async () => {
  const page = await readFile(PAGE, 'utf8');
  const [, table = ''] = /\n\| variable of `souk up` \|([\s\S]*?)\n\n/.exec(page) ?? [];
  const first = table.split('\n').flatMap((row) => namesIn(row.split('|')[1] ?? ''));
  // Read by `up` itself, and not passed on.
  assert.deepEqual(first.sort(), [...CLUSTER_SETTINGS, 'IMAGES_FILE'].sort());
});
