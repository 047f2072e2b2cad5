--! evidence: legacy-and-coordinator
--! asks: Which path is doing the work, the coordinator or the legacy planner?

select
  source,
  count(*) as events,
  count(distinct coalesce(booking_id, id)) as units,
  count(*) filter (where event_type in ('coordinator.confirmed', 'auto_assign.succeeded')) as succeeded,
  count(*) filter (
    where event_type in ('coordinator.error', 'coordinator.manual_review', 'auto_assign.failed')
  ) as failed,
  min(created_at) as earliest,
  max(created_at) as latest
from public.observability_events
where source in (:'source', 'auto_assign')
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
group by source
order by source;
