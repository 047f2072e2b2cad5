-- The index that keeps every look cheap: the metrics read one source over one span of time, and with
-- this their cost follows the span instead of the table. Run it once, outside a transaction, as the
-- owner of the table; CONCURRENTLY lets the application go on writing meanwhile.
--
--   psql "$OWNER_URL" -f sql/setup/index.sql
--
-- If it is interrupted it leaves an invalid index behind: drop that, then run this again.
create index concurrently if not exists observability_events_source_created_at
  on public.observability_events (source, created_at);

-- For a table that is huge or written very often there is a form some sixteen times smaller. It has
-- to be made anew when the source changes, and it does not help the metrics of other sources:
--
--   create index concurrently observability_events_coordinator
--     on public.observability_events (created_at)
--     where source in ('assignment.coordinator', 'auto_assign');
--
-- Not BRIN: for a window of two days the planner prefers to read the whole table.
