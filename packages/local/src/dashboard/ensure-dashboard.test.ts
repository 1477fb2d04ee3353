import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ensureDashboard } from './ensure-dashboard.ts';

// Stands in for the real build, which takes seconds: writes one file, and counts how often it was asked.
const BUILD = `
import { appendFileSync, writeFileSync } from 'node:fs';
const [folder] = process.argv.slice(2);
appendFileSync(new URL('../../builds', import.meta.url), 'built\\n');
writeFileSync(folder + '/index.html', 'page');
`;

async function makeCheckout(): Promise<string> {
  const checkout = await mkdtemp(path.join(tmpdir(), 'souk-dashboard-'));
  for (const name of ['dashboard', 'contract']) await mkdir(path.join(checkout, 'packages', name), { recursive: true });
  await writeFile(path.join(checkout, 'packages/dashboard/build.ts'), BUILD);
  await writeFile(path.join(checkout, 'package-lock.json'), '{}');
  return checkout;
}

test('the same sources are built once, a changed one anew, and what is half built is never served', async () => {
  const checkout = await makeCheckout();
  const cache = path.join(checkout, 'cache');
  try {
    const [first, same] = [await ensureDashboard(cache, checkout), await ensureDashboard(cache, checkout)];
    assert.equal(same, first);
    assert.equal(await readFile(path.join(first, 'index.html'), 'utf8'), 'page');
    await writeFile(path.join(checkout, 'packages/contract/new.ts'), 'export {};');
    assert.notEqual(await ensureDashboard(cache, checkout), first);
    assert.equal((await readFile(path.join(checkout, 'builds'), 'utf8')).split('\n').length - 1, 2);
    assert.deepEqual(
      (await readdir(path.join(cache, 'dashboard'))).filter((name) => name.startsWith('.building')),
      [],
    );
    await writeFile(path.join(checkout, 'packages/dashboard/build.ts'), 'process.exit(3);');
    await assert.rejects(ensureDashboard(cache, checkout), /ended with 3/);
  } finally {
    await rm(checkout, { recursive: true, force: true });
  }
});
