// The health of the parts, as far as this process can tell. Never throws: a part that cannot be asked is an unhealthy part.
import type { PlatformHealth } from '@souk/contract';
import { sql } from 'kysely';
import { z } from 'zod';
import { readFirstCluster } from '../clusters/cluster-queries.ts';
import type { Db } from '../db/database.ts';
import { countLiveWorkers } from '../jobs/worker-queries.ts';

// Three heartbeats of a worker, and a little.
const WORKER_ALIVE_MS = 12_000;
// The watch writes at least every minute; twice that is silence.
const CLUSTER_FRESH_MS = 120_000;

const observedSchema = z.object({
  version: z.string().nullable().catch(null),
  nodes: z.array(z.object({ name: z.string(), ready: z.boolean() })).catch([]),
  message: z.string().nullable().catch(null),
});

const UNKNOWN_CLUSTER = { healthy: false, version: null, nodes: [], observedAt: null };

export async function readPlatformHealth(db: Db, version: string): Promise<PlatformHealth> {
  const api = { healthy: true, message: null, version };
  try {
    const { rows } = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(db);
    const [cluster, alive] = await Promise.all([readCluster(db), countLiveWorkers(db, WORKER_ALIVE_MS)]);
    const database = { healthy: true, message: null, version: rows[0]?.version.split(' ')[0] ?? null };
    return { healthy: cluster.healthy && alive > 0, api, database, cluster, workers: { alive } };
  } catch {
    const away = 'The database cannot be reached.';
    return {
      healthy: false,
      api,
      database: { healthy: false, message: away, version: null },
      cluster: { ...UNKNOWN_CLUSTER, message: 'Unknown while the database is away.' },
      workers: { alive: 0 },
    };
  }
}

async function readCluster(db: Db): Promise<PlatformHealth['cluster']> {
  const cluster = await readFirstCluster(db);
  const observed = observedSchema.safeParse(cluster?.observed ?? {}).data;
  if (cluster?.observedAt == null || observed === undefined) {
    return { ...UNKNOWN_CLUSTER, message: 'No worker has reported on the cluster yet.' };
  }
  const ageMs = Date.now() - cluster.observedAt.getTime();
  const problem =
    ageMs > CLUSTER_FRESH_MS
      ? `Last seen ${Math.round(ageMs / 1000)} s ago.`
      : (observed.message ?? describeNodes(observed.nodes));
  return {
    healthy: problem === null,
    message: problem,
    version: observed.version,
    nodes: observed.nodes,
    observedAt: cluster.observedAt.toISOString(),
  };
}

function describeNodes(nodes: readonly { name: string; ready: boolean }[]): string | null {
  const unready = nodes.filter((node) => !node.ready).map((node) => node.name);
  return unready.length === 0 ? null : `Not ready: ${unready.join(', ')}.`;
}
