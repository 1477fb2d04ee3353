import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownMountPoints } from './sweep.ts';

const MOUNTINFO = `22 1 254:0 / / rw - ext4 /dev/vda rw
30 22 0:40 / /var/lib/souk/kubelet/pods/1/volumes/a rw - tmpfs tmpfs rw
31 22 0:41 / /var/lib/souk/kubelet/pods/1/volumes/a/inner rw - tmpfs tmpfs rw
32 22 0:42 / /var/lib/souk-test/kubelet/pods/2 rw - tmpfs tmpfs rw
33 22 0:43 / /run/souk-ab12cd/containerd/x rw - overlay overlay rw
34 22 0:44 / /var/lib/souk/with\\040blank rw - tmpfs tmpfs rw
`;

test('only mounts below the platform’s own folders are found, the deepest first', () => {
  assert.deepEqual(ownMountPoints(MOUNTINFO, ['/var/lib/souk', '/run/souk-ab12cd']), [
    '/var/lib/souk/with blank',
    '/run/souk-ab12cd/containerd/x',
    '/var/lib/souk/kubelet/pods/1/volumes/a/inner',
    '/var/lib/souk/kubelet/pods/1/volumes/a',
  ]);
});

test('a neighbour whose home begins with the same letters is left alone', () => {
  assert.deepEqual(ownMountPoints(MOUNTINFO, ['/var/lib/souk-test']), ['/var/lib/souk-test/kubelet/pods/2']);
});
