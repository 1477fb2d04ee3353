-- Holds the number until the change that it is kept for arrives; that one takes its place.
select 1;
