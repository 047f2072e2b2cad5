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
--! asks: How many bookings met an unexpected exception?
--! unit: booking
--! metric: circuit-open
--! kind: count
--! asks: How many bookings found the circuit breaker open?
--! unit: booking
--! metric: coordinator-events
--! kind: count
--! asks: How much did the coordinator do at all?
--! unit: event
--! metric: coordinator-starts
--! kind: count
--! asks: How often was the coordinator invoked?
--! unit: event
--! metric: duration-p95
--! kind: value
--! asks: Within how many milliseconds were 95 of 100 bookings confirmed, from the start of the last attempt?
--! unit: booking
--! metric: transitions
--! kind: transitions
--! asks: Which ways did bookings take through the state machine, and who is still on one?
--! unit: transition
--! metric: runbook-figure
--! kind: proportion
--! asks: How many events carry no reason? The figure of the runbook: it takes an error for a success.
--! unit: event
--! metric: legacy
--! kind: count
--! asks: In which hours was the legacy path assigning tables?
--! unit: hour
--! metric: telemetry
--! kind: count
--! asks: In which hours was the rest of the application writing events, so that silence means something?
--! unit: hour

-- Everything that a look judges, in one read. A unit is a booking, or the event itself where none is
-- named; its last ending in the window decides, so that a retry that was confirmed is one good unit
-- and an event that arrived twice changes nothing. A unit without an ending is not counted yet.
--
-- Two ways lead to the same rows. With an index that begins with (source, created_at), see
-- sql/setup/index.sql, two sources are read and every other one is asked for its newest event of each
-- hour. Without it the window is read once, and everything is taken from that. What stands behind the
-- question which way it is costs nothing where the answer is no.
with recursive
indexed as materialized (
  select exists (
    select from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_am m on m.oid = c.relam and m.amname = 'btree'
    join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'source' and a.attnum = i.indkey[0]
    join pg_attribute b on b.attrelid = i.indrelid and b.attname = 'created_at' and b.attnum = i.indkey[1]
    where i.indrelid = 'public.observability_events'::regclass and i.indisvalid and i.indpred is null
      and i.indnkeyatts >= 2
  ) as yes
),

-- The way without the index. What is neither the coordinator's nor a transition falls together by source
-- and hour. `apart` is not looked at: a column from a function that is volatile keeps its subquery apart, as
-- `offset 0` would, and unlike that lets parallel workers share the scan and the grouping. The inner one
-- keeps the two questions from being asked again wherever an answer is used; the outer one keeps the
-- planner from expecting a group for every row, which it would sort.
sightings as materialized (
  select own, moves, name, unit, bucket, way, version, count(*) as events, count(*) - count(reason) as blind,
    max(duration_ms) as duration_ms, max(created_at) as latest
  from (
    select own, moves, created_at, pg_is_in_recovery() as apart,
      case when own then event_type when not moves then source end as name,
      case
        when moves or own and event_type in
          ('coordinator.confirmed', 'coordinator.manual_review', 'coordinator.error', 'coordinator.circuit_open')
          then coalesce(booking_id, id)
      end as unit,
      case
        when moves then created_at
        when own then date_bin('5 minutes', created_at, :'since'::timestamptz)
        else date_bin('1 hour', created_at, :'since'::timestamptz)
      end as bucket,
      case when moves then array[coalesce(context ->> 'from', ''), coalesce(context ->> 'to', '')] end as way,
      case when moves then context -> 'version' end as version,
      case when own then context ->> 'reason' end as reason,
      case
        when own and event_type = 'coordinator.confirmed'
          and jsonb_typeof(context -> 'duration_ms') = 'number'
          and (context -> 'duration_ms')::numeric between 0 and 1e12
          then (context -> 'duration_ms')::float8
      end as duration_ms
    from (
      select id, created_at, source, event_type, context, booking_id,
        source = :'source' as own,
        source = 'assignment.state_machine' and event_type = 'booking.assignment_state_transition' as moves,
        pg_is_in_recovery() as apart
      from public.observability_events
      where created_at >= :'since'::timestamptz
        and created_at < :'until'::timestamptz
        and (:'environment' = '' or context ->> 'environment' = :'environment')
    ) as sorted
  ) as seen
  group by own, moves, name, unit, bucket, way, version
),

-- What the coordinator did: by booking where one ended or met trouble, else only how often.
work as materialized (
  select event_type, unit, bucket, count(*) as events, count(*) - count(reason) as blind,
    max(duration_ms) as duration_ms, max(created_at) as latest
  from (
    select event_type, created_at,
      case
        when event_type in
          ('coordinator.confirmed', 'coordinator.manual_review', 'coordinator.error', 'coordinator.circuit_open')
          then coalesce(booking_id, id)
      end as unit,
      date_bin('5 minutes', created_at, :'since'::timestamptz) as bucket,
      context ->> 'reason' as reason,
      case
        when event_type = 'coordinator.confirmed'
          and jsonb_typeof(context -> 'duration_ms') = 'number'
          and (context -> 'duration_ms')::numeric between 0 and 1e12
          then (context -> 'duration_ms')::float8
      end as duration_ms
    from public.observability_events
    where (select yes from indexed)
      and source = :'source'
      and created_at >= :'since'::timestamptz
      and created_at < :'until'::timestamptz
      and (:'environment' = '' or context ->> 'environment' = :'environment')
  ) as seen
  group by event_type, unit, bucket
  union all
  select name, unit, bucket, events, blind, duration_ms, latest
  from sightings
  where not (select yes from indexed) and own
),
-- Two endings at the same instant: the worse one counts, whichever was written first.
endings as materialized (
  select distinct on (unit) event_type, date_bin('1 hour', latest, :'since'::timestamptz) as bucket
  from work
  where event_type in ('coordinator.confirmed', 'coordinator.manual_review', 'coordinator.error')
  order by unit, latest desc,
    array_position(array['coordinator.error', 'coordinator.manual_review'], event_type) nulls last
),
durations as (
  select date_bin('1 hour', max(latest), :'since'::timestamptz) as bucket, max(duration_ms) as duration_ms
  from work
  where event_type = 'coordinator.confirmed' and duration_ms is not null
  group by unit
),

-- By booking, when it moved last and when it came to an end; by hour, which ways were taken.
ways as materialized (
  select unit, bucket, from_state, to_state, count(*) as hits, max(created_at) as latest,
    max(created_at) filter (where to_state in ('confirmed', 'failed', 'manual_review')) as ended
  from (
    select created_at,
      coalesce(booking_id, id) as unit,
      date_bin('1 hour', created_at, :'since'::timestamptz) as bucket,
      coalesce(context ->> 'from', '') as from_state,
      coalesce(context ->> 'to', '') as to_state
    from public.observability_events
    where (select yes from indexed)
      and source = 'assignment.state_machine'
      and event_type = 'booking.assignment_state_transition'
      and created_at >= :'since'::timestamptz
      and created_at < :'until'::timestamptz
      and (:'environment' = '' or context ->> 'environment' = :'environment')
  ) as moves
  group by grouping sets ((unit), (bucket, from_state, to_state))
),
-- Bookings that have not come to an end, by their last way; the index finds its event again.
under_way as (
  select latest, last.from_state, last.to_state
  from ways
  cross join lateral (
    select coalesce(context ->> 'from', '') as from_state, coalesce(context ->> 'to', '') as to_state
    from public.observability_events
    where source = 'assignment.state_machine'
      and created_at = ways.latest
      and event_type = 'booking.assignment_state_transition'
      and coalesce(booking_id, id) = ways.unit
      and (:'environment' = '' or context ->> 'environment' = :'environment')
    order by context -> 'version' desc nulls last, 1, 2
    limit 1
  ) as last
  where (select yes from indexed) and unit is not null and (ended is null or latest > ended)
  union all
  select latest, from_state, to_state
  from (
    select distinct on (unit) latest, way[1] as from_state, way[2] as to_state
    from sightings
    where not (select yes from indexed) and moves
    order by unit, latest desc, way[2] in ('confirmed', 'failed', 'manual_review') desc,
      version desc nulls last, way
  ) as last
  where to_state not in ('confirmed', 'failed', 'manual_review')
),
taken as (
  select bucket, from_state, to_state, hits, 0 as waiting, null::timestamptz as oldest
  from ways
  where (select yes from indexed) and unit is null
  union all
  select date_bin('1 hour', bucket, :'since'::timestamptz), way[1], way[2], events, 0, null
  from sightings
  where not (select yes from indexed) and moves
  union all
  select date_bin('1 hour', latest, :'since'::timestamptz), from_state, to_state, 0, 1, latest
  from under_way
),

-- Who writes at all, by one step through the index for each; then the newest event of each hour.
sources (source) as (
  (
    select source from public.observability_events where (select yes from indexed) order by source limit 1
  )
  union all
  select next.source
  from sources
  cross join lateral (
    select source from public.observability_events e where e.source > sources.source order by e.source limit 1
  ) as next
),
signs as (
  select sources.source = 'auto_assign' as legacy, hour as bucket, newest.created_at as latest
  from sources
  cross join generate_series(:'since'::timestamptz, :'until'::timestamptz, interval '1 hour') as hour
  cross join lateral (
    select e.created_at
    from public.observability_events e
    where e.source = sources.source
      and e.created_at >= hour
      and e.created_at < least(hour + interval '1 hour', :'until'::timestamptz)
      and (:'environment' = '' or e.context ->> 'environment' = :'environment')
    order by e.created_at desc
    limit 1
  ) as newest
  where (select yes from indexed) and sources.source <> :'source'
  union all
  select coalesce(name = 'auto_assign', false), date_bin('1 hour', bucket, :'since'::timestamptz), latest
  from sightings
  where not (select yes from indexed) and not own
)

select 'outcomes' as series, bucket,
  (count(*) filter (where event_type = 'coordinator.confirmed'))::float8 as hits,
  count(*)::float8 as total,
  null::timestamptz as latest,
  null as from_state, null as to_state, null::float8 as waiting, null::timestamptz as oldest
from endings
group by bucket
union all
select 'manual-review', bucket,
  count(*) filter (where event_type = 'coordinator.manual_review'), count(*), null, null, null, null, null
from endings
group by bucket
union all
-- In pieces of five minutes: the criterion asks for errors that last.
select 'errors', bucket, count(*), null, null, null, null, null, null
from work
where event_type = 'coordinator.error'
group by bucket
union all
select 'circuit-open', date_bin('1 hour', bucket, :'since'::timestamptz), count(distinct unit),
  null, null, null, null, null, null
from work
where event_type = 'coordinator.circuit_open'
group by 2
union all
select 'coordinator-events', date_bin('1 hour', bucket, :'since'::timestamptz), sum(events),
  null, null, null, null, null, null
from work
group by 2
union all
select 'coordinator-starts', date_bin('1 hour', bucket, :'since'::timestamptz), sum(events),
  null, null, null, null, null, null
from work
where event_type = 'coordinator.start'
group by 2
union all
-- The row without a bucket is the whole window, which no sum of the hours would give.
select 'duration-p95', bucket, percentile_cont(0.95) within group (order by duration_ms), count(*),
  null, null, null, null, null
from durations
group by grouping sets ((bucket), ())
having count(*) > 0
union all
select 'transitions', bucket, sum(hits), null, null,
  left(from_state, 100), left(to_state, 100), sum(waiting), min(oldest)
from taken
group by bucket, left(from_state, 100), left(to_state, 100)
union all
select 'runbook-figure', date_bin('1 hour', bucket, :'since'::timestamptz), sum(blind), sum(events),
  null, null, null, null, null
from work
group by 2
union all
select 'legacy', bucket, 1, null, max(latest), null, null, null, null
from signs
where legacy
group by bucket
union all
select 'telemetry', bucket, 1, null, max(latest), null, null, null, null
from signs
group by bucket
order by series, bucket, from_state, to_state;
