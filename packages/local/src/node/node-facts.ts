// What the parts of the node must agree on.

import path from 'node:path';
import type { PlatformPaths } from '../platform-paths.ts';
import type { NodeNetwork } from './node-network.ts';

export const NODE_NAME = 'souk';
export const API_SERVER_PORT = 6443;
export const ETCD_PORT = 2379;
export const CLUSTER_DOMAIN = 'cluster.local';

export type Node = {
  paths: PlatformPaths;
  network: NodeNetwork;
  programs: string;
  pauseImage: string;
  /** The cgroup of all pods, as a path below the hierarchy's root. */
  cgroup: string;
};

export function program(node: Node, name: string): string {
  return path.join(node.programs, name);
}

export function apiServerUrl(network: NodeNetwork): string {
  return `https://${network.nodeIp}:${API_SERVER_PORT}`;
}
