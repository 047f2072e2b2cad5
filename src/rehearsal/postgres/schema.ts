/** The application's table as it stands in production: types, defaults, checks and its three indexes. */
export const EVENT_TABLE = `
  create table public.observability_events (
    id            uuid primary key default gen_random_uuid(),
    created_at    timestamptz not null default timezone('utc', now()),
    source        text not null,
    event_type    text not null,
    severity      text not null default 'info'
                  check (severity in ('info', 'warning', 'error', 'critical')),
    context       jsonb,
    restaurant_id uuid,
    booking_id    uuid
  );
  create index observability_events_created_at_idx on public.observability_events (created_at desc);
  create index observability_events_source_idx on public.observability_events (source);
  create index observability_events_booking_id_idx on public.observability_events (booking_id)`

/**
 * Puts the database on a clock that stands still until it is told. A built-in keeps its meaning
 * under `create or replace`, so the real functions step aside under another name and ours take
 * theirs: whoever asks this database for the time, production SQL included, gets the told instant.
 * `current_timestamp` is grammar, not a function, and stays real.
 */
export const TOLD_CLOCK = `
  create schema rehearsal;
  create table rehearsal.clock (instant timestamptz not null);
  alter function pg_catalog.clock_timestamp() rename to real_clock_timestamp;
  alter function pg_catalog.now() rename to real_now;
  create function pg_catalog.clock_timestamp() returns timestamptz
    language plpgsql volatile security definer set search_path = pg_catalog
    as $$ begin return coalesce((select instant from rehearsal.clock), real_clock_timestamp()); end $$;
  create function pg_catalog.now() returns timestamptz
    language plpgsql stable security definer set search_path = pg_catalog
    as $$ begin return coalesce((select instant from rehearsal.clock), real_now()); end $$`

/** Accounts of the whole server, made once. */
export const ROLES = `
  do $$ begin
    create role rollgate_reader login noinherit connection limit 8;
    create role application login noinherit;
  exception when duplicate_object then null;
  end $$`

export const GRANTS = `
  grant usage on schema public to rollgate_reader, application;
  grant select on public.observability_events to rollgate_reader;
  grant select, insert on public.observability_events to application`
