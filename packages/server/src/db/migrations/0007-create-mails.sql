-- Mails on their way. A mail may hold a link that signs somebody in, so its text is sealed with the platform's key (AES-256-GCM) and
-- goes as soon as it is sent or given up; that it was sent stays.
create table mails (
  id text primary key check (id ~ '^mai_[a-z0-9]{10}$'),
  kind text not null check (kind in ('store-ready', 'store-failed', 'invitation', 'password-reset')),
  sealed bytea,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  failed_at timestamptz,
  check ((sealed is null) = (sent_at is not null or failed_at is not null))
);
create index mails_age on mails (created_at);
