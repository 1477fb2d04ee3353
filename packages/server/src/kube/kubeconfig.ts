// Where the cluster is and how to authenticate: from a kubeconfig file, or from the service account inside a pod.
// Certificates and tokens are read here; the rarer ways (exec plugins, OIDC) are left to the client library, loaded only then
// because it costs 80 MB of memory.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export interface ClusterAccess {
  readonly server: URL;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly isInsecure: boolean;
  /** The Authorization header of the next request, or null; tokens rotate, so it is asked for every time. */
  readonly authorize: () => Promise<string | null>;
}

export interface KubeconfigSource {
  /** Path of a kubeconfig file; without one, the pod's own service account. */
  readonly kubeconfig?: string | null;
  /** Without one, the file's own current context. */
  readonly context?: string | null;
}

// Kubelets renew projected tokens at 80 % of an hour; a minute is far inside what is left.
const TOKEN_REREAD_MS = 60_000;
const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

export async function readClusterAccess(source: KubeconfigSource): Promise<ClusterAccess> {
  const { kubeconfig = null, context = null } = source;
  return kubeconfig === null ? await readServiceAccount() : await readKubeconfig(kubeconfig, context);
}

async function readServiceAccount(): Promise<ClusterAccess> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
  if (host === undefined) {
    throw new Error('no cluster to speak to: set KUBECONFIG, or run inside a pod with a service account');
  }
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    ca: await readFile(`${SERVICE_ACCOUNT_FOLDER}/ca.crt`, 'utf8'),
    cert: undefined,
    key: undefined,
    isInsecure: false,
    authorize: rereadToken(`${SERVICE_ACCOUNT_FOLDER}/token`),
  };
}

interface KubeconfigFile {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: { cluster: string; user: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster: ClusterEntry }[];
  readonly users?: readonly { readonly name: string; readonly user: UserEntry }[];
}

interface ClusterEntry {
  readonly server: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
}

interface UserEntry {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: unknown;
  readonly 'auth-provider'?: unknown;
}

async function readKubeconfig(path: string, wantedContext: string | null): Promise<ClusterAccess> {
  const { load } = await import('js-yaml');
  const file = load(await readFile(path, 'utf8')) as KubeconfigFile | undefined;
  const contextName = wantedContext ?? file?.['current-context'];
  const context = file?.contexts?.find((entry) => entry.name === contextName)?.context;
  const cluster = file?.clusters?.find((entry) => entry.name === context?.cluster)?.cluster;
  const user = file?.users?.find((entry) => entry.name === context?.user)?.user ?? {};
  if (context === undefined || cluster === undefined) {
    throw new Error(`${path} has no usable context "${contextName ?? ''}"`);
  }
  const folder = dirname(path);
  const [ca, cert, key] = await Promise.all([
    readInlineOrFile(folder, cluster['certificate-authority-data'], cluster['certificate-authority']),
    readInlineOrFile(folder, user['client-certificate-data'], user['client-certificate']),
    readInlineOrFile(folder, user['client-key-data'], user['client-key']),
  ]);
  const needsLibrary = user.exec !== undefined || user['auth-provider'] !== undefined;
  return {
    server: new URL(cluster.server),
    ca,
    cert,
    key,
    isInsecure: cluster['insecure-skip-tls-verify'] ?? false,
    authorize: needsLibrary ? await authorizeByLibrary(path, contextName) : authorizePlainly(folder, user),
  };
}

function authorizePlainly(folder: string, user: UserEntry): () => Promise<string | null> {
  if (user.tokenFile !== undefined) {
    return rereadToken(resolve(folder, user.tokenFile));
  }
  if (user.token !== undefined) {
    const header = `Bearer ${user.token}`;
    return async () => header;
  }
  if (user.username !== undefined) {
    const header = `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
    return async () => header;
  }
  return async () => null;
}

async function authorizeByLibrary(path: string, context: string | undefined): Promise<() => Promise<string | null>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(path);
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  return async () => {
    const options: { headers?: Record<string, string> } = {};
    await config.applyToHTTPSOptions(options);
    return options.headers?.Authorization ?? null;
  };
}

function rereadToken(path: string): () => Promise<string> {
  let header = '';
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - readAt > TOKEN_REREAD_MS) {
      header = `Bearer ${(await readFile(path, 'utf8')).trim()}`;
      readAt = performance.now();
    }
    return header;
  };
}

async function readInlineOrFile(
  folder: string,
  inline: string | undefined,
  path: string | undefined,
): Promise<string | undefined> {
  if (inline !== undefined) {
    return Buffer.from(inline, 'base64').toString('utf8');
  }
  return path === undefined ? undefined : await readFile(resolve(folder, path), 'utf8');
}
