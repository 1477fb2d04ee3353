// How large each part of a WooCommerce store is, by plan. Requests are what an idle store needs, so that ten share two cores;
// limits are what a start and a busy hour need. A unit test adds the limits up: every plan's quota must hold the parts, a rolling
// update and the Job that runs what is due, at the same time.
import type { PlanName } from '@souk/contract';

interface Resources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu: string; readonly memory: string };
}

function resources(requests: readonly [string, string], limits: readonly [string, string]): Resources {
  return {
    requests: { cpu: requests[0], memory: requests[1] },
    limits: { cpu: limits[0], memory: limits[1] },
  };
}

const NGINX = { resources: resources(['5m', '16Mi'], ['200m', '96Mi']) };
const CRON = { resources: resources(['10m', '32Mi'], ['200m', '128Mi']) };

/** The part of the chart's values that a plan decides. A worker of PHP takes some 60 MB while it makes a page. */
export const SIZES = {
  small: {
    // Without a surge an update makes a short gap; two pods at once would not fit two cores of limits.
    web: { replicas: 1, maxSurge: 0 },
    php: { workers: 6, resources: resources(['20m', '128Mi'], ['1', '768Mi']) },
    nginx: NGINX,
    database: { size: '4Gi', resources: resources(['15m', '96Mi'], ['500m', '512Mi']) },
    uploads: { size: '3Gi', accessMode: 'ReadWriteOnce' },
    cron: CRON,
  },
  standard: {
    web: { replicas: 1, maxSurge: 1 },
    php: { workers: 8, resources: resources(['20m', '128Mi'], ['1200m', '1Gi']) },
    nginx: NGINX,
    database: { size: '8Gi', resources: resources(['15m', '96Mi'], ['800m', '768Mi']) },
    uploads: { size: '5Gi', accessMode: 'ReadWriteOnce' },
    cron: CRON,
  },
  large: {
    web: { replicas: 2, maxSurge: 1 },
    php: { workers: 12, resources: resources(['40m', '160Mi'], ['1500m', '1536Mi']) },
    nginx: NGINX,
    database: { size: '20Gi', resources: resources(['25m', '160Mi'], ['1500m', '1536Mi']) },
    uploads: { size: '10Gi', accessMode: 'ReadWriteOnce' },
    cron: CRON,
  },
} as const satisfies Record<PlanName, object>;
