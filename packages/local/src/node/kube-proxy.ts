// kube-proxy, which turns Services into rules of the node's own packet filter.

import path from 'node:path';
import { writeFileAtomically } from '../host/files.ts';
import type { PlatformPki } from '../pki/platform-pki.ts';
import { NODE_NAME, type Node, program } from './node-facts.ts';
import { POD_CIDR } from './node-network.ts';

export const PROXY_HEALTH_PORT = 10256;

export function proxyCommand(node: Node): string[] {
  return [program(node, 'kube-proxy'), `--config=${configFile(node)}`];
}

export async function writeProxyConfig(node: Node, pki: PlatformPki): Promise<void> {
  await writeFileAtomically(configFile(node), `${JSON.stringify(renderProxyConfig(pki), null, 2)}\n`);
}

export function renderProxyConfig(pki: PlatformPki): Record<string, unknown> {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: pki.kubeconfigs.proxy },
    hostnameOverride: NODE_NAME,
    clusterCIDR: POD_CIDR,
    mode: 'nftables',
    // A new Service is in the packet filter at once instead of with the next second's batch.
    nftables: { minSyncPeriod: '50ms', syncPeriod: '30s' },
    // These are settings of the whole machine, which is not ours.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    healthzBindAddress: `127.0.0.1:${PROXY_HEALTH_PORT}`,
    metricsBindAddress: '127.0.0.1:10249',
  };
}

function configFile(node: Node): string {
  return path.join(node.paths.config, 'kube-proxy.json');
}
