// The engine with most parts, and so with most secrets and most to reach. SKIP_MEDUSA=1 makes do with the test engine, for a quick look
// on a busy machine.
import type { Platform } from '../platform.ts';
import { TEST_ENGINE } from '../stores.ts';

/** As long as the engine itself gives a store. */
export const LARGEST_WITHIN_MS = 600_000;

export async function findLargestEngine({ client }: Platform): Promise<string> {
  if (process.env.SKIP_MEDUSA === '1') return TEST_ENGINE;
  const engines = await client.listEngines();
  return engines.find(({ name, available }) => name === 'medusa' && available)?.name ?? TEST_ENGINE;
}
