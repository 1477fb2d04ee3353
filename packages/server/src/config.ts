// What each process reads from its environment: one list of variables per process. `main/` reads it once (read-config.ts) and gives
// modules only the values they need. docs/configuration.md is written from these lists.
import { z } from 'zod';
import { LOG_LEVELS } from './log.ts';
import type { ConfigOf, Variables } from './read-config.ts';

const text = z.string().min(1);
const optionalText = z.string().transform((value) => (value === '' ? null : value));
const positive = z.coerce.number().int().min(1);
const port = z.coerce.number().int().min(0).max(65535);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const list = (separator: string) =>
  z.string().transform((value) =>
    value
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );
const jsonMap = z.string().transform((value, context): Record<string, string> => {
  const parsed = z.record(z.string(), z.string()).safeParse(parseJson(value));
  if (parsed.success) {
    return parsed.data;
  }
  context.addIssue({ code: 'custom', message: 'must hold a JSON object of texts' });
  return z.NEVER;
});
const labels = z.string().transform((value, context): Record<string, string> => {
  const pairs = value.split(',').map((pair) => pair.trim().split('='));
  if (pairs.every((pair) => pair.length === 2 && pair[0] !== '')) {
    return Object.fromEntries(pairs);
  }
  context.addIssue({ code: 'custom', message: 'must be key=value pairs, separated by ","' });
  return z.NEVER;
});
/** An identity of Kubernetes' RBAC; null for none. */
const subject = z.string().transform((value, context) => {
  const [, user, namespace, name] = /^(?:User:(.+)|ServiceAccount:([^/]+)\/([^/]+))$/.exec(value) ?? [];
  if (user !== undefined) {
    return { kind: 'User' as const, name: user };
  }
  if (namespace !== undefined && name !== undefined) {
    return { kind: 'ServiceAccount' as const, namespace, name };
  }
  if (value !== '') {
    context.addIssue({ code: 'custom', message: 'must be User:<name> or ServiceAccount:<namespace>/<name>' });
  }
  return null;
});
const sealingKey = z
  .string()
  .trim()
  .regex(/^[0-9a-f]{64}$/, 'must hold 32 bytes as 64 hexadecimal digits')
  .transform((hex) => Buffer.from(hex, 'hex'));

const common = {
  databaseUrl: {
    name: 'DATABASE_URL',
    source: 'either',
    schema: z.string().trim().startsWith('postgres'),
    byDefault: null,
    type: 'URL',
    purpose: 'PostgreSQL 17; a Unix socket is given as `postgresql://user@/name?host=/folder`',
  },
  kubeconfig: {
    name: 'KUBECONFIG',
    source: 'env',
    schema: optionalText,
    byDefault: '',
    type: 'path',
    purpose: "Cluster and identity; empty: the pod's own service account",
  },
  kubeContext: {
    name: 'KUBE_CONTEXT',
    source: 'env',
    schema: optionalText,
    byDefault: '',
    type: 'name',
    purpose: "Context of KUBECONFIG; empty: the file's current one",
  },
  platformKey: {
    name: 'PLATFORM_KEY_FILE',
    source: 'file',
    schema: sealingKey,
    byDefault: null,
    type: 'path',
    purpose:
      'File with the 32 bytes (as 64 hexadecimal digits) that seal admin passwords until they are in the cluster',
  },
  baseDomain: {
    name: 'BASE_DOMAIN',
    source: 'env',
    schema: z.string().regex(/^[a-z0-9.-]+$/, 'must be a domain name'),
    byDefault: 'souk.localhost',
    type: 'domain',
    purpose: 'Stores live at `<name>.<this>`',
  },
  publicScheme: {
    name: 'PUBLIC_SCHEME',
    source: 'env',
    schema: z.enum(['http', 'https']),
    byDefault: 'http',
    type: '`http` or `https`',
    purpose: 'How browsers reach stores',
  },
  publicPort: {
    name: 'PUBLIC_PORT',
    source: 'env',
    schema: port,
    byDefault: '8080',
    type: 'port',
    purpose: "In stores' addresses; left out of them when it is the scheme's own",
  },
  engineFolders: {
    name: 'ENGINE_FOLDERS',
    source: 'env',
    schema: list(':'),
    byDefault: '',
    type: 'paths, separated by `:`',
    purpose: 'Engines beyond the built-in ones',
  },
  images: {
    name: 'IMAGES_FILE',
    source: 'file',
    schema: jsonMap,
    byDefault: '',
    type: 'path',
    purpose:
      'JSON file: image name → reference that nodes can start. Engines whose images are missing are not available',
  },
  missingImages: {
    name: 'MISSING_IMAGES_FILE',
    source: 'file',
    schema: jsonMap,
    byDefault: '',
    type: 'path',
    purpose: 'JSON file: image name → why it could not be built. The reason why an engine is not available',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    source: 'env',
    schema: z.enum(LOG_LEVELS),
    byDefault: 'info',
    type: LOG_LEVELS.join(', '),
    purpose: 'Least level that is logged',
  },
} as const satisfies Variables;

export const API_VARIABLES = {
  ...common,
  host: {
    name: 'API_HOST',
    source: 'env',
    schema: text,
    byDefault: '127.0.0.1',
    type: 'address',
    purpose: 'Where the API listens',
  },
  port: {
    name: 'API_PORT',
    source: 'env',
    schema: port,
    byDefault: '8081',
    type: 'port',
    purpose: '0 takes a free one',
  },
  databaseConnections: {
    name: 'DATABASE_CONNECTIONS',
    source: 'env',
    schema: positive,
    byDefault: '10',
    type: 'number',
    purpose: 'Most connections that this process opens for requests; one more listens',
  },
  drainMs: {
    name: 'DRAIN_MS',
    source: 'env',
    schema: z.coerce.number().int().min(0).max(9_000),
    byDefault: '0',
    type: 'milliseconds',
    purpose:
      'How long requests are still taken after SIGTERM while /readyz says no; as long as load balancers need to see it',
  },
  profile: {
    name: 'SOUK_PROFILE',
    source: 'env',
    schema: z.enum(['local', 'production']),
    byDefault: 'local',
    type: '`local` or `production`',
    purpose:
      'local: every origin may call the API, without credentials; production: only CORS_ORIGINS, with credentials',
  },
  corsOrigins: {
    name: 'CORS_ORIGINS',
    source: 'env',
    schema: list(','),
    byDefault: '',
    type: 'origins, separated by `,`',
    purpose: 'Origins that browsers may call the API from in production',
  },
  trustedProxies: {
    name: 'TRUSTED_PROXIES',
    source: 'env',
    schema: list(','),
    byDefault: '127.0.0.1,::1',
    type: 'addresses or networks, separated by `,`',
    purpose: 'Whose X-Forwarded-For is believed',
  },
  apiToken: {
    name: 'API_TOKEN_FILE',
    source: 'file',
    schema: z
      .string()
      .trim()
      .transform((value) => (value === '' ? null : value))
      .refine((value) => value === null || value.length >= 32, 'must hold a token of at least 32 characters'),
    byDefault: '',
    type: 'path',
    purpose: 'File with the token of the first tenant, which is made at start when it is not there',
  },
  firstTenantMaxStores: {
    name: 'FIRST_TENANT_MAX_STORES',
    source: 'env',
    schema: z.coerce.number().int().min(0),
    byDefault: '5',
    type: 'number',
    purpose: 'Quota of the first tenant',
  },
  firstTenantMaxParallelProvisions: {
    name: 'FIRST_TENANT_MAX_PARALLEL_PROVISIONS',
    source: 'env',
    schema: positive,
    byDefault: '3',
    type: 'number',
    purpose: 'How many stores of the first tenant are provisioned at once',
  },
  tokenRequestsPerMinute: {
    name: 'TOKEN_REQUESTS_PER_MINUTE',
    source: 'env',
    schema: z.coerce.number().int().min(0),
    byDefault: '300',
    type: 'number',
    purpose: 'Rate limit of one token; 0: none',
  },
  addressRequestsPerMinute: {
    name: 'ADDRESS_REQUESTS_PER_MINUTE',
    source: 'env',
    schema: z.coerce.number().int().min(0),
    byDefault: '60',
    type: 'number',
    purpose: 'Rate limit of one address without a valid token; 0: none',
  },
  storeCreatesPerHour: {
    name: 'STORE_CREATES_PER_HOUR',
    source: 'env',
    schema: z.coerce.number().int().min(0),
    byDefault: '20',
    type: 'number',
    purpose: 'Rate limit of one tenant on creating stores; 0: none',
  },
  eventRetentionDays: {
    name: 'EVENT_RETENTION_DAYS',
    source: 'env',
    schema: positive,
    byDefault: '90',
    type: 'days',
    purpose: 'How long events are kept',
  },
  jobRetentionDays: {
    name: 'JOB_RETENTION_DAYS',
    source: 'env',
    schema: positive,
    byDefault: '14',
    type: 'days',
    purpose: 'How long ended jobs are kept',
  },
} as const satisfies Variables;

export const WORKER_VARIABLES = {
  ...common,
  concurrency: {
    name: 'WORKER_CONCURRENCY',
    source: 'env',
    schema: positive,
    byDefault: '8',
    type: 'number',
    purpose: 'Attempts that one worker runs at once',
  },
  maxParallelProvisions: {
    name: 'MAX_PARALLEL_PROVISIONS',
    source: 'env',
    schema: positive,
    byDefault: '6',
    type: 'number',
    purpose: 'Stores that are provisioned at once, over all tenants and workers',
  },
  helmPath: {
    name: 'HELM_PATH',
    source: 'env',
    schema: text,
    byDefault: 'helm',
    type: 'path',
    purpose: 'The helm program, 3.20.2 or later',
  },
  ingressUrl: {
    name: 'INGRESS_URL',
    source: 'env',
    schema: z.url(),
    byDefault: null,
    type: 'URL',
    purpose: "Where the worker reaches the ingress controller to try a store's public address",
  },
  ingressClass: {
    name: 'INGRESS_CLASS',
    source: 'env',
    schema: text,
    byDefault: 'souk',
    type: 'name',
    purpose: "IngressClass of stores' routes",
  },
  ingressNamespace: {
    name: 'INGRESS_NAMESPACE',
    source: 'env',
    schema: text,
    byDefault: 'souk-ingress',
    type: 'name',
    purpose: 'Namespace of the ingress controller: only its pods may reach the web pods of a store',
  },
  ingressPodLabels: {
    name: 'INGRESS_POD_LABELS',
    source: 'env',
    schema: labels,
    byDefault: 'app.kubernetes.io/name=souk-ingress',
    type: '`key=value` pairs, separated by `,`',
    purpose: 'Labels of those pods',
  },
  helmHome: {
    name: 'HELM_HOME',
    source: 'env',
    schema: optionalText,
    byDefault: '',
    type: 'path',
    purpose: "Folder for helm's own caches; empty: a temporary one",
  },
  metricsHost: {
    name: 'METRICS_HOST',
    source: 'env',
    schema: text,
    byDefault: '127.0.0.1',
    type: 'address',
    purpose: 'Where the worker answers /metrics, /healthz and /readyz',
  },
  metricsPort: {
    name: 'METRICS_PORT',
    source: 'env',
    schema: port,
    byDefault: '0',
    type: 'port',
    purpose: '0 takes a free one',
  },
  apiSubject: {
    name: 'API_SUBJECT',
    source: 'env',
    schema: subject,
    byDefault: '',
    type: '`User:<name>` or `ServiceAccount:<namespace>/<name>`',
    purpose: 'Who the API is to the cluster, to let it read logs and credentials; empty: the same as the worker',
  },
  clusterIssuer: {
    name: 'CLUSTER_ISSUER',
    source: 'env',
    schema: optionalText,
    byDefault: '',
    type: 'name',
    purpose: "cert-manager's issuer for stores' certificates; empty: TLS ends before the cluster, or there is none",
  },
  storageClass: {
    name: 'STORAGE_CLASS',
    source: 'env',
    schema: optionalText,
    byDefault: '',
    type: 'name',
    purpose: "Of stores' volumes; empty: the cluster's default",
  },
  hasUserNamespaces: {
    name: 'HAS_USER_NAMESPACES',
    source: 'env',
    schema: flag,
    byDefault: 'false',
    type: '`true` or `false`',
    purpose: 'Whether nodes can give pods user namespaces of their own',
  },
  failpoints: {
    name: 'FAILPOINTS',
    source: 'env',
    schema: z.string(),
    byDefault: '',
    type: '`name=action` pairs, separated by `,`',
    purpose: 'For tests: dies, stops, fails or waits at named places',
  },
} as const satisfies Variables;

export const MIGRATE_VARIABLES = {
  databaseUrl: common.databaseUrl,
  logLevel: common.logLevel,
} as const satisfies Variables;

export type ApiConfig = ConfigOf<typeof API_VARIABLES>;
export type WorkerConfig = ConfigOf<typeof WORKER_VARIABLES>;

function parseJson(value: string): unknown {
  try {
    return value.trim() === '' ? {} : JSON.parse(value);
  } catch {
    return undefined;
  }
}
