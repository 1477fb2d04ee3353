// An engine whose stores are only objects: the benchmark makes them itself, and nothing is ever installed.
import type { Engine } from '@souk/server/engines/engine.ts';

export const engine: Engine = {
  name: 'bench-shop',
  title: 'Bench shop',
  summary: 'Only objects, for a benchmark',
  version: '1.0.0',
  chartPath: import.meta.dirname,
  images: [],
  provisionTimeoutMs: 60_000,
  adminPath: '/admin',
  workloads: () => [{ kind: 'Deployment', name: 'front' }],
  services: () => ['front'],
  secrets: async () => ({}),
  values: () => ({}),
  verify: async () => undefined,
  placeOrder: async () => ({ orderId: '1', displayId: '1' }),
  findOrder: async () => true,
};
