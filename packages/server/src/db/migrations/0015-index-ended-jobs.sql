-- Each claim and each ending writes a new entry into every index that has the row. Jobs that live are found by `jobs_live_subject`, so
-- only ended ones need an index by subject; and what is old is looked for by the housekeeping alone, which may read the table.
drop index jobs_live_subject;
create unique index jobs_live_subject on jobs (subject, kind) where state in ('available', 'running', 'waiting');
create index jobs_ended on jobs (subject, created_at desc) where state in ('completed', 'discarded', 'cancelled');
drop index jobs_of_subject;
drop index jobs_finished;
