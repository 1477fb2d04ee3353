// A pod as a store's namespace takes it, and what an attacker would change about it.

interface PodChange {
  readonly pod?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export const POD_USER = 10_001;

/** What is not changed keeps to Pod Security "restricted". */
export function podObject(name: string, { pod = {}, container = {}, labels = {} }: PodChange): object {
  const { securityContext: ofPod = {}, ...restOfPod } = pod as { securityContext?: object };
  const { securityContext: ofContainer = {}, ...restOfContainer } = container as { securityContext?: object };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: POD_USER,
        runAsGroup: POD_USER,
        seccompProfile: { type: 'RuntimeDefault' },
        ...ofPod,
      },
      containers: [
        {
          name: 'probe',
          image: 'souk.local/none',
          imagePullPolicy: 'IfNotPresent',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, ...ofContainer },
          ...restOfContainer,
        },
      ],
      ...restOfPod,
    },
  };
}
