-- `jobs_under_way` finds the few jobs that run; without an index on the instant a heartbeat rewrites no index at all.
drop index jobs_leases;
