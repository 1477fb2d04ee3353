// The guardrails of a store's namespace, by its plan: how much it may use, what a container gets that says nothing, whom its pods
// may talk to, and what the API may read of it. Pure.
import { BlockList, isIP } from 'node:net';
import type { Plan } from '@souk/contract';
import type { Kind, Manifest, NodeObject } from '../kube/kinds.ts';
import { CONTAINER_LIMITS } from '../tenants/plans.ts';
import { API_ROLE, bindingOf } from './role-bindings.ts';
import { type StoreScope, storeLabels } from './store-scope.ts';

export interface Guardrail {
  readonly kind: Extract<Kind, 'ResourceQuota' | 'LimitRange' | 'NetworkPolicy' | 'RoleBinding'>;
  readonly manifest: Manifest;
}

/** Pods that the ingress controller may reach say so themselves. */
const WEB_PODS = { matchLabels: { 'souk.dev/web': 'true' } };

// Everything that is not the public internet: private, shared, link-local (cloud metadata), loopback, documentation, multicast.
const NOT_INTERNET_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];
const NOT_INTERNET_V6 = ['::1/128', '64:ff9b::/96', 'fc00::/7', 'fe80::/10', 'ff00::/8'];

const notInternet = new BlockList();
for (const network of [...NOT_INTERNET_V4, ...NOT_INTERNET_V6]) {
  const [address = '', prefix] = network.split('/');
  notInternet.addSubnet(address, Number(prefix), familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** The addresses of nodes that the private networks do not hold already, in one order: nodes are listed in any. */
function publicNetworksOf(nodes: readonly NodeObject[]): string[] {
  return nodes
    .flatMap(({ status }) => status?.addresses ?? [])
    .filter(({ address }) => isIP(address) !== 0 && !notInternet.check(address, familyOf(address)))
    .map(({ address }) => `${address}/${familyOf(address) === 'ipv6' ? 128 : 32}`)
    .sort();
}

export function guardrailObjects(
  scope: Pick<StoreScope, 'namespace' | 'settings'> & { readonly store: Parameters<typeof storeLabels>[0] },
  plan: Plan,
  nodes: readonly NodeObject[],
): readonly Guardrail[] {
  const metadata = (name: string) => ({ name, namespace: scope.namespace, labels: storeLabels(scope.store) });
  const named = (kind: Guardrail['kind'], name: string, spec: Record<string, unknown>): Guardrail => ({
    kind,
    manifest: { metadata: metadata(name), spec },
  });
  const { apiSubject } = scope.settings;
  return [
    named('ResourceQuota', 'plan', { hard: quotaOf(plan) }),
    named('LimitRange', 'container', { limits: [containerLimits()] }),
    named('NetworkPolicy', 'deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    named('NetworkPolicy', 'allow-own-namespace', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }] }],
      egress: [{ to: [{ podSelector: {} }] }],
    }),
    named('NetworkPolicy', 'allow-dns', allowDns()),
    named('NetworkPolicy', 'allow-ingress-to-web', allowIngress(scope)),
    named(
      'NetworkPolicy',
      'allow-internet',
      allowInternet([...scope.settings.closedNetworks, ...publicNetworksOf(nodes)]),
    ),
    ...(apiSubject === null
      ? []
      : [
          {
            kind: 'RoleBinding' as const,
            manifest: { metadata: metadata('souk-api'), ...bindingOf(API_ROLE, apiSubject) },
          },
        ]),
  ];
}

function quotaOf(plan: Plan): Record<string, string> {
  return {
    pods: String(plan.pods),
    'requests.cpu': plan.cpuRequests,
    'limits.cpu': plan.cpuLimits,
    'requests.memory': plan.memoryRequests,
    'limits.memory': plan.memoryLimits,
    persistentvolumeclaims: String(plan.volumes),
    'requests.storage': plan.storage,
    // A store is reached through the ingress controller and in no other way.
    'services.loadbalancers': '0',
    'services.nodeports': '0',
    // Object counts keep one store from filling the cluster's own database.
    'count/secrets': '30',
    'count/configmaps': '30',
    'count/services': '20',
    'count/serviceaccounts': '10',
    'count/deployments.apps': '20',
    'count/replicasets.apps': '200',
    'count/statefulsets.apps': '10',
    'count/daemonsets.apps': '0',
    'count/jobs.batch': '20',
    'count/cronjobs.batch': '10',
    'count/ingresses.networking.k8s.io': '10',
    'requests.ephemeral-storage': `${plan.pods}Gi`,
    'limits.ephemeral-storage': `${plan.pods}Gi`,
  };
}

function containerLimits(): Record<string, unknown> {
  return {
    type: 'Container',
    default: { ...CONTAINER_LIMITS.defaultLimit, 'ephemeral-storage': '1Gi' },
    defaultRequest: { ...CONTAINER_LIMITS.defaultRequest, 'ephemeral-storage': '64Mi' },
    max: CONTAINER_LIMITS.max,
  };
}

function allowDns(): Record<string, unknown> {
  const ports = [
    // A policy names the port of the pod behind the Service, and name servers that are not root listen on 5353.
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
    { protocol: 'UDP', port: 5353 },
    { protocol: 'TCP', port: 5353 },
  ];
  const to = [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ];
  return { podSelector: {}, policyTypes: ['Egress'], egress: [{ to, ports }] };
}

function allowIngress({ settings }: Pick<StoreScope, 'settings'>): Record<string, unknown> {
  const from = [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': settings.ingressNamespace } },
      podSelector: { matchLabels: settings.ingressPodLabels },
    },
  ];
  return { podSelector: WEB_PODS, policyTypes: ['Ingress'], ingress: [{ from }] };
}

function allowInternet(closedNetworks: readonly string[]): Record<string, unknown> {
  const unique = [...new Set(closedNetworks)];
  const closed = (isV6: boolean) => unique.filter((network) => network.includes(':') === isV6);
  const to = [
    { ipBlock: { cidr: '0.0.0.0/0', except: [...NOT_INTERNET_V4, ...closed(false)] } },
    { ipBlock: { cidr: '::/0', except: [...NOT_INTERNET_V6, ...closed(true)] } },
  ];
  return { podSelector: {}, policyTypes: ['Egress'], egress: [{ to }] };
}
