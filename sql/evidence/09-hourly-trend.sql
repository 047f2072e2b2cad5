--! evidence: hourly-trend
--! asks: What did each hour bring?

select
  date_bin('1 hour', created_at, :'since'::timestamptz) as hour,
  count(*) filter (where event_type = 'coordinator.start') as starts,
  count(*) filter (where event_type = 'coordinator.confirmed') as confirmed,
  count(*) filter (where event_type = 'coordinator.manual_review') as manual_review,
  count(*) filter (where event_type = 'coordinator.error') as errors,
  count(*) filter (where event_type = 'coordinator.retry') as retries,
  count(*) filter (where event_type = 'coordinator.lock_contention') as lock_contention,
  count(*) filter (where event_type = 'coordinator.circuit_open') as circuit_open,
  count(*) as events
from public.observability_events
where source = :'source'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
group by hour
order by hour;
