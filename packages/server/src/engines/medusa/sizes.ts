// How large each part of a Medusa store is, by plan. Requests are what an idle store needs, so that ten share two cores;
// limits are what a start needs. A unit test adds the limits up: every plan's quota must hold the parts, a rolling update and one
// Job at the same time.
import type { PlanName } from '@souk/contract';

interface Resources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu: string; readonly memory: string };
}

/** What a Job beside the running parts (a migration, a dump) may ask for within the quota. */
export const JOB_LIMITS: Record<PlanName, { cpuMilli: number; memoryMib: number }> = {
  small: { cpuMilli: 200, memoryMib: 1024 },
  standard: { cpuMilli: 300, memoryMib: 1024 },
  large: { cpuMilli: 400, memoryMib: 2048 },
};

function resources(requests: readonly [string, string], limits: readonly [string, string]): Resources {
  return {
    requests: { cpu: requests[0], memory: requests[1] },
    limits: { cpu: limits[0], memory: limits[1] },
  };
}

// The cache answers from memory; a bigger plan brings it more work than data.
const CACHE = { resources: resources(['10m', '24Mi'], ['100m', '128Mi']) };
const ONE_BACKEND = { enabled: false, minReplicas: 2, maxReplicas: 3, targetCpuMilli: 700 };
const NO_WORKER = { enabled: false, resources: resources(['25m', '384Mi'], ['1200m', '1536Mi']) };

/** The part of the chart's values that a plan decides. */
export const SIZES = {
  small: {
    // Without a surge an update makes a short gap; two backends at once would not fit two cores of limits.
    backend: {
      replicas: 1,
      maxSurge: 0,
      autoscaling: ONE_BACKEND,
      resources: resources(['25m', '384Mi'], ['900m', '1Gi']),
    },
    worker: NO_WORKER,
    uploads: { size: '3Gi', accessMode: 'ReadWriteOnce' },
    storefront: { replicas: 1, maxSurge: 0, resources: resources(['10m', '96Mi'], ['400m', '384Mi']) },
    database: { size: '4Gi', resources: resources(['15m', '96Mi'], ['400m', '512Mi']) },
    cache: CACHE,
  },
  standard: {
    backend: {
      replicas: 1,
      maxSurge: 1,
      autoscaling: ONE_BACKEND,
      resources: resources(['25m', '384Mi'], ['1200m', '1536Mi']),
    },
    worker: NO_WORKER,
    uploads: { size: '5Gi', accessMode: 'ReadWriteOnce' },
    storefront: { replicas: 1, maxSurge: 1, resources: resources(['10m', '96Mi'], ['700m', '384Mi']) },
    database: { size: '8Gi', resources: resources(['15m', '96Mi'], ['500m', '768Mi']) },
    cache: CACHE,
  },
  large: {
    backend: {
      replicas: 2,
      maxSurge: 1,
      autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 3, targetCpuMilli: 700 },
      resources: resources(['50m', '384Mi'], ['1200m', '1536Mi']),
    },
    worker: { enabled: true, resources: resources(['25m', '384Mi'], ['1200m', '1536Mi']) },
    uploads: { size: '10Gi', accessMode: 'ReadWriteOnce' },
    storefront: { replicas: 1, maxSurge: 1, resources: resources(['20m', '96Mi'], ['700m', '384Mi']) },
    database: { size: '20Gi', resources: resources(['25m', '192Mi'], ['750m', '1536Mi']) },
    cache: CACHE,
  },
} as const satisfies Record<PlanName, object>;
