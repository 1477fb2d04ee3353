import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { IMAGES_DIR } from '../../packages/local/src/images/build-images.ts';
import { planImages } from '../../packages/local/src/images/image-plan.ts';

test('without its archive WooCommerce is missing with what to do about it, and every other image is planned', async () => {
  const cacheDir = await mkdtemp(path.join(tmpdir(), 'souk-plan-'));
  try {
    const names = ['woocommerce', 'woocommerce-database', 'mariadb', 'medusa-database'];
    const plan = await planImages(names, [IMAGES_DIR], { cacheDir, programsDir: undefined });
    const file = path.join(cacheDir, 'archives', 'woocommerce-11.0.1.zip');
    assert.deepEqual([...plan.missing.keys()].sort(), ['woocommerce', 'woocommerce-database', 'woocommerce-golden']);
    for (const reason of plan.missing.values()) assert.ok(reason.includes(`save it as ${file}`), reason);
    const planned = plan.images.map(({ name }) => name);
    assert.ok(planned.includes('mariadb') && planned.includes('medusa-database'), planned.join());
  } finally {
    await rm(cacheDir, { recursive: true });
  }
});
