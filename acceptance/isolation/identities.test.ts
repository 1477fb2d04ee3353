// What somebody could do who has taken over the worker or the API: their own identities, tried on the real cluster. What would do harm
// if it were allowed is tried as the server's dry run, which passes the same checks.
import { after, before, describe } from 'node:test';
import type { Store } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { makeStore, namespaceOf, removeStore } from '../stores.ts';
import { type Attempt, tryAll } from './attempts.ts';
import { callAs, type Identity, outcomeOf } from './cluster-identity.ts';
import { podObject } from './pod-objects.ts';

const DRY = '--dry-run=server';
const NO_RIGHT = 'refused: no right';
const POLICY = 'refused: admission policy';
const RBAC = 'rbac.authorization.k8s.io';
const PROBED = { 'souk.dev/probe': 'true' };
const PROBED_VOLUME = 'souk-isolation-probe';

describe('the platform’s identities in the cluster', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  let store: Store;
  let namespace: string;
  before(
    async () => {
      platform = connectToPlatform();
      store = await makeStore(platform.client, 'rights');
      namespace = namespaceOf(store);
      await callAs(platform, 'admin', ['apply', '-f', '-'], volumeOfNobody());
    },
    { timeout: 180_000 },
  );
  after(async () => {
    await callAs(platform, 'admin', ['delete', 'persistentvolume', PROBED_VOLUME, '--ignore-not-found']);
    if (store !== undefined) await removeStore(platform.client, store.id);
    platform.close();
  });

  type Call = readonly string[] | (() => readonly string[]);
  const attempt =
    (identity: Identity) =>
    (what: string, expected: string, args: Call, object?: () => object): Attempt => ({
      what,
      expected,
      tryIt: async () => {
        const words = typeof args === 'function' ? args() : args;
        const input = object === undefined ? [] : ['-f', '-'];
        return outcomeOf(await callAs(platform, identity, [...words, ...input], object?.()));
      },
    });

  /** Makes as many as it can, counts what is there when it is refused, and takes its own away again. */
  async function overfill(kind: string, count: number, objectOf: (name: string) => object): Promise<string> {
    const items = Array.from({ length: count }, (_, index) => objectOf(`probe-${index}`));
    const inNamespace = ['-n', namespace];
    try {
      const made = await callAs(platform, 'worker', [...inNamespace, 'create', '-f', '-'], {
        apiVersion: 'v1',
        kind: 'List',
        items,
      });
      const names = async (...more: string[]): Promise<number> => {
        const { stdout } = await callAs(platform, 'admin', [...inNamespace, 'get', kind, '-o', 'name', ...more]);
        return stdout.split('\n').filter((name) => name !== '').length;
      };
      const refused = made.stderr.split('\n').filter((line) => line.includes('exceeded quota')).length;
      const [all, own] = [await names(), await names('-l', 'souk.dev/probe')];
      return own + refused === count ? `${outcomeOf(made)}, all beyond ${all}` : `${own} made: ${made.stderr}`;
    } finally {
      await callAs(platform, 'admin', [...inNamespace, 'delete', kind, '-l', 'souk.dev/probe', '--now']);
    }
  }

  const inStore =
    (...args: string[]) =>
    (): readonly string[] => ['-n', namespace, ...args];
  const worker = attempt('worker');
  const api = attempt('api');

  const binding =
    (role: string, user: string, where: string, kind = 'RoleBinding') =>
    () => ({
      apiVersion: `${RBAC}/v1`,
      kind,
      metadata: { name: 'probe', ...(kind === 'RoleBinding' ? { namespace: where || namespace } : {}) },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'User', name: user, apiGroup: RBAC }],
    });
  const made = (name: string, labels: Record<string, string>) => () => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  const LABELS = { 'app.kubernetes.io/managed-by': 'souk', 'souk.dev/store': 'sto_probe00000' };
  const levels = (level: string) =>
    Object.fromEntries(['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]));
  const LATEST = { 'pod-security.kubernetes.io/enforce-version': 'latest' };

  tryAll('worker', [
    worker('read the Secret of its own store', 'allowed', inStore('get', 'secret', 'store-admin')),
    worker(
      'make a namespace of a store as it must be',
      'allowed',
      ['create', DRY],
      made('store-probe00000', { ...LABELS, ...levels('restricted'), ...LATEST }),
    ),
    worker('list all Secrets', NO_RIGHT, ['get', 'secrets', '-A']),
    worker('read a Secret in `kube-system`', NO_RIGHT, ['-n', 'kube-system', 'get', 'secret', 'any']),
    worker('read a Secret in `souk-ingress`', NO_RIGHT, ['-n', 'souk-ingress', 'get', 'secret', 'any']),
    worker('read a ConfigMap in `kube-system`', NO_RIGHT, ['-n', 'kube-system', 'get', 'configmap', 'coredns']),
    worker(
      'make a namespace that is no store’s',
      POLICY,
      ['create', DRY],
      made('probe', { ...LABELS, ...levels('restricted'), ...LATEST }),
    ),
    worker('make a namespace without labels', POLICY, ['create', DRY], made('store-probe00000', {})),
    worker(
      'make a namespace for another store’s id',
      POLICY,
      ['create', DRY],
      made('store-probe00001', { ...LABELS, ...levels('restricted'), ...LATEST }),
    ),
    worker(
      'make a namespace that takes privileged pods',
      POLICY,
      ['create', DRY],
      made('store-probe00000', { ...LABELS, ...levels('privileged'), ...LATEST }),
    ),
    worker(
      'make a namespace held to an old Pod Security',
      POLICY,
      ['create', DRY],
      made('store-probe00000', {
        ...LABELS,
        ...levels('restricted'),
        'pod-security.kubernetes.io/enforce-version': 'v1.20',
      }),
    ),
    worker('let a store’s namespace take privileged pods', POLICY, () => [
      'label',
      DRY,
      'namespace',
      namespace,
      'pod-security.kubernetes.io/enforce=privileged',
      '--overwrite',
    ]),
    worker('take the Pod Security label off a store’s namespace', POLICY, () => [
      'label',
      DRY,
      'namespace',
      namespace,
      'pod-security.kubernetes.io/enforce-',
    ]),
    worker('make a store’s namespace another store’s', POLICY, () => [
      'label',
      DRY,
      'namespace',
      namespace,
      'souk.dev/store=sto_probe00000',
      '--overwrite',
    ]),
    worker('label a namespace that is no store’s', NO_RIGHT, [
      'label',
      DRY,
      'namespace',
      'default',
      'souk.dev/store=sto_probe00000',
    ]),
    worker('delete `kube-system`', NO_RIGHT, ['delete', DRY, 'namespace', 'kube-system']),
    worker('delete `souk-ingress`', POLICY, ['delete', DRY, 'namespace', 'souk-ingress']),
    worker('delete a volume that is no store’s', POLICY, ['delete', DRY, 'persistentvolume', PROBED_VOLUME]),
    worker('delete the node', NO_RIGHT, ['delete', DRY, 'node', '--all']),
    worker(
      'bind `cluster-admin` to itself in the cluster',
      NO_RIGHT,
      ['create', DRY],
      binding('cluster-admin', 'souk:worker', '', 'ClusterRoleBinding'),
    ),
    worker(
      'bind `cluster-admin` to itself in a store',
      NO_RIGHT,
      ['create', DRY],
      binding('cluster-admin', 'souk:worker', ''),
    ),
    worker('bind `edit` to itself in a store', NO_RIGHT, ['create', DRY], binding('edit', 'souk:worker', '')),
    worker(
      'bind its store role to itself in `kube-system`',
      POLICY,
      ['create', DRY],
      binding('souk:store-worker', 'souk:worker', 'kube-system'),
    ),
    worker(
      'bind its store role to itself in `default`',
      POLICY,
      ['create', DRY],
      binding('souk:store-worker', 'souk:worker', 'default'),
    ),
    worker(
      'bind its store role to somebody else',
      POLICY,
      ['create', DRY],
      binding('souk:store-worker', 'mallory', ''),
    ),
    worker(
      'bind the API’s store role to somebody else',
      POLICY,
      ['create', DRY],
      binding('souk:store-api', 'mallory', ''),
    ),
    worker(
      'make a role in a store',
      NO_RIGHT,
      inStore('create', DRY, 'role', 'probe', '--verb=get', '--resource=secrets'),
    ),
    worker('make a cluster role', NO_RIGHT, [
      'create',
      DRY,
      'clusterrole',
      'probe',
      '--verb=get',
      '--resource=secrets',
    ]),
    worker('widen its own cluster role', NO_RIGHT, ['patch', DRY, 'clusterrole', 'souk:worker', '-p', '{"rules":[]}']),
    worker('remove the admission policy', NO_RIGHT, ['delete', DRY, 'validatingadmissionpolicybinding', 'souk-worker']),
    worker('act as an administrator', NO_RIGHT, [
      '--as=souk:admin',
      '--as-group=system:masters',
      'get',
      'secrets',
      '-A',
    ]),
    worker('get a token of a service account in `kube-system`', NO_RIGHT, [
      '-n',
      'kube-system',
      'create',
      'token',
      'coredns',
    ]),
    worker('get a token of a store’s service account', NO_RIGHT, inStore('create', 'token', 'default')),
    worker('run a program in a pod of `kube-system`', NO_RIGHT, [
      '-n',
      'kube-system',
      'exec',
      'deploy/coredns',
      '--',
      '/bin/true',
    ]),
    worker('read a log in `kube-system`', NO_RIGHT, ['-n', 'kube-system', 'logs', 'deploy/coredns', '--tail=1']),
    worker('run a pod in `default`', NO_RIGHT, ['-n', 'default', 'create', DRY], () => podObject('probe', {})),
    worker('reach a kubelet through the API server', NO_RIGHT, ['get', '--raw', '/api/v1/nodes/souk/proxy/pods']),
    worker('run a privileged pod in a store', 'refused: Pod Security', inStore('create', DRY), () =>
      podObject('probe', { container: { securityContext: { privileged: true, allowPrivilegeEscalation: true } } }),
    ),
    worker('run a pod as root in a store', 'refused: Pod Security', inStore('create', DRY), () =>
      podObject('probe', { pod: { securityContext: { runAsUser: 0 } } }),
    ),
    worker('mount the node’s disk into a pod', 'refused: Pod Security', inStore('create', DRY), () =>
      podObject('probe', { pod: { volumes: [{ name: 'node', hostPath: { path: '/' } }] } }),
    ),
    worker('run a pod in the node’s network', 'refused: Pod Security', inStore('create', DRY), () =>
      podObject('probe', { pod: { hostNetwork: true } }),
    ),
    worker('run a pod that sees the node’s processes', 'refused: Pod Security', inStore('create', DRY), () =>
      podObject('probe', { pod: { hostPID: true } }),
    ),
    worker(
      'open a port of the node (NodePort)',
      'refused: quota',
      inStore('create', DRY, 'service', 'nodeport', 'probe', '--tcp=80'),
    ),
    worker(
      'order a load balancer',
      'refused: quota',
      inStore('create', DRY, 'service', 'loadbalancer', 'probe', '--tcp=80'),
    ),
    worker(
      'run a container larger than a plan’s container',
      'refused: limit of a container',
      inStore('create', DRY),
      () => podObject('probe', { container: { resources: { limits: { cpu: '3', memory: '64Mi' } } } }),
    ),
    worker('take a port of the node for a pod (hostPort)', 'refused: Pod Security', inStore('create', DRY), () =>
      podObject('probe', { container: { ports: [{ containerPort: 8080, hostPort: 8080 }] } }),
    ),
    worker('draw somebody’s address to a store (externalIPs)', POLICY, inStore('create', DRY), () => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'probe' },
      spec: { ports: [{ port: 443 }], externalIPs: ['203.0.113.80'] },
    })),
    worker('point a Service at somebody else’s pods (EndpointSlice)', NO_RIGHT, inStore('create', DRY), () => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'probe', labels: { 'kubernetes.io/service-name': 'probe' } },
      addressType: 'IPv4',
      ports: [{ port: 443 }],
      endpoints: [{ addresses: ['203.0.113.80'] }],
    })),
    worker('put a container into a running pod', NO_RIGHT, inStore('debug', 'shop-0', '--image=souk.local/none')),
    worker('reach a port of a store’s pod through the API server', NO_RIGHT, () => [
      'get',
      '--raw',
      `/api/v1/namespaces/${namespace}/pods/shop-0/proxy/`,
    ]),
    worker('put a webhook in front of the API server', NO_RIGHT, ['create', DRY], () => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'probe' },
      webhooks: [],
    })),
    worker('ask for a certificate of an administrator', NO_RIGHT, ['create', DRY], () => ({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'probe' },
      spec: { request: '', signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    })),
    worker('delete every namespace at once', NO_RIGHT, ['delete', '--raw', '/api/v1/namespaces?dryRun=All']),
    {
      what: 'make more pods than the plan has, for real',
      expected: 'refused: quota, all beyond 20',
      tryIt: async () =>
        await overfill('pods', 30, (name) =>
          podObject(name, {
            pod: { schedulerName: 'nobody' },
            container: { resources: { limits: { cpu: '1m', memory: '1Mi', 'ephemeral-storage': '1Mi' } } },
            labels: PROBED,
          }),
        ),
    },
    {
      what: 'make more ConfigMaps than the plan has, for real',
      expected: 'refused: quota, all beyond 30',
      tryIt: async () =>
        await overfill('configmaps', 40, (name) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, labels: PROBED },
        })),
    },
    worker('claim more disk than the plan has', 'refused: quota', inStore('create', DRY), () => claimOf('1Ti')),
    worker('fill the node’s own disk from a pod', 'refused: quota', inStore('create', DRY), () =>
      podObject('probe', { container: { resources: { limits: { 'ephemeral-storage': '500Gi' } } } }),
    ),
  ]);

  tryAll('api', [
    api('read the Secret `store-admin` of a store', 'allowed', inStore('get', 'secret', 'store-admin')),
    api('read the log of a store’s pod', 'allowed', () => [
      'get',
      '--raw',
      `/api/v1/namespaces/${namespace}/pods/shop-0/log?tailLines=1`,
    ]),
    api('read another Secret of a store', NO_RIGHT, inStore('get', 'secret', 'store-internal')),
    api('read Helm’s release of a store', NO_RIGHT, () => [
      '-n',
      namespace,
      'get',
      'secret',
      `sh.helm.release.v1.${namespace}.v1`,
    ]),
    api('list the Secrets of a store', NO_RIGHT, inStore('get', 'secrets')),
    api(
      'change the Secret `store-admin`',
      NO_RIGHT,
      inStore('patch', DRY, 'secret', 'store-admin', '-p', '{"data":{}}'),
    ),
    api('read a pod of a store', NO_RIGHT, inStore('get', 'pod', 'shop-0')),
    api(
      'run a program in a store’s pod',
      NO_RIGHT,
      () => ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/shop-0/exec?command=true&stdout=true`],
      () => ({}),
    ),
    api('read a Secret `store-admin` outside of stores', NO_RIGHT, ['-n', 'default', 'get', 'secret', 'store-admin']),
    api('read a log in `kube-system`', NO_RIGHT, ['get', '--raw', '/api/v1/namespaces/kube-system/pods/any/log']),
    api('list namespaces', NO_RIGHT, ['get', 'namespaces']),
    api('run a pod in a store', NO_RIGHT, inStore('create', DRY), () => podObject('probe', {})),
    api('bind a role to itself', NO_RIGHT, ['create', DRY], binding('souk:store-worker', 'souk:api', '')),
    api('act as the worker', NO_RIGHT, () => ['--as=souk:worker', '-n', namespace, 'get', 'secrets']),
  ]);
});

function claimOf(storage: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'probe' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  };
}

/** Never bound, and of a class that nobody serves. */
function volumeOfNobody(): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: PROBED_VOLUME },
    spec: {
      capacity: { storage: '1Mi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: PROBED_VOLUME,
      hostPath: { path: '/nowhere' },
    },
  };
}
