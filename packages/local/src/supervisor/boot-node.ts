// Boots the node: every part starts as soon as what it needs serves, and the node counts as up when the platform's own pods
// are ready.

import { mkdir, readFile } from 'node:fs/promises';
import { forgetOldImages, generationsFile } from '../images/forget-images.ts';
import { importImages } from '../images/import-images.ts';
import { applyManifests, applyPoliciesAccess, awaitManifests } from '../manifests/apply-manifests.ts';
import { createCgroups } from '../node/cgroups.ts';
import { containerdCommand, containerdEnvironment, writeContainerdConfig } from '../node/containerd.ts';
import {
  CONTROLLER_MANAGER_PORT,
  controllerManagerCommand,
  SCHEDULER_PORT,
  schedulerCommand,
} from '../node/controllers.ts';
import { ETCD_METRICS_PORT, etcdCommand } from '../node/etcd.ts';
import { accepts, answersInside, answersOk } from '../node/http-probe.ts';
import { apiServerCommand, writeApiServerConfig } from '../node/kube-apiserver.ts';
import { PROXY_HEALTH_PORT, proxyCommand, writeProxyConfig } from '../node/kube-proxy.ts';
import { KUBELET_HEALTH_PORT, kubeletCommand, writeKubeletConfig } from '../node/kubelet.ts';
import { policiesCommand } from '../node/network-policies.ts';
import { apiServerUrl, type Node, program } from '../node/node-facts.ts';
import { chooseNetwork, createNetwork, inNetwork } from '../node/node-network.ts';
import { canLeave, createWayOut, wayOutSpec } from '../node/way-out.ts';
import type { PlatformPki } from '../pki/platform-pki.ts';
import { messageOf } from '../platform-error.ts';
import { logFile, type PlatformPaths } from '../platform-paths.ts';
import type { PartSpec } from '../processes/supervised-process.ts';
import { writeImagesFile } from './images-file.ts';

export type BootNode = {
  paths: PlatformPaths;
  programs: string;
  images: Record<string, string>;
  pki: PlatformPki;
  /** Starts a part and returns when it is ready. */
  start: (spec: PartSpec) => Promise<void>;
  log: (message: string) => void;
  /** Shows a part of the boot that takes its time. */
  step: <T>(name: string, title: string, log: string, act: () => Promise<T>) => Promise<T>;
};
export type BootedNode = { nodeIp: string; importMs: number };

const PLATFORM_IMAGES = ['pause', 'coredns', 'volumes', 'ingress'];

export async function bootNode({ paths, programs, images, pki, start, log, step }: BootNode): Promise<BootedNode> {
  const network = await chooseNetwork(paths);
  const cgroup = await createCgroups(paths);
  const node: Node = { paths, network, programs, pauseImage: images.pause ?? '', cgroup };
  await Promise.all([
    createNetwork(paths, network).then(() => createWayOut(paths)),
    writeApiServerConfig(paths),
    writeContainerdConfig(node),
    ...[paths.volumes, paths.etcd, paths.kubelet].map((folder) => mkdir(folder, { recursive: true, mode: 0o711 })),
  ]);
  await Promise.all([writeKubeletConfig(node, pki), writeProxyConfig(node, pki)]);
  const specs = await nodeParts(node, pki);
  const ctr = [program(node, 'ctr'), '--address', paths.containerdSocket];
  const bring = async (references: readonly string[]): Promise<number> => {
    const started = Date.now();
    await importImages({ references, cacheDir: paths.cache, ctr, log });
    return Date.now() - started;
  };
  const wanted = (isOwn: boolean): string[] =>
    Object.entries(images)
      .filter(([name]) => PLATFORM_IMAGES.includes(name) === isOwn)
      .map(([, reference]) => reference);

  if (await canLeave()) await start(wayOutSpec(paths));
  else log('pods have no way out, because this machine has no /dev/net/tun');
  const containerd = start(specs.containerd).then(() => bring(wanted(true)));
  const control = start(specs.etcd).then(() => start(specs.apiServer));
  const [ownMs] = await Promise.all([
    containerd,
    control.then(() => Promise.all([start(specs.controllerManager), start(specs.scheduler), start(specs.proxy)])),
    control
      .then(() => applyPoliciesAccess({ programs, kubeconfig: paths.kubeconfig }))
      .then(() => start(specs.policies)),
    Promise.all([containerd, control]).then(() => start(specs.kubelet)),
  ]);
  const manifests = {
    programs,
    kubeconfig: paths.kubeconfig,
    images,
    volumesFolder: paths.volumes,
    logsFolder: paths.logs,
  };
  // The stores' images are many and large; they come in while the platform's own pods start.
  const [storesMs] = await Promise.all([
    step('import', 'images of stores into the node', 'supervisor', () => bring(wanted(false))),
    applyManifests(manifests).then(() => awaitManifests(manifests)),
  ]);
  await writeImagesFile(paths, images);
  // Nobody waits for more room on the disk.
  forgetOldImages({
    references: Object.values(images),
    generationsFile: generationsFile(paths.config),
    ctr,
    kubectl: [program(node, 'kubectl'), `--kubeconfig=${paths.kubeconfig}`],
    log,
  }).catch((error: unknown) => log(`old images stay in the node: ${messageOf(error)}`));
  return { nodeIp: network.nodeIp, importMs: ownMs + storesMs };
}

async function nodeParts(node: Node, pki: PlatformPki) {
  const { paths, network } = node;
  const [ca, cert, key] = await Promise.all(
    [pki.cluster.certificateFile, pki.kubeletClient.certificateFile, pki.kubeletClient.keyFile].map((file) =>
      readFile(file, 'utf8'),
    ),
  );
  const admin = { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
  const part = (
    name: string,
    command: string[],
    isReady: () => Promise<boolean>,
    more: Partial<PartSpec> = {},
  ): PartSpec => ({
    name,
    command: () => inNetwork(paths, command),
    environment: containerdEnvironment(node),
    folder: paths.home,
    logFile: logFile(paths, name),
    isReady,
    readyWithinMs: 60_000,
    stopWithinMs: 10_000,
    ...more,
  });
  const inside = (port: number, path?: string) => () => answersInside(paths, port, path);
  return {
    etcd: part('etcd', etcdCommand(node, pki), inside(ETCD_METRICS_PORT, '/readyz')),
    apiServer: part('kube-apiserver', apiServerCommand(node, pki), () =>
      answersOk(`${apiServerUrl(network)}/readyz`, admin),
    ),
    controllerManager: part(
      'kube-controller-manager',
      controllerManagerCommand(node, pki),
      inside(CONTROLLER_MANAGER_PORT),
    ),
    scheduler: part('kube-scheduler', schedulerCommand(node, pki), inside(SCHEDULER_PORT)),
    proxy: part('kube-proxy', proxyCommand(node), inside(PROXY_HEALTH_PORT, '/healthz')),
    policies: part('network-policies', policiesCommand(node, pki), () => accepts(paths.policiesSocket)),
    containerd: part('containerd', containerdCommand(node), () => accepts(paths.containerdSocket)),
    kubelet: part('kubelet', kubeletCommand(node, pki), inside(KUBELET_HEALTH_PORT, '/healthz')),
  };
}
