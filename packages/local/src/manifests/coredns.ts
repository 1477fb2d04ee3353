// The cluster's name server: Services and pods of the cluster by itself, every other name by the host's resolver.

import { createHash } from 'node:crypto';
import { CLUSTER_DOMAIN } from '../node/node-facts.ts';
import { DNS_IP } from '../node/node-network.ts';
import { OUTSIDE_DNS_IP } from '../node/way-out.ts';
import type { Manifest } from './manifest.ts';

const NAMESPACE = 'kube-system';
const LABELS = { 'app.kubernetes.io/name': 'coredns', 'k8s-app': 'kube-dns' };

// It listens on the port that the rest of the world calls DNS, because policies see the pod's port and not the Service's.
// Names of addresses are given for its own namespace alone: whoever asked for one address after the other would learn every store.
const COREFILE = `${CLUSTER_DOMAIN}:53 {
  errors
  health :8080
  ready :8181
  kubernetes ${CLUSTER_DOMAIN} {
    pods insecure
    ttl 5
  }
  cache 5
  loadbalance
}
in-addr.arpa:53 ip6.arpa:53 {
  errors
  kubernetes ${CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {
    namespaces ${NAMESPACE}
  }
  cache 5
}
.:53 {
  errors
  cache 30
  forward . ${OUTSIDE_DNS_IP} {
    # Without a way out, whoever asks is told at once.
    failfast_all_unhealthy_upstreams
    max_concurrent 1000
  }
}
`;

export function corednsManifests(image: string): Manifest[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'coredns', namespace: NAMESPACE } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns' },
      rules: [
        { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: NAMESPACE }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'coredns', namespace: NAMESPACE },
      data: { Corefile: COREFILE },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: NAMESPACE, labels: LABELS },
      spec: {
        clusterIP: DNS_IP,
        selector: { 'k8s-app': 'kube-dns' },
        ports: [
          { name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, targetPort: 53, protocol: 'TCP' },
        ],
      },
    },
    deployment(image),
  ];
}

function deployment(image: string): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: NAMESPACE, labels: LABELS },
    spec: {
      replicas: 1,
      selector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      template: {
        // A changed configuration needs a new pod: CoreDNS reads it once.
        metadata: {
          labels: LABELS,
          annotations: { 'souk.dev/config': createHash('sha256').update(COREFILE).digest('hex').slice(0, 16) },
        },
        spec: {
          serviceAccountName: 'coredns',
          priorityClassName: 'system-cluster-critical',
          dnsPolicy: 'Default',
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 10001,
            runAsGroup: 10001,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'coredns',
              image,
              args: ['-conf', '/etc/coredns/Corefile'],
              ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }],
              readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 2 },
              livenessProbe: { httpGet: { path: '/health', port: 8080 }, periodSeconds: 10, failureThreshold: 5 },
              resources: { requests: { cpu: '20m', memory: '24Mi' }, limits: { memory: '128Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
            },
          ],
          volumes: [{ name: 'config', configMap: { name: 'coredns' } }],
        },
      },
    },
  };
}
