// The test engine with an image that nobody has built: its stores fail until a test brings the image into the node.
import type { Engine } from '../../packages/server/src/engines/engine.ts';
import { engine as testEngine } from '../test-engine/engine.ts';

// Nothing listens there: a pull is refused at once, also where there is no network. Its name tells that waiting is no use.
const LATE_IMAGE = '127.0.0.1:1/late-shop-never-pulled:1';

export const engine: Engine = {
  ...testEngine,
  name: 'late-shop',
  title: 'Late shop',
  summary: 'Its image comes late, for tests',
  provisionTimeoutMs: 120_000,
  values: (input) => ({ ...testEngine.values(input), image: LATE_IMAGE }),
};
