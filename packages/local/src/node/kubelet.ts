// The kubelet of the one node.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from '../host/files.ts';
import type { PlatformPki } from '../pki/platform-pki.ts';
import { CLUSTER_DOMAIN, NODE_NAME, type Node, program } from './node-facts.ts';
import { DNS_IP } from './node-network.ts';
import { OUTSIDE_DNS_IP } from './way-out.ts';

export const KUBELET_HEALTH_PORT = 10248;

export function kubeletCommand(node: Node, pki: PlatformPki): string[] {
  return [
    program(node, 'kubelet'),
    `--config=${path.join(node.paths.config, 'kubelet.json')}`,
    `--kubeconfig=${pki.kubeconfigs.kubelet}`,
    `--root-dir=${node.paths.kubelet}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${node.network.nodeIp}`,
    `--cert-dir=${path.join(node.paths.pki, 'kubelet')}`,
  ];
}

export function renderKubeletConfig(node: Node, pki: PlatformPki): Record<string, unknown> {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: node.network.nodeIp,
    healthzBindAddress: '127.0.0.1',
    healthzPort: KUBELET_HEALTH_PORT,
    tlsCertFile: pki.kubelet.certificateFile,
    tlsPrivateKeyFile: pki.kubelet.keyFile,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki.cluster.certificateFile },
    },
    authorization: { mode: 'Webhook' },
    clusterDomain: CLUSTER_DOMAIN,
    clusterDNS: [DNS_IP],
    resolvConf: path.join(node.paths.config, 'resolv.conf'),
    containerRuntimeEndpoint: `unix://${node.paths.containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: node.cgroup,
    failSwapOn: false,
    failCgroupV1: false,
    podLogsDir: node.paths.podLogs,
    volumePluginDir: path.join(node.paths.kubelet, 'volume-plugins'),
    maxPods: 250,
    podPidsLimit: 2048,
    serializeImagePulls: false,
    // Many pods of a store start together; the defaults are for nodes that share one server with thousands.
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    registerWithTaints: [],
    // A laptop's disk is often fuller than a server's, and images can't be fetched again: nothing is collected early.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '200Mi',
      'nodefs.available': '2%',
      'nodefs.inodesFree': '2%',
      'imagefs.available': '2%',
    },
    containerLogMaxSize: '10Mi',
    containerLogMaxFiles: 2,
    enableProfilingHandler: false,
    shutdownGracePeriod: '0s',
  };
}

export async function writeKubeletConfig(node: Node, pki: PlatformPki): Promise<void> {
  await mkdir(node.paths.podLogs, { recursive: true });
  await writeFileAtomically(path.join(node.paths.config, 'resolv.conf'), `nameserver ${OUTSIDE_DNS_IP}\n`);
  await writeFileAtomically(
    path.join(node.paths.config, 'kubelet.json'),
    `${JSON.stringify(renderKubeletConfig(node, pki), null, 2)}\n`,
  );
}
