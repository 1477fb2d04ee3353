import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { armFailpoints, armFailpointsFrom, failpoint } from './failpoint.ts';
import { listFailpointNames } from './failpoint-names.ts';

describe('failpoints', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'souk-failpoints-'));
  });
  after(async () => {
    armFailpoints('');
    armFailpointsFrom(null);
    await rm(folder, { recursive: true });
  });

  it('do nothing until they are armed, and what they are told when they are', async () => {
    await failpoint('before-anything');
    armFailpoints('before-anything=error,after-anything=delay:1');
    await assert.rejects(failpoint('before-anything'), /failpoint before-anything/);
    await failpoint('after-anything');
    armFailpoints('');
    await failpoint('before-anything');
  });

  it('refuse an action that there is not', () => {
    for (const wrong of ['a', 'a=', 'a=explode', 'a=delay:soon', '=kill']) {
      assert.throws(() => armFailpoints(wrong), /failpoint/, wrong);
    }
  });

  it('armed by a file work once, and leave the name of the process that got there', async () => {
    armFailpointsFrom(folder);
    await writeFile(join(folder, 'before-anything'), 'error\n');
    await assert.rejects(failpoint('before-anything'), /failpoint before-anything/);
    await failpoint('before-anything');
    assert.deepEqual(await readdir(folder), [`before-anything.reached-by-${process.pid}`]);
  });

  it('stand before and after every effect that the code has, each under a name of its own', async () => {
    const names = await listFailpointNames(import.meta.dirname);
    const befores = names.filter((name) => name.startsWith('before-'));
    assert.ok(befores.length >= 30, `only ${befores.length} effects are listed`);
    for (const name of befores) {
      assert.ok(names.includes(name.replace('before-', 'after-')), name);
    }
    for (const name of ['before-apply-namespace', 'after-mark-ready', 'before-commit-create', 'after-claim-jobs']) {
      assert.ok(names.includes(name), name);
    }
  });
});
