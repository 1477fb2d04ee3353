// containerd and the pod network it sets up. Pods are routed (`ptp`): each has a veth pair of its own and no bridge, so all
// traffic between pods passes the forward hook, where a policy can see it.

import path from 'node:path';
import { writeFileAtomically } from '../host/files.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { type Node, program } from './node-facts.ts';
import { POD_CIDR } from './node-network.ts';

export const CNI_PLUGINS = '/usr/lib/cni';

export function containerdCommand(node: Node): string[] {
  return [program(node, 'containerd'), '--config', configFile(node.paths)];
}

/** Programs are found through the path: containerd starts its shim by name, and the shim runc. */
export function containerdEnvironment(node: Node): NodeJS.ProcessEnv {
  return { PATH: `${node.programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
}

export async function writeContainerdConfig(node: Node): Promise<void> {
  await writeFileAtomically(configFile(node.paths), renderContainerdConfig(node));
  await writeFileAtomically(path.join(cniConfigFolder(node.paths), '10-souk.conflist'), renderCniConfig(node.paths));
}

export function renderContainerdConfig(node: Node): string {
  const { paths } = node;
  return `version = 3
root = ${JSON.stringify(paths.containerd)}
state = ${JSON.stringify(path.join(paths.runtime, 'containerd'))}
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp", "io.containerd.nri.v1.nri"]

[grpc]
  address = ${JSON.stringify(paths.containerdSocket)}

[ttrpc]
  address = ${JSON.stringify(`${paths.containerdSocket}.ttrpc`)}

[plugins.'io.containerd.shim.v1.manager']
  socket_dir = ${JSON.stringify(path.join(paths.runtime, 's'))}

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = ${JSON.stringify(node.pauseImage)}

[plugins.'io.containerd.cri.v1.runtime']
  # A machine without CAP_SYS_RESOURCE may not lower a score, and asking for it would fail every pod.
  restrict_oom_score_adj = true
  # What lies under the state folder is swept with it.
  netns_mounts_under_state_dir = true
  enable_selinux = false

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [${JSON.stringify(CNI_PLUGINS)}, ${JSON.stringify(node.programs)}]
  conf_dir = ${JSON.stringify(cniConfigFolder(paths))}

[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = "runc"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = ${JSON.stringify(program(node, 'runc'))}
  Root = ${JSON.stringify(path.join(paths.runtime, 'runc'))}
  SystemdCgroup = false
`;
}

export function renderCniConfig(paths: PlatformPaths): string {
  const config = {
    cniVersion: '1.0.0',
    name: 'souk',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: POD_CIDR }]],
          routes: [{ dst: '0.0.0.0/0' }],
          // Leases must not outlive the pods' namespaces, which end with the machine.
          dataDir: path.join(paths.runtime, 'cni'),
        },
      },
      // The pod starts when its network policies are in the kernel.
      { type: 'attach-pod', socket: paths.policiesSocket },
    ],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function configFile(paths: PlatformPaths): string {
  return path.join(paths.config, 'containerd.toml');
}

function cniConfigFolder(paths: PlatformPaths): string {
  return path.join(paths.config, 'cni');
}
