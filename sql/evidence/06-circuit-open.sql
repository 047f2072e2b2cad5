--! evidence: circuit-open
--! asks: When was the circuit breaker open, for which bookings?

select
  created_at,
  booking_id,
  context ->> 'trigger' as trigger,
  context ->> 'delay_ms' as delay_ms
from public.observability_events
where source = :'source'
  and event_type = 'coordinator.circuit_open'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')
order by created_at desc, id
limit 100;
