-- The index that keeps every look cheap: the metrics read one source over one span of time, and with
-- this their cost follows the span instead of the table. Run it once, outside a transaction, as the
-- owner of the table; CONCURRENTLY lets the application go on writing meanwhile.
--
--   psql "$OWNER_URL" -f sql/setup/index.sql
--
-- If it is interrupted it leaves an invalid index behind, which helps nobody and keeps its name. Drop
-- it first, then run this again:
--
--   drop index concurrently if exists public.observability_events_source_created_at;
create index concurrently if not exists observability_events_source_created_at
  on public.observability_events (source, created_at);

-- The bundled metrics look for a complete B-tree that begins with these two columns; any name will do.
-- Neither a partial index nor BRIN is taken for it: the partial one knows nothing of the other sources
-- that show whether telemetry arrives, and for a window of two days the planner leaves BRIN aside and
-- reads the whole table.
