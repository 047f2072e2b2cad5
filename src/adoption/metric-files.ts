import { type Answers, hasShadowPhases } from './answers.ts'
import type { TextFile } from './ports.ts'

/** The folder of the metrics that are written, handed to the action as its input `metrics`. */
export const METRICS_FOLDER = 'rollgate/metrics'

/**
 * The metrics that the definition's criteria name. What differs from one rollout to the next is bound
 * from the definition's parameters, so the files are the same for every rollout of a repository.
 */
export function metricFiles(answers: Answers): readonly TextFile[] {
  const files = hasShadowPhases(answers) ? [...FILES, ACTIVITY] : FILES
  return files.map(metric => ({ path: pathOf(metric), text: render(metric) }))
}

interface Metric {
  readonly name: string
  readonly kind: 'proportion' | 'count'
  readonly asks: string
  readonly unit: string
  readonly why: string
  /** Beside `since`, `until` and `environment`. */
  readonly parameters: readonly string[]
  readonly sql: string
}

const WINDOW = `  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and (:'environment' = '' or context ->> 'environment' = :'environment')`

const ENDINGS: Metric = {
  name: 'endings',
  kind: 'proportion',
  asks: 'How many units ended well, of all that ended?',
  unit: 'booking',
  why: `-- A unit is a booking, or the event itself where none is named: put the column of your own unit in
-- its place. The last ending of a unit in the window decides, so a retry that went well is one good
-- unit, and an event that arrived twice changes nothing. A unit without an ending is not counted yet.
-- Two endings at the same instant: the bad one counts.`,
  parameters: ['source', 'good_endings', 'bad_endings'],
  sql: `with endings as (
  select distinct on (coalesce(booking_id, id))
    event_type = any (string_to_array(:'good_endings', ',')) as good,
    date_bin('1 hour', created_at, :'since'::timestamptz) as bucket
  from public.observability_events
  where source = :'source'
    and event_type = any (
      string_to_array(:'good_endings', ',') || string_to_array(:'bad_endings', ',')
    )
    and created_at >= :'since'::timestamptz
    and created_at < :'until'::timestamptz
    and (:'environment' = '' or context ->> 'environment' = :'environment')
  order by coalesce(booking_id, id), created_at desc, good
)
select bucket, (count(*) filter (where good))::float8 as hits, count(*)::float8 as total
from endings
group by bucket
order by bucket;`
}

const FAILURES: Metric = {
  name: 'failures',
  kind: 'count',
  asks: 'How often did the new code report an error?',
  unit: 'event',
  why: '-- In pieces of five minutes: the criterion asks for errors that last.',
  parameters: ['source', 'error_events'],
  sql: `select
  date_bin('5 minutes', created_at, :'since'::timestamptz) as bucket,
  count(*)::float8 as hits
from public.observability_events
where source = :'source'
  and event_type = any (string_to_array(:'error_events', ','))
${WINDOW}
group by bucket
order by bucket;`
}

const STARTS: Metric = {
  name: 'starts',
  kind: 'count',
  asks: 'How often did the new code begin its work?',
  unit: 'event',
  why: '-- After a rollback there may be none.',
  parameters: ['source', 'start_event'],
  sql: `select date_bin('1 hour', created_at, :'since'::timestamptz) as bucket, count(*)::float8 as hits
from public.observability_events
where source = :'source'
  and event_type = :'start_event'
${WINDOW}
group by bucket
order by bucket;`
}

const ACTIVITY: Metric = {
  name: 'activity',
  kind: 'count',
  asks: 'How much did the new code do at all?',
  unit: 'event',
  why: '-- In a shadow phase there may be nothing.',
  parameters: ['source'],
  sql: `select date_bin('1 hour', created_at, :'since'::timestamptz) as bucket, count(*)::float8 as hits
from public.observability_events
where source = :'source'
${WINDOW}
group by bucket
order by bucket;`
}

const HEARTBEAT: Metric = {
  name: 'heartbeat',
  kind: 'count',
  asks: 'Was the rest of the application writing events, so that silence means something?',
  unit: 'event',
  why: '-- The control of the counts: no error was written, or nothing was written at all?',
  parameters: ['source'],
  sql: `select
  date_bin('1 hour', created_at, :'since'::timestamptz) as bucket,
  count(*)::float8 as hits,
  max(created_at) as latest
from public.observability_events
where source <> :'source'
${WINDOW}
group by bucket
order by bucket;`
}

const FILES: readonly Metric[] = [ENDINGS, FAILURES, STARTS, HEARTBEAT]

function pathOf({ name }: Metric): string {
  return `${METRICS_FOLDER}/${name}.sql`
}

function render(metric: Metric): string {
  const { name, kind, asks, unit, why, parameters, sql } = metric
  const values = parameters.map(parameter => `-v ${parameter}='…'`).join(' ')
  return `--! metric: ${name}
--! kind: ${kind}
--! asks: ${asks}
--! unit: ${unit}

${why}
--
-- psql runs this file too; what stands under \`parameters\` in the definition goes in place of each …
--
--   psql "$DATABASE_URL" -v since=2026-01-31T08:00:00Z -v until=2026-01-31T20:00:00Z \\
--     -v environment= ${values} \\
--     -f ${pathOf(metric)}

${sql}
`
}
