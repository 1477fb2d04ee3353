-- The wish for a new admin password: written by the API, fulfilled and deleted by a worker under its fence. It holds no password; that
-- is made by the worker and exists in the shop and its Secrets only.
create table password_resets (
  store_id text primary key references stores (id),
  requested_by text not null,
  requested_at timestamptz not null default now()
);
