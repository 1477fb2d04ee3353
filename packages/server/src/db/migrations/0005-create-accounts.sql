-- People: who they are, how they prove it, which tenants they are in, and the sessions and one-time links that this comes to.

create table people (
  id text primary key check (id ~ '^per_[a-z0-9]{10}$'),
  email text not null unique check (email = lower(email) and length(email) between 3 and 254),
  name text not null check (length(name) between 1 and 80),
  -- argon2id in PHC form; null for people who sign in by a provider or by links only.
  password_hash text check (password_hash like '$argon2id$%'),
  is_platform_admin boolean not null default false,
  created_at timestamptz not null default now(),
  last_sign_in_at timestamptz,
  disabled_at timestamptz
);

-- Whom a provider knows as `subject` is this person, whatever their e-mail address becomes.
create table identities (
  issuer text not null,
  subject text not null,
  provider text not null,
  person_id text not null references people (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index identities_of_person on identities (person_id);

create table members (
  tenant_id text not null references tenants (id),
  person_id text not null references people (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  joined_at timestamptz not null default now(),
  primary key (tenant_id, person_id)
);
create index members_of_person on members (person_id);

-- A session's JWT names it by id; it counts only while this row does.
create table sessions (
  id text primary key check (id ~ '^ses_[a-z0-9]{10}$'),
  person_id text not null references people (id) on delete cascade,
  method text not null check (method in ('link', 'password', 'provider', 'invitation', 'reset')),
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  address text,
  client text
);
create index sessions_of_person on sessions (person_id) where ended_at is null;
create index sessions_age on sessions (expires_at);

-- Used up by deletion, so that of two clicks one finds nothing.
create table sign_in_links (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  kind text not null check (kind in ('sign-in', 'password-reset')),
  person_id text not null references people (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sign_in_links_age on sign_in_links (expires_at);

create table invitations (
  id text primary key check (id ~ '^inv_[a-z0-9]{10}$'),
  tenant_id text not null references tenants (id),
  email text not null check (email = lower(email) and length(email) between 3 and 254),
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  token_hash bytea not null unique check (octet_length(token_hash) = 32),
  invited_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz
);
create unique index invitations_open on invitations (tenant_id, email) where accepted_at is null and revoked_at is null;
create index invitations_of_email on invitations (email) where accepted_at is null and revoked_at is null;

-- A sign-in on its way through a provider. Shared by all API processes; at most a thousand at once, the oldest make room.
create table provider_sign_ins (
  state_hash bytea primary key check (octet_length(state_hash) = 32),
  provider text not null,
  -- The browser that began it holds the secret of this hash in a cookie: nobody can be made to finish another's sign-in.
  browser_hash bytea not null check (octet_length(browser_hash) = 32),
  nonce text not null,
  code_verifier text not null,
  return_to text not null check (return_to like '/%'),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
create index provider_sign_ins_age on provider_sign_ins (created_at);

-- A token without a person is the installation's own. One with a person may do what both its scopes and their role allow.
alter table tokens
  add column person_id text references people (id) on delete cascade,
  add column scopes text[] not null default '{stores:read,stores:write,admin}'
    check (scopes <@ '{stores:read,stores:write,admin}' and cardinality(scopes) >= 1),
  add column is_platform boolean not null default false,
  add check (not is_platform or person_id is null);
update tokens set is_platform = true where name = 'first';
create index tokens_of_tenant on tokens (tenant_id);
create index tokens_of_person on tokens (person_id);

alter table tenants
  add column largest_plan text not null default 'large' check (largest_plan in ('small', 'standard', 'large')),
  -- From then on the quota in the environment no longer changes the first tenant's.
  add column quota_changed_at timestamptz,
  add column deletion_requested_at timestamptz,
  add column deleted_at timestamptz,
  add check (deleted_at is null or deletion_requested_at is not null);
