// Every program that the platform brings itself, and how it is built from the Go module in packages/local/go.
// The versions stand in that module's go.mod; what a program reports as its version is read from there.

export type Program = {
  /** The file's name in the programs folder. */
  name: string;
  package: string;
  /** runc speaks to libseccomp through cgo; all else is static. */
  needsCgo?: boolean;
  tags?: string;
  /** Further names under which the same file is found; a multi-call program picks its part by them. */
  links?: readonly string[];
};

const KUBERNETES_LINKS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
];

export const PROGRAMS: readonly Program[] = [
  { name: 'kubernetes', package: './cmd/kubernetes', links: KUBERNETES_LINKS },
  { name: 'containerd', package: 'github.com/containerd/containerd/v2/cmd/containerd' },
  { name: 'containerd-shim-runc-v2', package: 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2' },
  { name: 'ctr', package: 'github.com/containerd/containerd/v2/cmd/ctr' },
  { name: 'runc', package: 'github.com/opencontainers/runc', needsCgo: true, tags: 'seccomp' },
  { name: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  { name: 'helm', package: 'helm.sh/helm/v3/cmd/helm' },
  { name: 'kubeconform', package: 'github.com/yannh/kubeconform/cmd/kubeconform' },
  { name: 'coredns', package: './cmd/coredns' },
  { name: 'volumes', package: './cmd/volumes' },
  { name: 'ingress', package: './cmd/ingress' },
  { name: 'network-policies', package: './cmd/network-policies' },
  { name: 'attach-pod', package: './cmd/attach-pod' },
];

/** The linker's settings by which the programs report their versions instead of "unknown". */
export function versionSettings(goMod: string): string[] {
  const kubernetes = moduleVersion(goMod, 'k8s.io/kubernetes');
  const [major = '1', minor = '0'] = kubernetes.slice(1).split('.');
  return Object.entries({
    'k8s.io/component-base/version.gitVersion': kubernetes,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'helm.sh/helm/v3/internal/version.version': moduleVersion(goMod, 'helm.sh/helm/v3'),
    'helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor': major,
    'helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor': minor,
    'helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor': major,
    'helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor': minor,
    'github.com/containerd/containerd/v2/version.Version': moduleVersion(goMod, 'github.com/containerd/containerd/v2'),
  }).map(([name, value]) => `-X ${name}=${value}`);
}

export function moduleVersion(goMod: string, module: string): string {
  const line = goMod.split('\n').find((text) =>
    text
      .trim()
      .replace(/^require /, '')
      .startsWith(`${module} v`),
  );
  const version = line
    ?.trim()
    .replace(/^require /, '')
    .split(' ')[1];
  if (version === undefined) throw new Error(`go.mod names no version of ${module}`);
  return version;
}
