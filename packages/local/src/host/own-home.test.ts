import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { platformPaths } from '../platform-paths.ts';
import { assertOwnHome } from './own-home.ts';

describe('the home of a platform', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'souk-home-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('may be a folder that does not exist yet, or an empty one', async () => {
    await assertOwnHome({ home: path.join(folder, 'none') });
    await assertOwnHome({ home: folder });
  });

  it('may be what an earlier platform left, whole or half made', async () => {
    const home = path.join(folder, 'earlier');
    await mkdir(path.join(home, 'logs'), { recursive: true });
    await assertOwnHome({ home });
    await mkdir(path.join(home, 'secrets'));
    await writeFile(path.join(home, 'anything'), '');
    await assertOwnHome({ home });
  });

  it('is refused when it holds what is not ours, and the message names the variable', async () => {
    const home = path.join(folder, 'foreign');
    await mkdir(home);
    await writeFile(path.join(home, 'thesis.tex'), '');
    await assert.rejects(assertOwnHome({ home }), /SOUK_HOME .* holds things that are not Souk's/);
  });

  it('is refused at the root of the file system and right below it', async () => {
    await assert.rejects(assertOwnHome({ home: '/' }), /too near the root/);
    await assert.rejects(assertOwnHome({ home: '/var' }), /too near the root/);
  });

  it('is the default when the variable is empty', () => {
    assert.equal(platformPaths({ SOUK_HOME: '' }).home, platformPaths({}).home);
  });
});
