--! evidence: duration
--! asks: How long does the coordinator take until it confirms, retries or gives up?

with durations as (
  select
    event_type,
    -- A cast is asked for only where it cannot fail: one bad value would end the whole query.
    case
      when jsonb_typeof(context -> 'duration_ms') = 'number'
        and (context ->> 'duration_ms')::numeric between 0 and 1e12
        then (context ->> 'duration_ms')::float8
    end as duration_ms
  from public.observability_events
  where source = :'source'
    and context ? 'duration_ms'
    and created_at >= :'since'::timestamptz
    and created_at < :'until'::timestamptz
    and (:'environment' = '' or context ->> 'environment' = :'environment')
)
select
  event_type,
  count(duration_ms) as measured,
  count(*) - count(duration_ms) as unreadable,
  percentile_cont(0.5) within group (order by duration_ms) as p50_ms,
  percentile_cont(0.95) within group (order by duration_ms) as p95_ms,
  percentile_cont(0.99) within group (order by duration_ms) as p99_ms
from durations
group by event_type
order by event_type;
