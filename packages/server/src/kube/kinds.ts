// The Kubernetes objects that Souk reads or writes: where each kind lives in the API, and of each only the fields that are used,
// as they are in JSON (instants are strings). The client library's classes are not used here: loading them costs 80 MB.

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
}

export interface KubeObject {
  readonly metadata: ObjectMeta;
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface NamespaceObject extends KubeObject {
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

interface ContainerStateDetail {
  readonly reason?: string;
  readonly message?: string;
  readonly exitCode?: number;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: {
    readonly waiting?: ContainerStateDetail;
    readonly running?: ContainerStateDetail;
    readonly terminated?: ContainerStateDetail;
  };
  readonly lastState?: { readonly terminated?: ContainerStateDetail };
}

export interface Pod extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly containers: readonly { readonly name: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly startTime?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly Condition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly readyReplicas?: number;
    readonly conditions?: readonly Condition[];
  };
}

export interface StatefulSet extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly updateStrategy?: { readonly type?: string } };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
  };
}

export interface Secret extends KubeObject {
  readonly type?: string;
  /** Base64 values, as the API sends them. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface PersistentVolume extends KubeObject {
  readonly spec?: { readonly claimRef?: { readonly namespace?: string; readonly name?: string } };
  readonly status?: { readonly phase?: string; readonly message?: string };
}

export interface PersistentVolumeClaim extends KubeObject {
  readonly status?: { readonly phase?: string };
}

export interface NodeObject extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly nodeInfo?: { readonly kubeletVersion?: string };
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port: number } };
  };
}

export interface ClusterEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly involvedObject: { readonly kind?: string; readonly name?: string; readonly namespace?: string };
}

export interface ResourceQuota extends KubeObject {
  readonly spec?: { readonly hard?: Readonly<Record<string, string>> };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

/** Kinds whose content is written but never read back field by field. */
export type OpaqueObject = KubeObject;

export interface KindMap {
  Namespace: NamespaceObject;
  Pod: Pod;
  Secret: Secret;
  Event: ClusterEvent;
  Node: NodeObject;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  ResourceQuota: ResourceQuota;
  LimitRange: OpaqueObject;
  Service: OpaqueObject;
  Deployment: Deployment;
  StatefulSet: StatefulSet;
  ReplicaSet: OpaqueObject;
  Ingress: OpaqueObject;
  NetworkPolicy: OpaqueObject;
  RoleBinding: OpaqueObject;
}
export type Kind = keyof KindMap;

interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

export const RESOURCES: Readonly<Record<Kind, Resource>> = {
  Namespace: { apiVersion: 'v1', plural: 'namespaces', isNamespaced: false },
  Pod: { apiVersion: 'v1', plural: 'pods', isNamespaced: true },
  Secret: { apiVersion: 'v1', plural: 'secrets', isNamespaced: true },
  Event: { apiVersion: 'v1', plural: 'events', isNamespaced: true },
  Node: { apiVersion: 'v1', plural: 'nodes', isNamespaced: false },
  PersistentVolume: { apiVersion: 'v1', plural: 'persistentvolumes', isNamespaced: false },
  PersistentVolumeClaim: { apiVersion: 'v1', plural: 'persistentvolumeclaims', isNamespaced: true },
  ResourceQuota: { apiVersion: 'v1', plural: 'resourcequotas', isNamespaced: true },
  LimitRange: { apiVersion: 'v1', plural: 'limitranges', isNamespaced: true },
  Service: { apiVersion: 'v1', plural: 'services', isNamespaced: true },
  Deployment: { apiVersion: 'apps/v1', plural: 'deployments', isNamespaced: true },
  StatefulSet: { apiVersion: 'apps/v1', plural: 'statefulsets', isNamespaced: true },
  ReplicaSet: { apiVersion: 'apps/v1', plural: 'replicasets', isNamespaced: true },
  Ingress: { apiVersion: 'networking.k8s.io/v1', plural: 'ingresses', isNamespaced: true },
  NetworkPolicy: { apiVersion: 'networking.k8s.io/v1', plural: 'networkpolicies', isNamespaced: true },
  RoleBinding: { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'rolebindings', isNamespaced: true },
};

/** An object as it is sent: the server fills in the rest. */
export interface Manifest {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}
