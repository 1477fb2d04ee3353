// The one way to a real cluster.
import type { Kube } from './kube.ts';
import { createKubeTransport } from './kube-transport.ts';
import { type KubeconfigSource, readClusterAccess } from './kubeconfig.ts';
import { createRealKube } from './real-kube.ts';

export async function connectKube(source: KubeconfigSource): Promise<Kube> {
  return createRealKube(createKubeTransport(await readClusterAccess(source)));
}
