// The one way to a real cluster.
import type { Kube } from './kube.ts';
import { createKubeTransport, type KubeTransport } from './kube-transport.ts';
import { type KubeconfigSource, readClusterAccess } from './kubeconfig.ts';
import { createRealKube } from './real-kube.ts';

export async function connectKube(source: KubeconfigSource): Promise<Kube> {
  const access = await readClusterAccess(source);
  // Kubelets know the same certificates and tokens as the API server, which they ask about them.
  const openKubelet = (host: string, port: number): KubeTransport =>
    createKubeTransport({ ...access, server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`) });
  return createRealKube(createKubeTransport(access), openKubelet);
}
