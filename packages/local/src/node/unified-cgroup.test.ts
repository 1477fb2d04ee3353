import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { exists } from '../host/files.ts';
import { PlatformError } from '../platform-error.ts';
import { createUnifiedCgroup, findUnifiedCgroups, removeLeaf } from './unified-cgroup.ts';

const ALL = 'cpuset cpu io memory hugetlb pids rdma misc';

// Plain files stand for the kernel's: what is written one after the other stays there to be read.
function fakeGroup(folder: string, controllers: string, passedOn = ''): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'cgroup.controllers'), `${controllers}\n`);
  writeFileSync(path.join(folder, 'cgroup.subtree_control'), passedOn === '' ? '' : `${passedOn}\n`);
  return folder;
}
const written = (folder: string): string[] =>
  readFileSync(path.join(folder, 'cgroup.subtree_control'), 'utf8').trim().split('\n');
const fakeRoot = (controllers: string, passedOn = ''): string =>
  fakeGroup(mkdtempSync(path.join(tmpdir(), 'souk-cgroup-')), controllers, passedOn);

test('the root and our group pass on every controller that pods use, one by one, and no other', async () => {
  const root = fakeRoot(ALL, 'memory pids');
  const own = fakeGroup(path.join(root, 'souk-x'), ALL);
  await createUnifiedCgroup({ root, parent: '/', name: 'souk-x' });
  assert.deepEqual(written(root), ['memory pids', '+cpu', '+cpuset', '+io', '+hugetlb']);
  assert.deepEqual(written(own), ['+cpu', '+cpuset', '+io', '+memory', '+hugetlb', '+pids']);
});

test('below a delegated group nothing above it is written', async () => {
  const root = fakeRoot(ALL, 'cpu memory pids');
  const slice = fakeGroup(path.join(root, 'souk.slice'), ALL);
  fakeGroup(path.join(slice, 'souk-x'), ALL);
  await createUnifiedCgroup({ root, parent: '/souk.slice', name: 'souk-x' });
  assert.deepEqual(written(root), ['cpu memory pids']);
  assert.equal(written(slice).length, 6);
  assert.deepEqual(await findUnifiedCgroups(root, 'souk-x'), [path.join(slice, 'souk-x')]);
});

test('a controller that the kernel does not have is not asked for and not missed', async () => {
  const root = fakeRoot('cpu cpuset memory pids');
  const own = fakeGroup(path.join(root, 'souk-x'), 'cpu cpuset memory pids');
  await createUnifiedCgroup({ root, parent: '/', name: 'souk-x' });
  assert.deepEqual(written(own), ['+cpu', '+cpuset', '+memory', '+pids']);
});

test('a group that was delegated too little is refused by the name of what lacks', async () => {
  const root = fakeRoot(ALL, 'memory pids');
  const slice = fakeGroup(path.join(root, 'user.slice'), 'memory pids');
  fakeGroup(path.join(slice, 'souk-x'), 'memory pids');
  await assert.rejects(createUnifiedCgroup({ root, parent: '/user.slice', name: 'souk-x' }), (error) => {
    assert.ok(error instanceof PlatformError);
    assert.match(error.message, /lacks controllers that the kubelet needs: cpu, cpuset, hugetlb/);
    assert.match(error.remedy ?? '', /\/user\.slice: Delegate=yes/);
    return true;
  });
});

test('a parent that is not there is refused', async () => {
  await assert.rejects(
    createUnifiedCgroup({ root: fakeRoot(ALL), parent: '/nowhere.slice', name: 'souk-x' }),
    /SOUK_CGROUP_PARENT \(\/nowhere\.slice\) is no cgroup of this machine/,
  );
});

// The kernel's own hierarchy, also where it stands beside v1 and has only what v1 left over.
const mount = process.getuid?.() === 0 ? findUnifiedMount() : null;
const whyNot = mount === null ? 'no cgroup v2 hierarchy with a free controller is mounted, or this is not root' : false;

describe('with the kernel', { skip: whyNot }, () => {
  const machine = mount ?? '';
  const controllers = mount === null ? [] : namesIn(machine, 'cgroup.controllers').filter((name) => ALL.includes(name));
  const added = controllers.filter((name) => !namesIn(machine, 'cgroup.subtree_control').includes(name));
  const container = path.join(machine, `souk-test-${process.pid}`);
  const own = path.join(container, 'souk-x');
  let resident: ChildProcess;

  before(() => {
    for (const name of added) appendFileSync(path.join(machine, 'cgroup.subtree_control'), `+${name}`);
    mkdirSync(container);
    resident = spawn('sleep', ['60'], { stdio: 'ignore' });
    appendFileSync(path.join(container, 'cgroup.procs'), String(resident.pid));
  });
  after(async () => {
    const ended = new Promise((resolve) => resident.once('exit', resolve));
    resident.kill('SIGKILL');
    await ended;
    for (const folder of [own, path.join(container, 'souk-others'), container])
      if (await exists(folder)) rmdirSync(folder);
    for (const name of added) appendFileSync(path.join(machine, 'cgroup.subtree_control'), `-${name}`);
  });

  it('a group that has processes passes controllers on once they are in a leaf', async () => {
    await createUnifiedCgroup({ root: container, parent: '/', name: 'souk-x' });
    assert.deepEqual(namesIn(own, 'cgroup.subtree_control').sort(), [...controllers].sort());
    assert.deepEqual(namesIn(container, 'cgroup.procs'), []);
    assert.deepEqual(namesIn(path.join(container, 'souk-others'), 'cgroup.procs'), [String(resident.pid)]);
    await createUnifiedCgroup({ root: container, parent: '/', name: 'souk-x' });
  });

  it('the leaf stays while a platform is there, and its processes go back with the last one', async () => {
    await removeLeaf(container);
    assert.ok(await exists(path.join(container, 'souk-others')));
    rmdirSync(own);
    await removeLeaf(container);
    assert.deepEqual(namesIn(container, 'cgroup.procs'), [String(resident.pid)]);
    assert.deepEqual(namesIn(container, 'cgroup.subtree_control'), []);
    assert.equal(await exists(path.join(container, 'souk-others')), false);
  });
});

function findUnifiedMount(): string | null {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [front = '', back = ''] = line.split(' - ');
    const [, , , root, point] = front.split(' ');
    if (!back.startsWith('cgroup2 ') || root !== '/' || point === undefined) continue;
    return namesIn(point, 'cgroup.controllers').length > 0 ? point : null;
  }
  return null;
}

function namesIn(folder: string, file: string): string[] {
  return readFileSync(path.join(folder, file), 'utf8')
    .split(/\s+/)
    .filter((name) => name !== '');
}
