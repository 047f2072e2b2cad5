-- The role that Rollgate connects as: it can read one table and nothing else. Run once, as the owner
-- of the table; the password comes from outside and stands in no file:
--
--   psql "$OWNER_URL" -v password="$(openssl rand -hex 24)" -v database=postgres -f sql/setup/reader-role.sql
--
-- In a web SQL editor (Supabase's, for one) there are no psql variables: write the two values in
-- place of :'password' and :"database", and do not save the query.
--
-- The settings below are defaults that a session can change. What keeps the role from writing is that
-- it has no privilege to.
create role rollgate_reader
  login password :'password'
  nosuperuser nocreatedb nocreaterole noinherit noreplication nobypassrls
  connection limit 4;

alter role rollgate_reader set default_transaction_read_only = on;
alter role rollgate_reader set statement_timeout = '30s';
alter role rollgate_reader set lock_timeout = '2s';
alter role rollgate_reader set idle_in_transaction_session_timeout = '60s';
alter role rollgate_reader set search_path = pg_catalog, public;

grant connect on database :"database" to rollgate_reader;
grant usage on schema public to rollgate_reader;

-- Column by column, and those that the bundled files read: what a later migration adds stays closed
-- until somebody opens it. A metric of your own that reads another column or table needs a grant too.
grant select (id, created_at, source, event_type, context, booking_id)
  on public.observability_events to rollgate_reader;

-- Supabase:
-- * Through its pooler the user is written rollgate_reader.<project-ref>.
-- * A table made in the dashboard has row-level security. Without a policy the role sees no row and
--   gets no error, which looks like silence. `rollgate preflight` fails then; run this as well. A
--   policy with a condition hides the rows that do not meet it as quietly, and preflight warns:
--
--     create policy rollgate_reader_reads on public.observability_events
--       for select to rollgate_reader using (true);
--
-- * Its certificate is signed by its own authority: download it (Database, Settings, SSL) and hand it
--   to Rollgate as the CA certificate of the database.
