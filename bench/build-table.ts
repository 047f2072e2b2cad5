import type { Client } from 'pg'

/** The table to measure on. */
export interface TableSize {
  readonly rows: number
  readonly days: number
}

/** Where the rows of the table begin and end, ISO 8601. */
export interface Span {
  readonly since: string
  readonly until: string
}

/** The table as the application defines it, without its indexes: each is made when its case comes. */
const TABLE = `
  create table public.observability_events (
    id            uuid not null default gen_random_uuid(),
    created_at    timestamptz not null default timezone('utc', now()),
    source        text not null,
    event_type    text not null,
    severity      text not null default 'info'
                  check (severity in ('info', 'warning', 'error', 'critical')),
    context       jsonb,
    restaurant_id uuid,
    booking_id    uuid
  )`

/** Who may read, as sql/setup/reader-role.sql has it. */
const READER = `grant select on public.observability_events to rollgate_reader`

/**
 * What is written around one booking. `at_ms` counts from its arrival; where it is null the row is
 * noise, spread over the time until the next booking. `fate` is how the booking must end for the row
 * to be written; null: it always is.
 */
const SCRIPT = `
  create temp table script (at_ms int, fate text, source text, event_type text, severity text, context jsonb);
  insert into script
  select at_ms, fate, 'assignment.coordinator', 'coordinator.' || event_type, severity,
    jsonb_build_object('trigger', 'creation') || context::jsonb
  from (values
    (80, null, 'start', 'info', '{"mode":"active"}'),
    (100, null, 'lock_acquired', 'info', '{"ttl_ms":30000}'),
    (110, null, 'rate_permit_acquired', 'info', '{}'),
    (1400, 'retried', 'retry', 'warning', '{"reason":"no_assignment","delay_ms":1200,"attempts":1,"duration_ms":1290}'),
    (2700, 'retried', 'start', 'info', '{"mode":"active"}'),
    (2710, 'retried', 'lock_acquired', 'info', '{"ttl_ms":30000}'),
    (3900, 'retried', 'confirmed', 'info', '{"strategy":"greedy","attempts":2,"duration_ms":1200}'),
    (1300, 'confirmed', 'confirmed', 'info', '{"strategy":"greedy","attempts":1}'),
    (1900, 'manual_review', 'manual_review', 'info', '{"reason":"no_assignment","attempts":5,"duration_ms":1800}'),
    (1500, 'error', 'error', 'error', '{"message":"deadlock detected"}')
  ) line (at_ms, fate, event_type, severity, context);
  insert into script
  select at_ms, fate, 'assignment.state_machine', 'booking.assignment_state_transition', 'info',
    jsonb_build_object('from', "from", 'to', "to", 'version', version,
      'metadata', jsonb_build_object('trigger', 'creation', 'actor', 'assignment.coordinator'))
  from (values
    (40, null, 'created', 'capacity_verified', 1),
    (55, null, 'capacity_verified', 'assignment_pending', 2),
    (120, null, 'assignment_pending', 'assignment_in_progress', 3),
    (1395, 'retried', 'assignment_in_progress', 'assignment_pending', 4),
    (2715, 'retried', 'assignment_pending', 'assignment_in_progress', 5),
    (3850, 'retried', 'assignment_in_progress', 'assigned', 6),
    (3880, 'retried', 'assigned', 'confirmed', 7),
    (1250, 'confirmed', 'assignment_in_progress', 'assigned', 4),
    (1280, 'confirmed', 'assigned', 'confirmed', 5),
    (1890, 'manual_review', 'assignment_in_progress', 'manual_review', 4),
    (1490, 'error', 'assignment_in_progress', 'failed', 4)
  ) line (at_ms, fate, "from", "to", version);
  insert into script
  select null, null, source, event_type, severity,
    jsonb_build_object('request_id', 'req_01HV6Z8Q2M7K4C9T', 'region', 'lhr1', 'route', '/api/bookings',
      'detail', repeat(event_type || ' ', 3), 'duration_ms', 40 + 7 * copy)
  from (values
    ('auto_assign', 'auto_assign.attempt', 'info', 2),
    ('auto_assign', 'auto_assign.quote', 'info', 1),
    ('auto_assign', 'auto_assign.succeeded', 'info', 1),
    ('bookings.create', 'booking.creation.success', 'info', 4),
    ('bookings.create', 'booking.creation.rejected', 'warning', 2),
    ('api.requests', 'api.request.slow', 'warning', 5),
    ('api.requests', 'api.request.failed', 'error', 3),
    ('capacity.rpc', 'capacity.rpc.conflict', 'warning', 48),
    ('capacity.rpc', 'capacity.rpc.success', 'info', 6)
  ) kind (source, event_type, severity, copies)
  cross join lateral generate_series(1, copies) copy`

/** Rows that the script writes for one booking, as the fates below mix them. */
const ROWS_PER_BOOKING = 81.2

/** The next bookings, in the order in which they arrive; what depends on chance depends on its number. */
const BOOKINGS = `
  with script as materialized (
    select coalesce(at_ms / 1000.0, $4 * (row_number() over (partition by at_ms is null order by md5(event_type || ctid::text)) - 0.5) / 72) as at_s, *
    from script
  ), ordered as materialized (select * from script order by at_s)
  insert into public.observability_events
    (created_at, source, event_type, severity, context, restaurant_id, booking_id)
  select $1::timestamptz + (booking * $4 + at_s) * interval '1 second', source, event_type, severity,
    case when event_type = 'coordinator.confirmed'
      then context || jsonb_build_object('duration_ms', 300 + chance % 2200) else context end,
    md5((chance % 12)::text)::uuid,
    case when at_ms is not null then md5('booking ' || booking)::uuid end
  from (
    select booking, chance, case
        when chance % 1000 < 40 then 'retried'
        when chance % 1000 < 46 then 'manual_review'
        when chance % 1000 < 50 then 'error'
        when chance % 1000 < 53 then 'under way'
        else 'confirmed'
      end as fate
    from generate_series($2::int, $3::int) booking,
      lateral (select hashint8extended(booking, 1) & 1073741823 as chance) drawn
  ) arrival
  cross join lateral (
    select * from ordered where ordered.fate is null or ordered.fate = arrival.fate offset 0
  ) line`

const CHUNK = 10_000

/**
 * Makes the table and fills it up to now, oldest first, as rows arrive in life: a booking's events lie
 * close together, everything else around them.
 */
export async function buildTable(
  client: Client,
  { rows, days }: TableSize,
  progress: (share: number) => void
): Promise<Span> {
  await client.query('drop table if exists public.observability_events')
  await client.query(TABLE)
  await client.query(READER)
  await client.query(SCRIPT)
  const until = Date.now()
  const since = until - days * 86_400_000
  const bookings = Math.round(rows / ROWS_PER_BOOKING)
  const gapSeconds = (days * 86_400) / bookings
  for (let first = 0; first < bookings; first += CHUNK) {
    const last = Math.min(first + CHUNK, bookings) - 1
    await client.query(BOOKINGS, [new Date(since).toISOString(), first, last, gapSeconds])
    progress((last + 1) / bookings)
  }
  await client.query('vacuum (freeze, analyze) public.observability_events')
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString() }
}
