// The API server: Node and RBAC authorization, Secrets encrypted at rest, Pod Security "baseline" where a namespace says
// nothing else (store namespaces say "restricted").

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { keepSecret, writeFileAtomically } from '../host/files.ts';
import type { PlatformPki } from '../pki/platform-pki.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { ETCD_URL } from './etcd.ts';
import { API_SERVER_PORT, CLUSTER_DOMAIN, type Node, program } from './node-facts.ts';
import { SERVICE_CIDR } from './node-network.ts';

export function apiServerCommand(node: Node, pki: PlatformPki): string[] {
  const { config } = node.paths;
  return [
    program(node, 'kube-apiserver'),
    `--advertise-address=${node.network.nodeIp}`,
    `--secure-port=${API_SERVER_PORT}`,
    `--etcd-servers=${ETCD_URL}`,
    `--etcd-cafile=${pki.etcd.certificateFile}`,
    `--etcd-certfile=${pki.etcdClient.certificateFile}`,
    `--etcd-keyfile=${pki.etcdClient.keyFile}`,
    `--encryption-provider-config=${path.join(config, 'encryption.json')}`,
    `--client-ca-file=${pki.cluster.certificateFile}`,
    `--tls-cert-file=${pki.apiServer.certificateFile}`,
    `--tls-private-key-file=${pki.apiServer.keyFile}`,
    `--kubelet-certificate-authority=${pki.cluster.certificateFile}`,
    `--kubelet-client-certificate=${pki.kubeletClient.certificateFile}`,
    `--kubelet-client-key=${pki.kubeletClient.keyFile}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${pki.frontProxy.certificateFile}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    `--proxy-client-cert-file=${pki.aggregator.certificateFile}`,
    `--proxy-client-key-file=${pki.aggregator.keyFile}`,
    `--service-account-issuer=https://kubernetes.default.svc.${CLUSTER_DOMAIN}`,
    `--service-account-key-file=${pki.serviceAccounts.publicKeyFile}`,
    `--service-account-signing-key-file=${pki.serviceAccounts.keyFile}`,
    `--service-cluster-ip-range=${SERVICE_CIDR}`,
    '--authorization-mode=Node,RBAC',
    '--anonymous-auth=false',
    '--allow-privileged=true',
    '--enable-admission-plugins=NodeRestriction',
    `--admission-control-config-file=${path.join(config, 'admission.json')}`,
    '--profiling=false',
    // One server, so nothing is gained by spreading the work of a shutdown.
    '--shutdown-delay-duration=0s',
  ];
}

/** Writes the files that the command names. The encryption key is made once: without it no Secret can be read again. */
export async function writeApiServerConfig(paths: PlatformPaths): Promise<void> {
  const key = await keepSecret(paths.encryptionKey, () => randomBytes(32).toString('base64'));
  const write = (name: string, content: unknown): Promise<void> =>
    writeFileAtomically(path.join(paths.config, name), `${JSON.stringify(content, null, 2)}\n`, 0o600);
  await write('encryption.json', {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      {
        resources: ['secrets'],
        providers: [{ secretbox: { keys: [{ name: 'key1', secret: key }] } }, { identity: {} }],
      },
    ],
  });
  await write('admission.json', {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [
      {
        name: 'PodSecurity',
        configuration: {
          apiVersion: 'pod-security.admission.config.k8s.io/v1',
          kind: 'PodSecurityConfiguration',
          defaults: { enforce: 'baseline', 'enforce-version': 'latest', warn: 'restricted', 'warn-version': 'latest' },
          exemptions: { namespaces: ['kube-system'] },
        },
      },
    ],
  });
}
