-- A claim looks at the first jobs of each group instead of at all that are due.
create index jobs_needing_place on jobs (fair_group, priority desc, run_at, id)
  where state = 'available' and group_limit is not null;
create index jobs_needing_none on jobs (fair_group, priority desc, run_at, id)
  where state = 'waiting' or (state = 'available' and group_limit is null);
drop index jobs_claimable;
