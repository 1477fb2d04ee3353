// The test engine with a second workload, an image that a test brings into the node, right or wrong, and little time to get ready.
import type { Engine } from '../../packages/server/src/engines/engine.ts';
import { engine as testEngine } from '../test-engine/engine.ts';

// Nothing listens there: what no test has brought is refused at once.
const HASTY_IMAGE = '127.0.0.1:1/hasty-shop-never-pulled:1';

export const engine: Engine = {
  ...testEngine,
  name: 'hasty-shop',
  title: 'Hasty shop',
  summary: 'A shop and its clerk with half a minute to open, for tests',
  provisionTimeoutMs: 30_000,
  workloads: (plan) => [...testEngine.workloads(plan), { kind: 'Deployment', name: 'clerk' }],
  values: (input) => ({ ...testEngine.values(input), image: HASTY_IMAGE, clerk: true }),
};
