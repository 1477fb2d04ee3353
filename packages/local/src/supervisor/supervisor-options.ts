// What `up` hands to the supervisor it starts.

import type { PlatformPki } from '../pki/platform-pki.ts';

export type SupervisorOptions = {
  home: string;
  cache: string;
  port: number;
  baseDomain: string;
  programs: string;
  /** The built dashboard; empty for none. */
  dashboardFolder: string;
  images: Record<string, string>;
  /** Images that could not be built: name → why, and what to do about it. */
  missingImages: Record<string, string>;
  /** Only the node and its database: no API, workers or edge. */
  nodeOnly: boolean;
  engineFolders: string[];
  /** The node to boot, or a cluster that is there already with a kubeconfig that names it alone. */
  cluster: { pki: PlatformPki } | { kubeconfig: string; ingressUrl: string };
};
