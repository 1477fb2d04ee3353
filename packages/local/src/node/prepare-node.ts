// What a node needs before it is booted and keeps from then on: its subnet and its certificates.

import { type PlatformPki, preparePki } from '../pki/platform-pki.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { apiServerUrl, NODE_NAME } from './node-facts.ts';
import { API_SERVICE_IP, chooseNetwork } from './node-network.ts';

export async function prepareNode(paths: PlatformPaths): Promise<PlatformPki> {
  const network = await chooseNetwork(paths);
  return await preparePki(paths, {
    nodeName: NODE_NAME,
    nodeIp: network.nodeIp,
    serviceIp: API_SERVICE_IP,
    apiServer: apiServerUrl(network),
  });
}
