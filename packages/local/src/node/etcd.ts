// etcd, the node's memory. It writes through to the disk (fsync stays on), because stores outlive a power cut.

import type { PlatformPki } from '../pki/platform-pki.ts';
import { ETCD_PORT, type Node, program } from './node-facts.ts';

/** Plain HTTP and open to whoever reaches it, so it listens inside the node alone. */
export const ETCD_METRICS_PORT = 2381;
export const ETCD_URL = `https://127.0.0.1:${ETCD_PORT}`;

export function etcdCommand(node: Node, pki: PlatformPki): string[] {
  return [
    program(node, 'etcd'),
    '--name=souk',
    `--data-dir=${node.paths.etcd}`,
    `--listen-client-urls=${ETCD_URL}`,
    `--advertise-client-urls=${ETCD_URL}`,
    '--listen-peer-urls=https://127.0.0.1:2380',
    '--initial-advertise-peer-urls=https://127.0.0.1:2380',
    '--initial-cluster=souk=https://127.0.0.1:2380',
    `--listen-metrics-urls=http://127.0.0.1:${ETCD_METRICS_PORT}`,
    '--client-cert-auth=true',
    `--trusted-ca-file=${pki.etcd.certificateFile}`,
    `--cert-file=${pki.etcdServer.certificateFile}`,
    `--key-file=${pki.etcdServer.keyFile}`,
    '--peer-client-cert-auth=true',
    `--peer-trusted-ca-file=${pki.etcd.certificateFile}`,
    `--peer-cert-file=${pki.etcdServer.certificateFile}`,
    `--peer-key-file=${pki.etcdServer.keyFile}`,
    '--snapshot-count=10000',
    '--log-level=warn',
  ];
}
