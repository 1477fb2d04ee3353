// Every certificate of one platform: three authorities (cluster, etcd, aggregation) and what each part shows to the others.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { API_USER, WORKER_USER } from '../manifests/access.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { CertificateAuthority, issueSigningKey } from './certificate-authority.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** File names only, so that who starts the parts needs none of what signs certificates. */
export type PlatformPki = Awaited<ReturnType<typeof preparePki>>;
type CertificateFiles = { certificateFile: string; keyFile: string };
export type PkiNames = { nodeName: string; nodeIp: string; serviceIp: string; apiServer: string };

/** Makes what is missing and renews what is old; calling it again changes nothing. */
export async function preparePki(paths: PlatformPaths, names: PkiNames) {
  await mkdir(paths.pki, { recursive: true, mode: 0o700 });
  const [cluster, etcd, frontProxy, serviceAccounts] = await Promise.all([
    CertificateAuthority.open(path.join(paths.pki, 'cluster'), 'souk-cluster'),
    CertificateAuthority.open(path.join(paths.pki, 'etcd'), 'souk-etcd'),
    CertificateAuthority.open(path.join(paths.pki, 'front-proxy'), 'souk-front-proxy'),
    issueSigningKey(paths.pki),
  ]);
  const [etcdServer, etcdClient, aggregator, apiServer, kubeletClient, kubelet] = await Promise.all([
    etcd.issue('server', { commonName: 'etcd', dnsNames: ['localhost'], ips: ['127.0.0.1'] }),
    etcd.issue('client', { commonName: 'kube-apiserver' }),
    frontProxy.issue('client', { commonName: 'front-proxy-client' }),
    cluster.issue('apiserver', {
      commonName: 'kube-apiserver',
      dnsNames: [
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
        'localhost',
      ],
      ips: [names.nodeIp, names.serviceIp, '127.0.0.1'],
    }),
    cluster.issue('apiserver-kubelet', { commonName: 'kube-apiserver-kubelet', organizations: ['system:masters'] }),
    cluster.issue('kubelet', {
      commonName: `system:node:${names.nodeName}`,
      organizations: ['system:nodes'],
      dnsNames: [names.nodeName],
      ips: [names.nodeIp],
    }),
  ]);
  const kubeconfig = async (file: string, user: string, groups: readonly string[]): Promise<string> => {
    const pair = await cluster.issue(path.basename(file), { commonName: user, organizations: groups });
    await writeKubeconfig({ file, server: names.apiServer, authority: cluster.certificate, user, pair });
    return file;
  };
  const inPki = (name: string): string => path.join(paths.pki, `${name}.kubeconfig`);
  const [admin, worker, api, controllerManager, scheduler, proxy, policies] = await Promise.all([
    kubeconfig(paths.kubeconfig, 'souk:admin', ['system:masters']),
    kubeconfig(paths.workerKubeconfig, WORKER_USER, []),
    kubeconfig(paths.apiKubeconfig, API_USER, []),
    kubeconfig(inPki('controller-manager'), 'system:kube-controller-manager', []),
    kubeconfig(inPki('scheduler'), 'system:kube-scheduler', []),
    kubeconfig(inPki('kube-proxy'), 'system:kube-proxy', []),
    kubeconfig(inPki('network-policies'), 'souk:network-policies', []),
  ]);
  const kubeletConfig = inPki('kubelet');
  await writeKubeconfig({
    file: kubeletConfig,
    server: names.apiServer,
    authority: cluster.certificate,
    user: `system:node:${names.nodeName}`,
    pair: kubelet,
  });
  const files = ({ certificateFile, keyFile }: CertificateFiles): CertificateFiles => ({ certificateFile, keyFile });
  return {
    cluster: { certificateFile: cluster.certificateFile },
    etcd: { certificateFile: etcd.certificateFile },
    frontProxy: { certificateFile: frontProxy.certificateFile },
    serviceAccounts,
    etcdServer: files(etcdServer),
    etcdClient: files(etcdClient),
    aggregator: files(aggregator),
    apiServer: files(apiServer),
    kubeletClient: files(kubeletClient),
    kubelet: files(kubelet),
    kubeconfigs: { admin, worker, api, controllerManager, scheduler, proxy, policies, kubelet: kubeletConfig },
  };
}
