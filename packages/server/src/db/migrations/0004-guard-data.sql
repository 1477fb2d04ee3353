-- A shop that was ready once holds data that nobody can make again. These columns say what that data is bound to, so that its loss is
-- noticed instead of being covered by a new and empty shop, and that somebody has agreed to begin anew.

-- desired: the API
alter table stores add column repair_generation bigint not null default 0 check (repair_generation <= generation);
-- The error that was shown to whoever asked for that repair: they agreed to this loss and to no other.
alter table stores add column repair_code text;
-- What a create that fails has made stays for somebody to look at, until it is retried or deleted.
alter table stores add column keep_failed boolean not null default false;

-- observed: a worker, under its lease's fence
alter table stores add column namespace_uid text;
-- Name → UID of each volume claim.
alter table stores add column claims jsonb not null default '{}' check (jsonb_typeof(claims) = 'object');
-- Fingerprint of the chart and values that the living release was made from.
alter table stores add column installed text;
