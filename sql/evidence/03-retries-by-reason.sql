--! evidence: retries-by-reason
--! asks: Why is the coordinator trying again, and how many bookings does each reason touch?

select
  coalesce(context ->> 'reason', '(none given)') as reason,
  count(*) as events,
  count(distinct coalesce(booking_id, id)) as units,
  max(
    case when jsonb_typeof(context -> 'attempts') = 'number' then (context ->> 'attempts')::numeric end
  ) as most_attempts
from public.observability_events
where source = :'source'
  and event_type = 'coordinator.retry'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
group by 1
order by events desc, reason;
