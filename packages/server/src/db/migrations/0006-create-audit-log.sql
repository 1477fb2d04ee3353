-- The audit log: who did what, when, from where, with what outcome. Entries are only ever added; each carries a SHA-256 over itself
-- and its predecessor's, so that a changed, removed or inserted one shows. The chain is made here and not by the server, which
-- may insert and read but not choose where its entry goes.

create table audit_entries (
  cursor bigint primary key,
  at timestamptz not null,
  -- No foreign keys: the log outlives what it tells of.
  tenant_id text,
  actor text not null,
  actor_name text not null,
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  target text,
  address text not null,
  outcome text not null check (outcome in ('ok', 'refused', 'failed', 'unknown')),
  code text not null,
  request_id text not null,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  previous_hash bytea not null,
  hash bytea not null check (octet_length(hash) = 32)
);
create index audit_entries_of_tenant on audit_entries (tenant_id, cursor);

-- What has begun and is not yet entered. Written before a call is obeyed and turned into its one entry afterwards; what a process
-- that died leaves here is entered with the outcome "unknown".
create table audit_intents (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  tenant_id text,
  actor text not null,
  actor_name text not null,
  action text not null,
  address text not null,
  request_id text not null
);
create index audit_intents_age on audit_intents (at);

-- With its length in front, so that no two different entries read alike.
create function audit_field(value text) returns text language sql immutable as $$
  select coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value, '-')
$$;

create function chain_audit_entry() returns trigger language plpgsql as $$
declare
  last record;
begin
  -- Entries take turns until they are committed, so that each finds its predecessor.
  perform pg_advisory_xact_lock(hashtextextended('audit.chain', 0));
  select cursor, hash into last from audit_entries order by cursor desc limit 1;
  new.cursor := coalesce(last.cursor, 0) + 1;
  new.at := clock_timestamp();
  new.previous_hash := coalesce(last.hash, '\x');
  new.hash := sha256(new.previous_hash || convert_to(
    audit_field(new.cursor::text) || audit_field((extract(epoch from new.at) * 1000000)::bigint::text)
      || audit_field(new.tenant_id) || audit_field(new.actor) || audit_field(new.actor_name) || audit_field(new.action)
      || audit_field(new.target) || audit_field(new.address) || audit_field(new.outcome) || audit_field(new.code)
      || audit_field(new.request_id) || audit_field(new.details::text), 'UTF8'));
  return new;
end
$$;
create trigger audit_entries_chain before insert on audit_entries for each row execute function chain_audit_entry();

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only ever added to';
end
$$;
create trigger audit_entries_stay before update or delete or truncate on audit_entries
  for each statement execute function refuse_audit_change();
