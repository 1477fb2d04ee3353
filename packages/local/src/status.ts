// `souk status`: what runs. It only looks.

import { findLeftovers, type Leftovers } from './node/sweep.ts';
import { type PlatformFacts, readPlatformFacts } from './platform-facts.ts';
import { type PlatformPaths, platformPaths } from './platform-paths.ts';
import { readReport } from './supervisor/control-client.ts';
import type { PlatformReport } from './supervisor/platform-report.ts';

export type PlatformStatus =
  | { isUp: true; report: PlatformReport; facts: PlatformFacts | null }
  /** `leftovers` holds what a killed supervisor has left; `up` heals it, `down` removes it. */
  | { isUp: false; report: null; facts: PlatformFacts | null; leftovers: Leftovers };

export async function status({ paths = platformPaths() }: { paths?: PlatformPaths } = {}): Promise<PlatformStatus> {
  const [report, facts] = await Promise.all([readReport(paths), readPlatformFacts(paths)]);
  if (report !== null) return { isUp: true, report, facts };
  return { isUp: false, report: null, facts, leftovers: await findLeftovers(paths) };
}
