// Where everything of one platform lies. All of it derives from SOUK_HOME, so two platforms can stand side by side.

import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export type PlatformPaths = ReturnType<typeof derivePaths>;

export const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/** The paths of the platform that the environment names. */
export function platformPaths(env: NodeJS.ProcessEnv = process.env): PlatformPaths {
  const isRoot = process.getuid?.() === 0;
  // An empty variable is an unset one: `SOUK_HOME="$TYPO"` must not name the folder that one happens to stand in.
  const home = env.SOUK_HOME || (isRoot ? '/var/lib/souk' : path.join(homedir(), '.local/share/souk'));
  const cache = env.SOUK_CACHE || (isRoot ? '/var/cache/souk' : path.join(homedir(), '.cache/souk'));
  return derivePaths(followLinks(path.resolve(home)), followLinks(path.resolve(cache)));
}

// The kernel names mounts by their real path, so a home behind a link must be known by that one too.
function followLinks(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    // What does not exist yet will be made below its nearest parent that does.
    const parent = path.dirname(folder);
    return parent === folder ? folder : path.join(followLinks(parent), path.basename(folder));
  }
}

export function derivePaths(home: string, cache: string) {
  const id = createHash('sha256').update(home).digest('hex').slice(0, 6);
  const inHome = (...parts: string[]): string => path.join(home, ...parts);
  // Unix socket paths end at 107 characters, and what lies here must not outlive a reboot: hence /run and not SOUK_HOME. Only root
  // may make a folder there; others start no node, and need it for the supervisor's socket and list of children alone.
  const runtime = process.getuid?.() === 0 ? `/run/souk-${id}` : inHome('run');
  return {
    id,
    home,
    cache,
    facts: inHome('platform.json'),
    network: inHome('network.json'),
    images: inHome('images.json'),
    missingImages: inHome('missing-images.json'),
    pki: inHome('pki'),
    kubeconfig: inHome('kubeconfig'),
    workerKubeconfig: inHome('worker.kubeconfig'),
    apiKubeconfig: inHome('api.kubeconfig'),
    config: inHome('config'),
    secrets: inHome('secrets'),
    apiToken: inHome('secrets', 'api-token'),
    platformKey: inHome('secrets', 'platform-key'),
    sessionSecret: inHome('secrets', 'session-secret'),
    databasePassword: inHome('secrets', 'database-password'),
    databaseUrl: inHome('secrets', 'database-url'),
    serverPassword: inHome('secrets', 'database-server-password'),
    serverDatabaseUrl: inHome('secrets', 'database-server-url'),
    encryptionKey: inHome('secrets', 'etcd-encryption-key'),
    postgres: inHome('postgres'),
    etcd: inHome('etcd'),
    containerd: inHome('containerd'),
    kubelet: inHome('kubelet'),
    podLogs: inHome('pod-logs'),
    volumes: inHome('volumes'),
    logs: inHome('logs'),
    run: inHome('run'),
    runtime,
    containerdSocket: path.join(runtime, 'containerd.sock'),
    controlSocket: path.join(runtime, 'supervisor.sock'),
    // What pods are attached to the network lives as long as their network namespaces.
    attachments: path.join(runtime, 'attachments'),
    policiesSocket: path.join(runtime, 'network-policies.sock'),
    children: path.join(runtime, 'children.json'),
    netns: `souk-${id}`,
    netnsFile: `/run/netns/souk-${id}`,
    hostInterface: `souk-${id}h`,
    nodeInterface: `souk-${id}n`,
    cgroup: `souk-${id}`,
  } as const;
}

export function logFile(paths: PlatformPaths, part: string): string {
  return path.join(paths.logs, `${part}.log`);
}
