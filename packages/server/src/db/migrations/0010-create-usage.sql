-- What stores use, for people to look at: written by the watch leader alone, in tables of its own, so that no statement touches the
-- columns of another writer and a list of stores does not carry it along.

create table store_quotas (
  store_id text primary key references stores (id) on delete cascade,
  -- [{resource, used, limit}], quantities as Kubernetes writes them.
  resources jsonb not null check (jsonb_typeof(resources) = 'array'),
  observed_at timestamptz not null default now()
);

-- Unlogged: half an hour of curves is worth no disk flush, and may be forgotten in a crash.
create unlogged table usage_samples (
  store_id text not null,
  at timestamptz not null default now(),
  -- [{name, cpuMillicores, memoryMib}], one for each pod.
  pods jsonb not null check (jsonb_typeof(pods) = 'array'),
  primary key (store_id, at)
);
create index usage_samples_age on usage_samples (at);

-- Lists by name read their page off it.
create index stores_of_tenant_by_name on stores (tenant_id, name, id);
