// Official releases that stand between the cache and the build. A digest is in this table only if it was found published
// for exactly the version that go.mod pins; everything else is built, and BUILT_ONLY says why.

import type { Program } from './program-list.ts';

export type Download = {
  /** As go.mod writes it; a release of any other version is not taken. */
  version: string;
  module: string;
  /** `{arch}` stands for what Go calls the processor. */
  url: string;
  /** The program's place in the archive; absent where the file is the program itself. */
  member?: string;
  /** SHA-256 of the file behind the URL. */
  sha256: Readonly<Record<'amd64' | 'arm64', string>>;
  /** Makes the program say its version. */
  versionArguments: readonly string[];
};

export const DOWNLOADS: Readonly<Record<string, Download>> = {
  etcd: {
    version: 'v3.6.8',
    module: 'go.etcd.io/etcd/server/v3',
    url: 'https://github.com/etcd-io/etcd/releases/download/v3.6.8/etcd-v3.6.8-linux-{arch}.tar.gz',
    member: 'etcd-v3.6.8-linux-{arch}/etcd',
    sha256: {
      amd64: 'cf9cfe91a4856cb90eed9c99e6aee4b708db2c7888b88a6f116281f04b0ea693',
      arm64: '438f56a700d17ce761510a3e63e6fa5c1d587b2dd4d7a22c179c09a649366760',
    },
    versionArguments: ['--version'],
  },
  helm: {
    version: 'v3.22.0',
    module: 'helm.sh/helm/v3',
    url: 'https://get.helm.sh/helm-v3.22.0-linux-{arch}.tar.gz',
    member: 'linux-{arch}/helm',
    sha256: {
      amd64: '1e4ab49e429626cf6c6958d914248b78c9730803c2751b87627e171dc800e7bb',
      arm64: 'f14e804dfee240f55525b667488fe9adca349e63e00c9af634c0beb1421ac310',
    },
    versionArguments: ['version', '--short'],
  },
  kubeconform: {
    version: 'v0.8.0',
    module: 'github.com/yannh/kubeconform',
    url: 'https://github.com/yannh/kubeconform/releases/download/v0.8.0/kubeconform-linux-{arch}.tar.gz',
    member: 'kubeconform',
    sha256: {
      amd64: '9bc2bffbf71f261128533edaf912153948b7ff238f9a531ae6d34466ec287883',
      arm64: '1f53fc8e81258197a35e8603054162a5af1de8c5af13746c71ab680d9534ed87',
    },
    versionArguments: ['-v'],
  },
  runc: {
    version: 'v1.5.2',
    module: 'github.com/opencontainers/runc',
    url: 'https://github.com/opencontainers/runc/releases/download/v1.5.2/runc.{arch}',
    sha256: {
      amd64: '599f6f94ff8c5057241eff0d54c3c74f95c34935b6457b33fe545defc61e9488',
      arm64: 'd10ecae898361832a059be2089bab92d158aec54661b18ed7346ed79628b46b0',
    },
    versionArguments: ['--version'],
  },
};

const NO_DIGEST = 'no published digest of 2.3.7 was found';
export const BUILT_ONLY: Readonly<Record<string, string>> = {
  kubernetes: 'one file for six programs, whose code is then in memory once; upstream ships six files',
  containerd: NO_DIGEST,
  'containerd-shim-runc-v2': NO_DIGEST,
  ctr: NO_DIGEST,
  coredns: 'built with the few plugins that the node uses',
  volumes: 'our own',
  ingress: 'our own',
  'network-policies': 'our own',
  'attach-pod': 'our own',
};

/** The release for this processor; null where the program is built only. */
export function downloadOf({ name }: Pick<Program, 'name'>): Download | null {
  return DOWNLOADS[name] ?? null;
}
