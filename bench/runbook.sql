-- What a person types by hand at a check, in one psql: ten questions, each with its own read of the window.

-- 1 success rate
select event_type, count(*),
  round(100.0 * count(*) filter (where context ->> 'reason' is null) / count(*), 2) as success_rate
from public.observability_events
where source = 'assignment.coordinator' and created_at >= :'since' and created_at < :'until'
group by event_type order by event_type;

-- 2 manual-review rate
select round(100.0 * count(*) filter (where event_type = 'coordinator.manual_review')
  / nullif(count(*) filter (where event_type = 'coordinator.start'), 0), 2) as manual_review_rate
from public.observability_events
where source = 'assignment.coordinator' and created_at >= :'since' and created_at < :'until';

-- 3 retries by reason
select context ->> 'reason' as reason, count(*)
from public.observability_events
where source = 'assignment.coordinator' and event_type = 'coordinator.retry'
  and created_at >= :'since' and created_at < :'until'
group by 1 order by 2 desc;

-- 4 lock contention by the hour
select date_trunc('hour', created_at) as hour, count(*)
from public.observability_events
where source = 'assignment.coordinator' and event_type = 'coordinator.lock_contention'
  and created_at >= :'since' and created_at < :'until'
group by 1 order by 1;

-- 5 errors
select date_bin('5 minutes', created_at, '2000-01-01') as slot, count(*)
from public.observability_events
where source = 'assignment.coordinator' and event_type = 'coordinator.error'
  and created_at >= :'since' and created_at < :'until'
group by 1 order by 1;

-- 6 the circuit breaker
select created_at, booking_id, context
from public.observability_events
where source = 'assignment.coordinator' and event_type = 'coordinator.circuit_open'
  and created_at >= :'since' and created_at < :'until'
order by created_at desc limit 100;

-- 7 state transitions
select context ->> 'from' as from_state, context ->> 'to' as to_state, count(*)
from public.observability_events
where source = 'assignment.state_machine' and created_at >= :'since' and created_at < :'until'
group by 1, 2 order by 3 desc;

-- 8 durations
select event_type,
  percentile_cont(0.5) within group (order by (context ->> 'duration_ms')::float8) as p50,
  percentile_cont(0.95) within group (order by (context ->> 'duration_ms')::float8) as p95,
  percentile_cont(0.99) within group (order by (context ->> 'duration_ms')::float8) as p99
from public.observability_events
where source = 'assignment.coordinator' and context ? 'duration_ms'
  and created_at >= :'since' and created_at < :'until'
group by event_type order by event_type;

-- 9 trend by the hour
select date_trunc('hour', created_at) as hour,
  count(*) filter (where event_type = 'coordinator.start') as starts,
  count(*) filter (where event_type = 'coordinator.confirmed') as confirmed,
  count(*) filter (where event_type = 'coordinator.error') as errors
from public.observability_events
where source = 'assignment.coordinator' and created_at >= :'since' and created_at < :'until'
group by 1 order by 1;

-- 10 the legacy path beside the coordinator
select source, count(*), min(created_at), max(created_at)
from public.observability_events
where source in ('assignment.coordinator', 'auto_assign')
  and created_at >= :'since' and created_at < :'until'
group by source order by source;
