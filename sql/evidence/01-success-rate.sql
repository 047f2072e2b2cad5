--! evidence: success-rate
--! asks: How did bookings end, and what does the runbook's own formula make of the same events?

-- percent_of_endings of coordinator.confirmed is the success rate that is judged. The runbook counts
-- every event without a reason as a success; errors and open circuits carry none, so its figure is
-- blind to them. It is kept because people look for it.
with events as materialized (
  select coalesce(booking_id, id) as unit, event_type, created_at, context ->> 'reason' as reason
  from public.observability_events
  where source = :'source'
    and created_at >= :'since'::timestamptz
    and created_at < :'until'::timestamptz
    and (:'environment' = '' or context ->> 'environment' = :'environment')
),
endings as (
  select distinct on (unit) unit, event_type
  from events
  where event_type in ('coordinator.confirmed', 'coordinator.manual_review', 'coordinator.error')
  order by unit, created_at desc,
    array_position(array['coordinator.error', 'coordinator.manual_review'], event_type) nulls last
),
ended as (
  select event_type, count(*) as units, sum(count(*)) over () as all_units
  from endings
  group by event_type
)
select
  event_type,
  count(*) as events,
  count(distinct unit) as units,
  coalesce(max(ended.units), 0) as units_ended_so,
  round(100.0 * coalesce(max(ended.units), 0) / nullif(max(ended.all_units), 0), 2) as percent_of_endings,
  count(*) filter (where reason is null) as events_without_reason,
  round(100.0 * count(*) filter (where reason is null) / count(*), 2) as runbook_percent_blind_to_errors
from events
left join ended using (event_type)
group by event_type
order by event_type;
