// What the control plane's two identities may do in the cluster. The API may do nothing by itself: the worker binds it, store
// by store, to reading pod logs and one Secret.

import type { Manifest } from './manifest.ts';

const ALL = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const READ = ['get', 'list', 'watch'];

export function accessManifests(): Manifest[] {
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'souk:worker' },
      rules: [
        { apiGroups: [''], resources: ['namespaces'], verbs: ALL },
        {
          apiGroups: [''],
          resources: [
            'secrets',
            'configmaps',
            'services',
            'serviceaccounts',
            'persistentvolumeclaims',
            'resourcequotas',
            'limitranges',
            'pods',
            'pods/log',
            'pods/exec',
            'events',
            'endpoints',
            'replicationcontrollers',
          ],
          verbs: ALL,
        },
        { apiGroups: [''], resources: ['persistentvolumes', 'nodes'], verbs: READ },
        // What pods and nodes use: from the metrics API where there is one, else from the kubelets.
        { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
        { apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list'] },
        {
          apiGroups: ['apps'],
          resources: [
            'deployments',
            'statefulsets',
            'replicasets',
            'daemonsets',
            'deployments/scale',
            'statefulsets/scale',
          ],
          verbs: ALL,
        },
        { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: ALL },
        { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: ALL },
        { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ALL },
        { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ALL },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ALL },
        { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ALL },
        { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: READ },
        { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: ALL },
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['clusterroles'],
          verbs: ['bind'],
          resourceNames: ['souk:store-reader'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'souk:store-reader' },
      rules: [
        { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
        { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['store-admin'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'souk:worker' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'souk:worker' },
      subjects: [{ kind: 'User', name: 'souk:worker', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ];
}
