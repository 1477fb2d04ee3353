-- Tells all API processes when somebody may do less than before, so that what is open on their behalf (event streams, followed logs)
-- ends with it. Triggers, so that no statement can forget to say so. The payload is the id of the session, token, person or tenant.

create function announce_lost_access() returns trigger language plpgsql as $$
begin
  perform pg_notify('access', case tg_table_name when 'members' then to_jsonb(old) ->> 'person_id' else to_jsonb(old) ->> 'id' end);
  return null;
end
$$;
create trigger sessions_announce after update of ended_at on sessions
  for each row when (new.ended_at is not null) execute function announce_lost_access();
create trigger tokens_announce after update of revoked_at on tokens
  for each row when (new.revoked_at is not null) execute function announce_lost_access();
create trigger people_announce after update of disabled_at on people
  for each row when (new.disabled_at is not null) execute function announce_lost_access();
create trigger members_announce_role after update of role on members
  for each row when (new.role <> old.role) execute function announce_lost_access();
create trigger members_announce_removal after delete on members
  for each row execute function announce_lost_access();
create trigger tenants_announce after update of deleted_at on tenants
  for each row when (new.deleted_at is not null) execute function announce_lost_access();
