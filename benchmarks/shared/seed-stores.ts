// Rows as a busy tenant would have them, written straight into a database: stores in every phase with pods and timelines. For
// benchmarks of lists and streams, and for looking at the dashboard without a cluster.
import { type Db, inTransaction, type Tx } from '@souk/server/db/database.ts';
import { sql } from 'kysely';

export interface Seed {
  readonly tenantId: string;
  readonly stores: number;
}

const STEPS = [
  ['ensureNamespace', 'The namespace is there', 120],
  ['ensureGuardrails', 'Quota, limits and network rules are in force', 240],
  ['ensureCredentials', 'The credentials are kept', 90],
  ['installRelease', 'The release is installed', 1_900],
  ['awaitWorkloads', 'All pods are ready', 14_000],
  ['verifyStorefront', 'A product can be listed and put into a cart', 1_300],
] as const;

/** Deterministic: the same number gives the same rows. Names are unique in the cluster. */
export async function seedStores(db: Db, { tenantId, stores }: Seed): Promise<void> {
  await inTransaction(db, async (tx) => {
    await sql`select set_config('statement_timeout', '120000', true)`.execute(tx);
    await insertStores(tx, tenantId, stores);
    await insertTimelines(tx, tenantId);
    await insertJobs(tx, tenantId);
  });
  await sql`analyze stores, events, jobs`.execute(db);
}

async function insertStores(tx: Tx, tenantId: string, stores: number): Promise<void> {
  await sql`
    with words as (
      select array['amber','birch','cedar','copper','cotton','ember','fern','flint','harbor','hazel','indigo','juniper','linen','maple','marble','meadow','olive','pepper','saffron','willow'] as first,
        array['bakery','books','candles','ceramics','coffee','cycles','florist','goods','kettle','lamps','leather','market','outfit','paper','records','soap','studio','supply','tea','toys'] as second
    ),
    numbered as (
      select n, case when n % 97 = 13 then 'failed' when n % 89 = 7 then 'provisioning' when n % 211 = 5 then 'requested'
          when n % 151 = 11 then 'deleting' else 'ready' end as phase
      from generate_series(1, ${stores}) as n
    )
    insert into stores (id, tenant_id, cluster_id, name, created_at, created_by, engine, engine_version, plan, admin_email,
      desired_phase, generation, deletion_requested_at, phase, observed_generation, error_code, error_step, error_message, ready_at,
      health, pods, health_at)
    select 'sto_' || lpad(to_hex(n * 7919), 10, '0'), ${tenantId}, (select id from clusters limit 1),
      words.first[1 + n % 20] || '-' || words.second[1 + (n / 20) % 20] || case when n > 400 then '-' || n else '' end,
      now() - n * interval '47 minutes' - interval '9 seconds', 'tok_seedseed00',
      case when n % 3 = 0 then 'other-shop' else 'medusa' end, '2.18.0',
      (array['standard', 'standard', 'small', 'large'])[1 + n % 4], 'owner@example.com',
      case when phase = 'deleting' then 'deleted' else 'ready' end, case when phase = 'deleting' then 2 else 1 end,
      case when phase = 'deleting' then now() - interval '8 seconds' end, phase,
      case when phase in ('requested', 'provisioning') then 0 else 1 end,
      case when phase = 'failed' then 'provisioning_timed_out' end, case when phase = 'failed' then 'awaitWorkloads' end,
      case when phase = 'failed'
        then 'not ready within 600 s: backend (container "backend" exits with code 1 again and again: cannot connect to database)' end,
      case when phase in ('ready', 'deleting') then now() - n * interval '47 minutes' + (12 + n % 23) * interval '1 second' end,
      case when phase <> 'ready' then 'unknown' when n % 41 = 3 then 'degraded' else 'healthy' end,
      case when phase = 'requested' then '[]' else jsonb_build_array(
        jsonb_build_object('name', 'backend-7c9d8f6b5-x2lqp', 'component', 'backend', 'podPhase', 'Running', 'ready', phase = 'ready' and n % 41 <> 3,
          'restarts', case when phase = 'failed' then 7 when n % 41 = 3 then 2 else 0 end,
          'message', case when phase = 'failed' then 'container "backend" waits to be started again: CrashLoopBackOff' end,
          'containers', jsonb_build_array('backend'), 'startedAt', to_char(now() - n * interval '47 minutes', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
        jsonb_build_object('name', 'database-0', 'component', 'database', 'podPhase', 'Running', 'ready', true, 'restarts', 0, 'message', null,
          'containers', jsonb_build_array('database'), 'startedAt', to_char(now() - n * interval '47 minutes', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
        jsonb_build_object('name', 'storefront-5b8f9c7d4-9kzrm', 'component', 'storefront', 'podPhase', 'Running', 'ready', true, 'restarts', 0,
          'message', null, 'containers', jsonb_build_array('storefront'), 'startedAt', to_char(now() - n * interval '47 minutes', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) end,
      now()
    from numbered, words`.execute(tx);
}

async function insertTimelines(tx: Tx, tenantId: string): Promise<void> {
  await sql`
    insert into events (type, tenant_id, store_id, actor, message, at)
    select 'store.requested', tenant_id, id, created_by, 'Store "' || name || '" requested on plan ' || plan, created_at
    from stores where tenant_id = ${tenantId}`.execute(tx);
  await sql`
    insert into events (type, tenant_id, store_id, actor, message, at)
    select 'store.provisioning_started', tenant_id, id, 'worker-seed', 'A worker began', created_at + interval '40 milliseconds'
    from stores where tenant_id = ${tenantId} and phase <> 'requested'`.execute(tx);
  await sql`
    insert into events (type, tenant_id, store_id, actor, message, details, at)
    select 'store.worker_lost', tenant_id, id, 'worker-seed', 'worker-lost fell silent in the middle of its work; worker-seed goes on with it',
      jsonb_build_object('worker', 'worker-lost'), created_at + interval '55 milliseconds'
    from stores where tenant_id = ${tenantId} and phase = 'ready' and name like 'birch-%'`.execute(tx);
  let beginMs = 60;
  for (const [step, done, durationMs] of STEPS) {
    const isLate = step === 'awaitWorkloads' || step === 'verifyStorefront';
    const begins = sql.raw(`interval '${beginMs} milliseconds'`);
    // What a store that is under way or has failed did not get through.
    const isReached = sql.raw(
      isLate ? "phase in ('ready', 'deleting')" : "phase in ('ready', 'deleting', 'provisioning', 'failed')",
    );
    const isBegun = sql.raw(step === 'verifyStorefront' ? "phase in ('ready', 'deleting')" : "phase <> 'requested'");
    await sql`
      insert into events (type, tenant_id, store_id, actor, step, message, at)
      select 'store.step_started', tenant_id, id, 'worker-seed', ${step}, ${step === 'awaitWorkloads' ? 'Waiting for the pods' : done},
        case when phase = 'provisioning' then now() - interval '6 seconds' else created_at + ${begins} end
      from stores where tenant_id = ${tenantId} and ${isBegun}`.execute(tx);
    const spread = sql.raw(
      `(${durationMs} * (0.7 + (('x' || substr(md5(id || '${step}'), 1, 4))::bit(16)::int % 100) / 110.0))`,
    );
    await sql`
      insert into events (type, tenant_id, store_id, actor, step, duration_ms, message, at)
      select 'store.step_completed', tenant_id, id, 'worker-seed', ${step}, ${spread}, ${done},
        created_at + ${begins} + ${spread} * interval '1 millisecond'
      from stores where tenant_id = ${tenantId} and ${isReached}`.execute(tx);
    beginMs += durationMs;
  }
  await sql`
    insert into events (type, tenant_id, store_id, actor, step, message, details, at)
    select 'store.provisioning_failed', tenant_id, id, 'worker-seed', error_step, error_message, jsonb_build_object('code', error_code),
      created_at + interval '10 minutes' from stores where tenant_id = ${tenantId} and phase = 'failed'
    union all
    select 'store.diagnosis_recorded', tenant_id, id, 'worker-seed', null, 'Kept what the pods said last',
      jsonb_build_object('pods', jsonb_build_array(jsonb_build_object('name', 'backend-7c9d8f6b5-x2lqp', 'problem',
        'container "backend" waits to be started again: CrashLoopBackOff', 'restarts', 7, 'log',
        E'2026-11-20T10:11:12Z info  Medusa is starting\\n2026-11-20T10:11:13Z info  Connecting to the database\\n2026-11-20T10:11:18Z error connect ECONNREFUSED 10.96.12.7:5432\\n    at TCPConnectWrap.afterConnect (node:net:1637:16)\\n2026-11-20T10:11:18Z error Could not resolve module: pg-connection. Exiting with code 1')),
        'warnings', jsonb_build_array('Pod backend-7c9d8f6b5-x2lqp: BackOff: Back-off restarting failed container backend in pod')),
      created_at + interval '10 minutes' from stores where tenant_id = ${tenantId} and phase = 'failed'
    union all
    select 'store.ready', tenant_id, id, 'worker-seed', null, name || ' is ready', '{}'::jsonb, ready_at
    from stores where tenant_id = ${tenantId} and ready_at is not null`.execute(tx);
}

async function insertJobs(tx: Tx, tenantId: string): Promise<void> {
  await sql`
    insert into jobs (id, kind, subject, fair_group, state, attempt, error, created_at, run_at, started_at, finished_at)
    select 'job_' || substr(id, 5), 'reconcile-store', id, tenant_id,
      case when phase = 'failed' then 'discarded' when phase in ('ready', 'deleting') then 'completed' else 'available' end,
      case when phase = 'failed' then 3 else 1 end, error_message, created_at, created_at + interval '1 day' * 30, created_at,
      case when phase in ('ready', 'deleting', 'failed') then coalesce(ready_at, created_at + interval '10 minutes') end
    from stores where tenant_id = ${tenantId}`.execute(tx);
}

/** Quota and half an hour of curves for every store that lives, and figures of the one node. */
export async function seedUsage(db: Db): Promise<void> {
  await sql`
    insert into store_quotas (store_id, resources)
    select id, ${JSON.stringify([
      { resource: 'requests.cpu', used: '165m', limit: '2' },
      { resource: 'limits.cpu', used: '3', limit: '4' },
      { resource: 'requests.memory', used: '1180Mi', limit: '4Gi' },
      { resource: 'limits.memory', used: '3Gi', limit: '8Gi' },
      { resource: 'requests.storage', used: '5Gi', limit: '20Gi' },
      { resource: 'persistentvolumeclaims', used: '1', limit: '5' },
      { resource: 'pods', used: '4', limit: '20' },
    ])}::jsonb from stores where phase <> 'requested'
    on conflict do nothing`.execute(db);
  await sql`
    insert into usage_samples (store_id, at, pods)
    select stores.id, now() - n * interval '30 seconds', jsonb_agg(jsonb_build_object(
        'name', pod ->> 'name', 'cpuMillicores', round(14 + 10 * sin(n / 4.0 + length(pod ->> 'name')) + (n * 7919) % 9),
        'memoryMib', 150 + length(pod ->> 'name') * 3 + (n * 31) % 12))
    from (select * from stores where phase = 'ready' order by created_at desc limit 40) as stores, jsonb_array_elements(pods) as pod,
      generate_series(0, 40) as n
    group by stores.id, n
    on conflict do nothing`.execute(db);
  await sql`
    update clusters set observed = observed || ${JSON.stringify({
      figures: [
        {
          name: 'node-1',
          version: 'v1.36.1',
          allocatable: { cpu: '8', memory: '31Gi', pods: '250' },
          used: { cpuMillicores: 2100, memoryMib: 14_200 },
        },
      ],
    })}::jsonb`.execute(db);
}
