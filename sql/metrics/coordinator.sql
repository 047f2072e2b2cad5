--! metric: outcomes
--! kind: proportion
--! asks: How many bookings ended confirmed, of all whose processing ended?
--! unit: booking
--! metric: manual-review
--! kind: proportion
--! asks: How many bookings were given up to a person, of all whose processing ended?
--! unit: booking
--! metric: errors
--! kind: count
--! asks: How often did the coordinator meet an unexpected exception?
--! unit: event
--! metric: circuit-open
--! kind: count
--! asks: How often did the coordinator find its circuit breaker open?
--! unit: event
--! metric: coordinator-events
--! kind: count
--! asks: How much did the coordinator do at all?
--! unit: event
--! metric: coordinator-starts
--! kind: count
--! asks: How often was the coordinator invoked?
--! unit: event
--! metric: runbook-figure
--! kind: proportion
--! asks: How many events carry no reason? The figure of the runbook: it takes an error for a success.
--! unit: event

-- One read of the window answers all of them. A unit is a booking, or the event itself where none is
-- named; its last ending in the window decides, so a retry that was confirmed is one good unit and
-- an event that arrived twice changes nothing. A unit without an ending is not counted yet.
with events as materialized (
  select
    coalesce(booking_id, id) as unit,
    event_type,
    context ->> 'reason' as reason,
    created_at,
    date_bin('1 hour', created_at, :'since'::timestamptz) as hour
  from public.observability_events
  where source = :'source'
    and created_at >= :'since'::timestamptz
    and created_at < :'until'::timestamptz
    and (:'environment' = '' or context ->> 'environment' = :'environment')
),
endings as (
  -- Two endings at the same instant: the worse one counts, whichever was written first.
  select distinct on (unit) unit, event_type, hour
  from events
  where event_type in ('coordinator.confirmed', 'coordinator.manual_review', 'coordinator.error')
  order by unit, created_at desc,
    array_position(array['coordinator.error', 'coordinator.manual_review'], event_type) nulls last
)
select
  'outcomes' as series,
  hour as bucket,
  (count(*) filter (where event_type = 'coordinator.confirmed'))::float8 as hits,
  count(*)::float8 as total
from endings
group by hour
union all
select
  'manual-review',
  hour,
  (count(*) filter (where event_type = 'coordinator.manual_review'))::float8,
  count(*)::float8
from endings
group by hour
union all
select 'errors', date_bin('5 minutes', created_at, :'since'::timestamptz), count(*)::float8, null
from events
where event_type = 'coordinator.error'
group by 2
union all
select 'circuit-open', hour, count(*)::float8, null
from events
where event_type = 'coordinator.circuit_open'
group by hour
union all
select 'coordinator-events', hour, count(*)::float8, null
from events
group by hour
union all
select 'coordinator-starts', hour, count(*)::float8, null
from events
where event_type = 'coordinator.start'
group by hour
union all
select 'runbook-figure', hour, (count(*) filter (where reason is null))::float8, count(*)::float8
from events
group by hour
order by series, bucket;
