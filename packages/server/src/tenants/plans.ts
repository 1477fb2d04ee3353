// What each plan offers a store. `standard` is the requirement; `small` is half of it and `large` twice. The guardrails of a store's
// namespace and the charts' replica counts follow from these numbers; quantities are written as Kubernetes writes them.
import type { Plan, PlanName } from '@souk/contract';

export const PLANS: Readonly<Record<PlanName, Plan>> = {
  small: {
    name: 'small',
    title: 'Small',
    pods: 10,
    cpuRequests: '1',
    cpuLimits: '2',
    memoryRequests: '2Gi',
    memoryLimits: '4Gi',
    volumes: 3,
    storage: '10Gi',
  },
  standard: {
    name: 'standard',
    title: 'Standard',
    pods: 20,
    cpuRequests: '2',
    cpuLimits: '4',
    memoryRequests: '4Gi',
    memoryLimits: '8Gi',
    volumes: 5,
    storage: '20Gi',
  },
  large: {
    name: 'large',
    title: 'Large',
    pods: 40,
    cpuRequests: '4',
    cpuLimits: '8',
    memoryRequests: '8Gi',
    memoryLimits: '16Gi',
    volumes: 10,
    storage: '40Gi',
  },
};

export const DEFAULT_PLAN: PlanName = 'standard';

/** The same for every plan (requirements G2): what a container gets that states nothing, and the most that it may state. */
export const CONTAINER_LIMITS = {
  defaultRequest: { cpu: '100m', memory: '128Mi' },
  defaultLimit: { cpu: '500m', memory: '512Mi' },
  max: { cpu: '2', memory: '4Gi' },
} as const;
