import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { importImages } from './import-images.ts';

test('an image is imported and pinned once, and never again under the same hash', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'souk-import-images-'));
  try {
    // Stands in for ctr: remembers imported archives by name and writes down what it was asked.
    const ctr = path.join(folder, 'ctr');
    await writeFile(ctr, `#!/bin/sh\ncd ${folder}\ncase "$4" in ls) cat present;; *) echo "$*" >>asked;; esac\n`, {
      mode: 0o755,
    });
    await writeFile(path.join(folder, 'present'), 'souk.local/old:1111\n');
    const references = ['souk.local/old:1111', 'souk.local/new:2222'];
    await importImages({ references, cacheDir: '/cache', ctr: [ctr], log: () => {} });
    assert.deepEqual((await readFile(path.join(folder, 'asked'), 'utf8')).trim().split('\n'), [
      '--namespace k8s.io images import /cache/images/new-2222.oci.tar',
      '--namespace k8s.io images label souk.local/new:2222 io.cri-containerd.pinned=pinned',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
