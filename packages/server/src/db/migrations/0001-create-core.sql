-- The first schema: tenants and their tokens, clusters, stores, jobs, events, and what the guards need.
-- Column groups of `stores` have one writer each: the API writes the desired group, a worker under its lease the observed group,
-- the watch leader the health group. No statement updates two groups.

create table tenants (
  id text primary key check (id ~ '^ten_[a-z0-9]{10}$'),
  name text not null unique check (length(name) between 1 and 80),
  max_stores integer not null default 5 check (max_stores >= 0),
  max_parallel_provisions integer not null default 3 check (max_parallel_provisions >= 1),
  created_at timestamptz not null default now()
);

create table tokens (
  id text primary key check (id ~ '^tok_[a-z0-9]{10}$'),
  tenant_id text not null references tenants (id),
  name text not null check (length(name) between 1 and 80),
  -- SHA-256 of the token; the token itself is random enough (≥ 160 bits) that no slow hash is needed.
  token_hash bytea not null unique check (octet_length(token_hash) = 32),
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);

create table clusters (
  id text primary key check (id ~ '^clu_[a-z0-9]{10}$'),
  name text not null unique check (length(name) between 1 and 80),
  base_domain text not null,
  created_at timestamptz not null default now(),
  -- Written by the watch leader alone.
  observed jsonb not null default '{}',
  observed_at timestamptz
);

create sequence fences as bigint;

create table stores (
  id text primary key check (id ~ '^sto_[a-z0-9]{10}$'),
  tenant_id text not null references tenants (id),
  cluster_id text not null references clusters (id),
  name text not null check (name ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' and length(name) <= 40),
  created_at timestamptz not null default now(),
  created_by text not null,

  -- desired: the API
  engine text not null check (engine ~ '^[a-z0-9-]{1,40}$'),
  engine_version text not null,
  plan text not null check (plan in ('small', 'standard', 'large')),
  admin_email text not null,
  desired_phase text not null default 'ready' check (desired_phase in ('ready', 'deleted')),
  generation bigint not null default 1 check (generation >= 1),
  deletion_requested_at timestamptz,

  -- observed: a worker, under its lease's fence
  phase text not null default 'requested'
    check (phase in ('requested', 'provisioning', 'ready', 'upgrading', 'failed', 'deleting', 'deleted')),
  observed_generation bigint not null default 0,
  endpoint text,
  error_code text,
  error_step text,
  error_message text,
  provisioning_started_at timestamptz,
  ready_at timestamptz,
  deleted_at timestamptz,
  fence bigint not null default 0,

  -- health: the watch leader
  health text not null default 'unknown' check (health in ('unknown', 'healthy', 'degraded')),
  pods jsonb not null default '[]' check (jsonb_typeof(pods) = 'array'),
  health_at timestamptz,

  check (observed_generation <= generation),
  check ((error_code is null) = (error_message is null)),
  check ((phase = 'deleted') = (deleted_at is not null)),
  check (phase <> 'ready' or ready_at is not null),
  check (phase not in ('deleting', 'deleted') or desired_phase = 'deleted'),
  check ((desired_phase = 'deleted') = (deletion_requested_at is not null))
);
-- The name is only the host name: it is free again once the deletion has ended.
create unique index stores_live_name on stores (cluster_id, name) where phase <> 'deleted';
create index stores_of_tenant on stores (tenant_id, created_at desc, id desc);
create index stores_live on stores (phase) where phase <> 'deleted';

create table jobs (
  id text primary key check (id ~ '^job_[a-z0-9]{10}$'),
  kind text not null check (kind ~ '^[a-z]+(-[a-z]+)+$'),
  subject text not null,
  -- The queue knows no store: fairness and parallel limits work on this opaque group (a tenant's id).
  fair_group text not null,
  -- How many jobs with a limit may be under way at once in this job's group; null counts against no limit. A job is under way from
  -- its first claim on, also while it waits, until it ends or goes back to be tried again.
  group_limit integer check (group_limit >= 1),
  priority smallint not null default 0,
  state text not null default 'available'
    check (state in ('available', 'running', 'waiting', 'completed', 'discarded', 'cancelled')),
  run_at timestamptz not null default now(),
  attempt integer not null default 0 check (attempt >= 0),
  -- A request that arrives while an attempt runs makes it run once more afterwards, so that no wish is lost.
  rerun boolean not null default false,
  lease_owner text,
  lease_expires_at timestamptz,
  fence bigint,
  error text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  check ((state = 'running') = (lease_owner is not null)),
  check ((state = 'running') = (lease_expires_at is not null)),
  check (state <> 'running' or fence is not null),
  check ((state in ('completed', 'discarded', 'cancelled')) = (finished_at is not null))
);
-- One live job per subject: a second request joins it instead of starting a rival.
create unique index jobs_live_subject on jobs (kind, subject) where state in ('available', 'running', 'waiting');
create index jobs_claimable on jobs (priority desc, run_at, id) where state in ('available', 'waiting');
create index jobs_leases on jobs (lease_expires_at) where state = 'running';
create index jobs_under_way on jobs (fair_group) where state in ('running', 'waiting');
create index jobs_finished on jobs (finished_at) where state in ('completed', 'discarded', 'cancelled');
create index jobs_of_subject on jobs (subject, created_at desc);

create table events (
  -- Transactions commit in another order than they draw numbers. Readers therefore go by (xid, cursor) and stop before the oldest
  -- transaction still open: nothing can appear behind a reader's back.
  cursor bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  type text not null check (type ~ '^[a-z]+\.[a-z_]+$'),
  tenant_id text references tenants (id),
  store_id text references stores (id),
  actor text not null,
  step text,
  duration_ms integer check (duration_ms >= 0),
  message text not null,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  at timestamptz not null default now()
);
create index events_in_order on events (xid, cursor);
create index events_of_tenant on events (tenant_id, xid, cursor);
create index events_of_store on events (store_id, cursor);
create index events_age on events (at);

-- How far old events were deleted: a stream cannot resume from before this place without a gap.
create table events_trimmed (
  is_only boolean primary key default true check (is_only),
  xid xid8 not null,
  cursor bigint not null
);

create table idempotency_keys (
  tenant_id text not null references tenants (id),
  key text not null check (length(key) between 1 and 255),
  request_hash bytea not null check (octet_length(request_hash) = 32),
  response jsonb not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- An admin password given at create time, sealed with the platform's key (AES-256-GCM), until the worker has put it into the Secret.
create table sealed_passwords (
  store_id text primary key references stores (id),
  sealed bytea not null,
  created_at timestamptz not null default now()
);

-- What must run once among many workers (the watch, sweepers) runs under a named lease; the fence refuses a former holder's writes.
create table leader_leases (
  name text primary key,
  owner text not null,
  fence bigint not null,
  expires_at timestamptz not null
);

create table worker_heartbeats (
  worker text primary key,
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now()
);

-- Unlogged: a count is worth no disk flush per request, and may be forgotten in a crash.
create unlogged table rate_limit_buckets (
  key text primary key,
  window_started_at timestamptz not null,
  used integer not null check (used >= 0)
);
