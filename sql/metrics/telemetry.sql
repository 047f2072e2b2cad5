--! metric: telemetry
--! kind: count
--! asks: Was the rest of the application writing events, so that silence means something?
--! unit: event

select
  date_bin('1 hour', created_at, :'since'::timestamptz) as bucket,
  count(*)::float8 as hits,
  max(created_at) as latest
from public.observability_events
where source <> :'source'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
group by bucket
order by bucket;
