--! evidence: lock-contention
--! asks: How often did two workers want the same booking, hour by hour?

select
  date_bin('1 hour', created_at, :'since'::timestamptz) as hour,
  count(*) as events,
  count(distinct coalesce(booking_id, id)) as units
from public.observability_events
where source = :'source'
  and event_type = 'coordinator.lock_contention'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
group by hour
order by hour;
