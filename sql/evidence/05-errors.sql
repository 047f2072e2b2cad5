--! evidence: errors
--! asks: When did unexpected exceptions come, five minutes by five minutes?

select
  date_bin('5 minutes', created_at, :'since'::timestamptz) as bucket,
  count(*) as events,
  count(distinct coalesce(booking_id, id)) as units
from public.observability_events
where source = :'source'
  and event_type = 'coordinator.error'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
group by bucket
order by bucket;
