import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlatformPki } from '../pki/platform-pki.ts';
import { derivePaths } from '../platform-paths.ts';
import { containerdCommand, renderCniConfig, renderContainerdConfig } from './containerd.ts';
import { renderKubeletConfig } from './kubelet.ts';
import type { Node } from './node-facts.ts';
import { POD_CIDR } from './node-network.ts';

const node: Node = {
  paths: derivePaths('/var/lib/souk-x', '/var/cache/souk'),
  network: { hostIp: '100.64.0.1', nodeIp: '100.64.0.2', prefix: 30 },
  programs: '/var/cache/souk/programs/abc',
  pauseImage: 'souk.local/pause:123',
  cgroup: '/souk.slice/souk-x',
};

test('all that containerd keeps at run time lies under the folder that is swept', () => {
  const config = renderContainerdConfig(node);
  for (const key of ['state', 'address', 'socket_dir', 'Root']) {
    const values = [...config.matchAll(new RegExp(`^ *${key} = "(.*)"$`, 'gm'))].map(([, value]) => value ?? '');
    assert.ok(values.length > 0, key);
    for (const value of values) assert.ok(value.startsWith(`${node.paths.runtime}/`), `${key} = ${value}`);
  }
  assert.match(config, /^root = "\/var\/lib\/souk-x\/containerd"$/m);
});

test('the pause image is pinned, because no registry could give it back', () => {
  assert.match(renderContainerdConfig(node), /pinned_images\]\n {2}sandbox = "souk.local\/pause:123"/);
});

test('containerd is asked for no score that a machine without CAP_SYS_RESOURCE refuses', () => {
  assert.match(renderContainerdConfig(node), /^ {2}restrict_oom_score_adj = true$/m);
});

test('pods are routed, get their addresses from the pod network, and wait for their policies', () => {
  const [plugin, last] = JSON.parse(renderCniConfig(node.paths)).plugins;
  assert.equal(plugin.type, 'ptp');
  assert.deepEqual(plugin.ipam.ranges, [[{ subnet: POD_CIDR }]]);
  assert.ok(plugin.ipam.dataDir.startsWith(node.paths.runtime));
  assert.deepEqual(last, { type: 'attach-pod', socket: node.paths.policiesSocket });
});

test('containerd is started from the programs folder with the config in SOUK_HOME', () => {
  assert.deepEqual(containerdCommand(node), [
    '/var/cache/souk/programs/abc/containerd',
    '--config',
    '/var/lib/souk-x/config/containerd.toml',
  ]);
});

test('kubelet and runc both keep cgroups as files, below the group that was made for them', () => {
  const pki = { kubelet: {}, cluster: {} } as PlatformPki;
  const { cgroupDriver, cgroupRoot } = renderKubeletConfig(node, pki);
  assert.deepEqual({ cgroupDriver, cgroupRoot }, { cgroupDriver: 'cgroupfs', cgroupRoot: '/souk.slice/souk-x' });
  assert.match(renderContainerdConfig(node), /^ {2}SystemdCgroup = false$/m);
});
