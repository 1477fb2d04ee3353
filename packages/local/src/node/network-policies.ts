// The enforcer of NetworkPolicies, in the node's network. Its rules stay in the kernel when it ends; pods start only through it.

import type { PlatformPki } from '../pki/platform-pki.ts';
import { type Node, program } from './node-facts.ts';
import { POD_CIDR } from './node-network.ts';
import { WAY_OUT_INTERFACE } from './way-out.ts';

export function policiesCommand(node: Node, pki: PlatformPki): string[] {
  const { paths } = node;
  return [
    program(node, 'network-policies'),
    `--kubeconfig=${pki.kubeconfigs.policies}`,
    `--attachments=${paths.attachments}`,
    `--socket=${paths.policiesSocket}`,
    `--pod-cidr=${POD_CIDR}`,
    `--outside-interfaces=${paths.nodeInterface},${WAY_OUT_INTERFACE}`,
  ];
}
