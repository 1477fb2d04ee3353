#!/bin/sh
# Prints the SQL that makes the golden copy one merchant's shop: its name, its admin, its storefront's key. Run once by
# start-database, in one transaction. Secrets: title, adminEmail, adminPasswordHash, publishableKey.
set -eu
secret() { sql-literal "$SOUK_SECRETS_DIR/$1"; }

cat <<SQL
update store set name = $(secret title), updated_at = now();

update api_key
   set token = key.token, redacted = left(key.token, 6) || '***' || right(key.token, 3), updated_at = now()
  from (select $(secret publishableKey) as token) as key
 where type = 'publishable';

with person as (
  select 'user_' || replace(gen_random_uuid()::text, '-', '') as user_id,
         'authid_' || replace(gen_random_uuid()::text, '-', '') as auth_identity_id,
         $(secret adminEmail) as email
), added_user as (
  insert into "user" (id, email) select user_id, email from person
), added_identity as (
  insert into auth_identity (id, app_metadata)
  select auth_identity_id, jsonb_build_object('user_id', user_id) from person
)
insert into provider_identity (id, entity_id, provider, auth_identity_id, provider_metadata)
select replace(auth_identity_id, 'authid_', 'provid_'), email, 'emailpass', auth_identity_id,
       jsonb_build_object('password', $(secret adminPasswordHash))
  from person;
SQL
