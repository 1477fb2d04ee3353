// The controller manager and the scheduler. One node needs no elections, and the controllers of clouds, of joining nodes and
// of certificate requests have nothing to do here.

import type { PlatformPki } from '../pki/platform-pki.ts';
import { type Node, program } from './node-facts.ts';

const UNUSED_CONTROLLERS = [
  'bootstrap-signer-controller',
  'token-cleaner-controller',
  'node-ipam-controller',
  'node-route-controller',
  'service-lb-controller',
  'cloud-node-lifecycle-controller',
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
  'certificatesigningrequest-signing-controller',
  'legacy-serviceaccount-token-cleaner-controller',
];

export const CONTROLLER_MANAGER_PORT = 10257;
export const SCHEDULER_PORT = 10259;

export function controllerManagerCommand(node: Node, pki: PlatformPki): string[] {
  return [
    program(node, 'kube-controller-manager'),
    ...delegated(pki.kubeconfigs.controllerManager),
    '--bind-address=127.0.0.1',
    `--secure-port=${CONTROLLER_MANAGER_PORT}`,
    `--controllers=${['*', ...UNUSED_CONTROLLERS.map((name) => `-${name}`)].join(',')}`,
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${pki.serviceAccounts.keyFile}`,
    `--root-ca-file=${pki.cluster.certificateFile}`,
    // Stores come and go as whole namespaces, several at once.
    '--concurrent-namespace-syncs=20',
    '--concurrent-gc-syncs=20',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ];
}

export function schedulerCommand(node: Node, pki: PlatformPki): string[] {
  return [
    program(node, 'kube-scheduler'),
    ...delegated(pki.kubeconfigs.scheduler),
    '--bind-address=127.0.0.1',
    `--secure-port=${SCHEDULER_PORT}`,
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ];
}

function delegated(kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--profiling=false',
  ];
}
