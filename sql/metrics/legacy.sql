--! metric: legacy
--! kind: count
--! asks: Was the legacy path assigning tables?
--! unit: event

select
  date_bin('1 hour', created_at, :'since'::timestamptz) as bucket,
  count(*)::float8 as hits,
  max(created_at) as latest
from public.observability_events
where source = 'auto_assign'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
group by bucket
order by bucket;
