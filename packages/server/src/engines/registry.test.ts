import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadEngines } from './registry.ts';

const TEST_ENGINE = fileURLToPath(new URL('../../../../acceptance/test-engine', import.meta.url));
const MEDUSA_IMAGES = Object.fromEntries(
  ['medusa', 'medusa-storefront', 'medusa-database', 'valkey'].map((name) => [name, `souk.local/${name}:test`]),
);

async function withFolder<T>(source: string | null, act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'souk-engine-'));
  try {
    if (source !== null) await writeFile(path.join(folder, 'engine.ts'), source);
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('an engine whose images are all built is available', async () => {
  const engines = await loadEngines({ extraFolders: [], images: MEDUSA_IMAGES });
  assert.equal(engines.get('medusa')?.available, true);
  assert.equal(engines.get('medusa')?.reason, null);
});

test('every folder beside the registry is an engine of that name', async () => {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const engines = await loadEngines({ extraFolders: [], images: {} });
  assert.deepEqual([...engines.keys()], folders.sort());
});

test('every engine names exactly the Services that its chart makes', async () => {
  const engines = await loadEngines({ extraFolders: [TEST_ENGINE], images: {} });
  for (const { engine } of engines.values()) {
    const templates = path.join(engine.chartPath, 'templates');
    const files = (await readdir(templates)).filter((name) => name.endsWith('.yaml'));
    const texts = await Promise.all(files.map((name) => readFile(path.join(templates, name), 'utf8')));
    const made = texts.flatMap((text) =>
      [...text.matchAll(/^kind: Service\nmetadata:\n {2}name: (.+)$/gm)].map(([, name]) => name),
    );
    for (const plan of ['small', 'standard', 'large'] as const) {
      assert.deepEqual([...engine.services(plan)].sort(), made.sort(), `${engine.name}, ${plan}`);
    }
  }
});

test('an engine with missing images is kept but unavailable, and the reason names them', async () => {
  const { valkey: _valkey, medusa: _medusa, ...some } = MEDUSA_IMAGES;
  const medusa = (await loadEngines({ extraFolders: [], images: some })).get('medusa');
  assert.equal(medusa?.available, false);
  assert.equal(medusa.reason, 'its images are not built: medusa, valkey');
});

test('where it is known why an image is missing, the engine says that, once', async () => {
  const { valkey: _valkey, medusa: _medusa, ...images } = MEDUSA_IMAGES;
  const reason = 'A 1 is not here: save it as /a.zip';
  const missingImages = { medusa: reason, valkey: reason };
  const medusa = (await loadEngines({ extraFolders: [], images, missingImages })).get('medusa');
  assert.equal(medusa?.available, false);
  assert.equal(medusa.reason, reason);
});

test('a configured folder adds an engine without any other code', async () => {
  const images = { 'test-shop': 'souk.local/test-shop:test' };
  const engines = await loadEngines({ extraFolders: [TEST_ENGINE], images });
  assert.equal(engines.get('test-shop')?.available, true);
});

test('an engine that is configured twice is refused', async () => {
  const loading = loadEngines({ extraFolders: [TEST_ENGINE, TEST_ENGINE], images: {} });
  await assert.rejects(loading, /two engines are called "test-shop"/);
});

test('a configured folder without an engine is refused by its path', async () => {
  await withFolder(null, async (folder) => {
    await assert.rejects(loadEngines({ extraFolders: [folder], images: {} }), new RegExp(`${folder}/engine\\.ts`));
  });
  await withFolder('export const other = 1;\n', async (folder) => {
    await assert.rejects(loadEngines({ extraFolders: [folder], images: {} }), /does not export an "engine"/);
  });
});
