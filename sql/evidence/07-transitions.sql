--! evidence: transitions
--! asks: Which ways did bookings take through the state machine, and is each of them allowed?

with legal (from_state, to_state) as (
  values
    ('created', 'capacity_verified'),
    ('created', 'failed'),
    ('capacity_verified', 'assignment_pending'),
    ('capacity_verified', 'failed'),
    ('assignment_pending', 'assignment_in_progress'),
    ('assignment_pending', 'manual_review'),
    ('assignment_pending', 'failed'),
    ('assignment_in_progress', 'assigned'),
    ('assignment_in_progress', 'assignment_pending'),
    ('assignment_in_progress', 'failed'),
    ('assignment_in_progress', 'manual_review'),
    ('assigned', 'confirmed'),
    ('assigned', 'assignment_pending'),
    ('assigned', 'manual_review')
)
select
  context ->> 'from' as from_state,
  context ->> 'to' as to_state,
  (context ->> 'from', context ->> 'to') in (select from_state, to_state from legal) as legal,
  count(*) as events,
  count(distinct coalesce(booking_id, id)) as units,
  max(created_at) as latest
from public.observability_events
where source = 'assignment.state_machine'
  and event_type = 'booking.assignment_state_transition'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
group by 1, 2, 3
order by 1, 2;
