import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlatformPki } from '../pki/platform-pki.ts';
import { derivePaths } from '../platform-paths.ts';
import { containerdCommand, renderCniConfig, renderContainerdConfig } from './containerd.ts';
import { controllerManagerCommand, schedulerCommand } from './controllers.ts';
import { etcdCommand } from './etcd.ts';
import { renderProxyConfig } from './kube-proxy.ts';
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

test('what answers without asking who calls listens inside the node alone, out of reach of pods', () => {
  const files = { certificateFile: '/pki/cert.pem', keyFile: '/pki/key.pem' };
  const parts = ['cluster', 'etcd', 'frontProxy', 'etcdServer', 'etcdClient', 'aggregator', 'apiServer', 'kubelet'];
  const pki = {
    ...Object.fromEntries(parts.map((part) => [part, files])),
    serviceAccounts: { ...files, publicKeyFile: '/pki/key.pub' },
    kubeconfigs: {},
  } as unknown as PlatformPki;
  for (const command of [etcdCommand(node, pki), controllerManagerCommand(node, pki), schedulerCommand(node, pki)]) {
    const addresses = command.filter((argument) => /^--(bind-address|listen-\w+-urls)=/.test(argument));
    assert.ok(addresses.length > 0);
    for (const address of addresses) assert.match(address, /=(https?:\/\/)?127\.0\.0\.1(:|$)/);
  }
  const proxy = renderProxyConfig(pki);
  assert.match(`${proxy.healthzBindAddress} ${proxy.metricsBindAddress}`, /^127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+$/);
  const kubelet = renderKubeletConfig(node, pki);
  assert.equal(kubelet.healthzBindAddress, '127.0.0.1');
  assert.deepEqual(kubelet.authorization, { mode: 'Webhook' });
});
