-- A temporary table of the same name would otherwise be found first, and whoever writes an entry would choose its predecessor.
alter function chain_audit_entry() set search_path = public, pg_temp;
