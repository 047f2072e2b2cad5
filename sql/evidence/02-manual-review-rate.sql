--! evidence: manual-review-rate
--! asks: How many bookings were given up to a person, of all that ended and of all that were started?

with events as materialized (
  select coalesce(booking_id, id) as unit, event_type, created_at
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
counted as (
  select
    count(*) filter (where event_type = 'coordinator.manual_review') as units_in_review,
    count(*) as units_ended,
    (select count(distinct unit) from events where event_type = 'coordinator.start') as units_started
  from endings
)
select
  units_in_review,
  units_ended,
  units_started,
  round(100.0 * units_in_review / nullif(units_ended, 0), 2) as percent_of_ended,
  round(100.0 * units_in_review / nullif(units_started, 0), 2) as percent_of_started
from counted;
