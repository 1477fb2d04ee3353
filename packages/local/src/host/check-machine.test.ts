import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { PlatformError } from '../platform-error.ts';
import { derivePaths } from '../platform-paths.ts';
import { checkMachine, tooOld } from './check-machine.ts';

const GO_MOD = 'module souk/local\n\ngo 1.26.8\n\nrequire x v1.0.0\n';

test('a Go that can build the module passes, and an older one is told with the version it should have', () => {
  for (const good of ['go1.26.8', 'go1.26.10', 'go1.27', 'go2.0', 'go1.27-devel_abc']) {
    assert.equal(tooOld(good, GO_MOD, ''), null, good);
  }
  for (const old of ['go1.26.7', 'go1.19.8', 'go1.26']) {
    assert.match(tooOld(old, GO_MOD, '') ?? '', new RegExp(`^Go 1\\.26\\.8 or newer is needed; this is ${old}$`));
  }
  assert.match(tooOld('go1.24.4', GO_MOD, 'local') ?? '', /GOTOOLCHAIN=local keeps it from fetching/);
});

test('without Go a cold machine is refused, and one that has all programs is not', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'souk-machine-'));
  const before = process.env.PATH;
  try {
    const paths = derivePaths(path.join(folder, 'home'), path.join(folder, 'cache'));
    process.env.PATH = folder;
    await checkMachine(paths, false, { hasPrograms: true, hasImages: true });
    await assert.rejects(checkMachine(paths, false, { hasPrograms: false, hasImages: true }), (error) => {
      assert.ok(error instanceof PlatformError);
      assert.match(error.message, /Go is missing/);
      return true;
    });
  } finally {
    process.env.PATH = before;
    await rm(folder, { recursive: true });
  }
});
