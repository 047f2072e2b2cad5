--! metric: exposure
--! kind: proportion
--! asks: How many bookings were begun in the mode that the phase wants, of all that the coordinator began?
--! unit: booking

-- For the effect of a phase, which names the mode: { metric: exposure, parameters: { mode: shadow } }.
-- A unit is a booking, or the event itself where none is named; its last start in the window decides,
-- so that what an earlier deployment had begun counts again when it is taken up.
select date_bin('1 hour', created_at, :'since'::timestamptz) as bucket,
  (count(*) filter (where wanted))::float8 as hits,
  count(*)::float8 as total
from (
  select distinct on (unit) created_at, wanted
  from (
    select created_at,
      coalesce(booking_id, id) as unit,
      coalesce(context ->> 'mode' = :'mode', false) as wanted
    from public.observability_events
    where source = :'source'
      and event_type = 'coordinator.start'
      and created_at >= :'since'::timestamptz
      and created_at < :'until'::timestamptz
      and (:'environment' = '' or context ->> 'environment' = :'environment')
  ) as starts
  order by unit, created_at desc, wanted
) as units
group by 1
order by 1;
