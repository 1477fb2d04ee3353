// The default StorageClass and the provisioner behind it, which makes a directory per claim in SOUK_HOME/volumes.

import { NODE_NAME } from '../node/node-facts.ts';
import type { Manifest } from './manifest.ts';

const NAMESPACE = 'kube-system';
const LABELS = { 'app.kubernetes.io/name': 'volumes' };
const PROVISIONER = 'souk.dev/local-path';

export function storageClassManifest(): Manifest {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: 'local-path',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    } as Manifest['metadata'],
    provisioner: PROVISIONER,
    // There is one node, so there is nothing to wait for; the scheduler would poll for a late binding once a second.
    volumeBindingMode: 'Immediate',
    reclaimPolicy: 'Delete',
  };
}

export function volumesManifests(image: string, folder: string): Manifest[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'volumes', namespace: NAMESPACE } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'souk:volumes' },
      rules: [
        {
          apiGroups: [''],
          resources: ['persistentvolumes'],
          verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
        },
        { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'list', 'watch', 'update', 'patch'] },
        { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'souk:volumes' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'souk:volumes' },
      subjects: [{ kind: 'ServiceAccount', name: 'volumes', namespace: NAMESPACE }],
    },
    // The API server learns that a pod is on the node by a watch of its own, often later than the kubelet, whose question for the pod's
    // claim it then refuses; the kubelet asks again only after ten seconds. Claims and volumes hold nothing secret, and this is the one node.
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'souk:node-volumes' },
      rules: [{ apiGroups: [''], resources: ['persistentvolumeclaims', 'persistentvolumes'], verbs: ['get'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'souk:node-volumes' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'souk:node-volumes' },
      subjects: [{ kind: 'Group', name: 'system:nodes', apiGroup: 'rbac.authorization.k8s.io' }],
    },
    deployment(image, folder),
  ];
}

function deployment(image: string, folder: string): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'volumes', namespace: NAMESPACE, labels: LABELS },
    spec: {
      replicas: 1,
      // Two provisioners at once would answer the same claim twice.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: 'volumes',
          priorityClassName: 'system-cluster-critical',
          containers: [
            {
              name: 'volumes',
              image,
              args: [`--folder=${folder}`, `--node=${NODE_NAME}`, `--provisioner=${PROVISIONER}`],
              resources: { requests: { cpu: '10m', memory: '24Mi' }, limits: { memory: '128Mi' } },
              // It removes files that belong to the users of any pod.
              securityContext: {
                runAsUser: 0,
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'], add: ['DAC_OVERRIDE', 'FOWNER'] },
              },
              volumeMounts: [{ name: 'volumes', mountPath: folder }],
            },
          ],
          volumes: [{ name: 'volumes', hostPath: { path: folder, type: 'Directory' } }],
        },
      },
    },
  };
}
