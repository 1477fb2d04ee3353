// The health of the parts, as far as this process can tell. Never throws: a part that cannot be asked is an unhealthy part.
import type { PlatformHealth } from '@souk/contract';
import { sql } from 'kysely';
import { z } from 'zod';
import { readFirstCluster } from '../clusters/cluster-queries.ts';
import type { Db } from '../db/database.ts';
import { countLiveWorkers } from '../jobs/worker-queries.ts';
import { parseQuantity } from '../kube/read-usage.ts';

// Three heartbeats of a worker, and a little.
const WORKER_ALIVE_MS = 12_000;
// The watch writes at least every minute; twice that is silence.
const CLUSTER_FRESH_MS = 120_000;

const observedSchema = z.object({
  version: z.string().nullable().catch(null),
  nodes: z.array(z.object({ name: z.string(), ready: z.boolean() })).catch([]),
  message: z.string().nullable().catch(null),
  figures: z
    .array(
      z.object({
        name: z.string(),
        version: z.string().nullable().catch(null),
        allocatable: z.record(z.string(), z.string()).catch({}),
        used: z.object({ cpuMillicores: z.number(), memoryMib: z.number() }).nullable().catch(null),
      }),
    )
    .catch([]),
});
type Observed = z.infer<typeof observedSchema>;

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
  const ageMs = cluster.observedAgeMs ?? 0;
  const problem =
    ageMs > CLUSTER_FRESH_MS
      ? `Last seen ${Math.round(ageMs / 1000)} s ago.`
      : (observed.message ?? describeNodes(observed.nodes));
  return {
    healthy: problem === null,
    message: problem,
    version: observed.version,
    nodes: observed.nodes.map((node) => withFigures(node, observed.figures)),
    observedAt: cluster.observedAt.toISOString(),
  };
}

function describeNodes(nodes: readonly { name: string; ready: boolean }[]): string | null {
  const unready = nodes.filter((node) => !node.ready).map((node) => node.name);
  return unready.length === 0 ? null : `Not ready: ${unready.join(', ')}.`;
}

function withFigures(node: Observed['nodes'][number], figures: Observed['figures']) {
  const own = figures.find(({ name }) => name === node.name);
  if (own === undefined) {
    return node;
  }
  const { version, used, allocatable } = own;
  const figure = (resource: string): number => parseQuantity(allocatable[resource] ?? '') || 0;
  const capacity = {
    cpuMillicores: figure('cpu') * 1_000,
    memoryMib: Math.round(figure('memory') / 1_048_576),
    pods: figure('pods'),
  };
  return { ...node, version, used, capacity };
}
