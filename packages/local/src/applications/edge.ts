// The one address a person's browser speaks to: HAProxy on the host's loopback. The platform's own names go to the API,
// every other name to the node's ingress controller.

import path from 'node:path';
import { writeFileAtomically } from '../host/files.ts';
import { answersOk } from '../node/http-probe.ts';
import { hasIpv6Loopback } from '../node/node-network.ts';
import { logFile, type PlatformPaths } from '../platform-paths.ts';
import type { PartSpec } from '../processes/supervised-process.ts';

export type EdgeAddresses = {
  port: number;
  apiPort: number;
  ingress: { host: string; port: number };
  baseDomain: string;
};

export type EdgeHost = { hasIpv6: boolean; isRoot: boolean };

const HEALTH_PATH = '/souk-edge-health';

export async function prepareEdge(paths: PlatformPaths, addresses: EdgeAddresses): Promise<PartSpec> {
  const file = path.join(paths.config, 'edge.cfg');
  await writeFileAtomically(
    file,
    renderEdgeConfig(addresses, { hasIpv6: await hasIpv6Loopback(), isRoot: process.getuid?.() === 0 }),
  );
  return {
    name: 'edge',
    command: () => ['/usr/sbin/haproxy', '-db', '-q', '-f', file],
    logFile: logFile(paths, 'edge'),
    isReady: () => answersOk(`http://127.0.0.1:${addresses.port}${HEALTH_PATH}`),
    readyWithinMs: 10_000,
    // SIGUSR1 would wait for open event streams to end by themselves.
    stopSignal: 'SIGTERM',
    stopWithinMs: 3_000,
  };
}

export function renderEdgeConfig(addresses: EdgeAddresses, { hasIpv6, isRoot }: EdgeHost): string {
  const { port, apiPort, ingress, baseDomain } = addresses;
  const ownNames = ['localhost', '127.0.0.1', '[::1]', baseDomain, `dashboard.${baseDomain}`];
  return `global
  maxconn 4096
${isRoot ? '  user haproxy\n  group haproxy\n' : ''}
defaults
  mode http
  timeout connect 2s
  # Longer than the 72 s that the API keeps an idle connection: the edge is never the first to close one under a request.
  timeout client 90s
  timeout server 90s
  timeout tunnel 1h
  timeout http-request 15s
  timeout http-keep-alive 80s
  option redispatch
  retries 2
  option forwardfor
  # Event streams are silent for a while between events; the API sends a comment well within this time.
  option http-no-delay

frontend edge
  bind 127.0.0.1:${port}
${hasIpv6 ? `  bind [::1]:${port}\n` : ''}  monitor-uri ${HEALTH_PATH}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  # What a server promises about its own connection is not true of the client's.
  http-response del-header keep-alive
  acl own_name hdr(host),host_only,lower -m str ${ownNames.join(' ')}
  use_backend api if own_name
  default_backend stores

backend api
  server api 127.0.0.1:${apiPort}

backend stores
  server node ${ingress.host}:${ingress.port}
`;
}
