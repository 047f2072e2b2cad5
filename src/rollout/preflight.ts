import {
  type DatabaseSettings,
  type Definition,
  enabledPhases,
  metricsOf,
  type Target
} from './definition.ts'
import { formatDuration } from './duration.ts'
import type { Answer, DatabaseFacts, FlagReading, MetricHeader, ProjectFacts } from './ports.ts'
import { reportedLabel } from './reported.ts'
import { COMPLETE_RELEASES } from './target-remedies.ts'

/** One prerequisite, looked at. `fail` stops a rollout, `warn` does not. */
export interface PreflightItem {
  readonly name: string
  readonly outcome: 'ok' | 'warn' | 'fail'
  readonly message: string
  /** What to do about it; absent when it is in order. */
  readonly remedy?: string
}

/** A part of the world that could not be asked at all. */
export function unreachable(name: string, message: string, remedy: string): PreflightItem {
  return { name, outcome: 'fail', message, remedy }
}

/** What a project's settings mean for a rollout. */
export function judgeProject(
  facts: ProjectFacts,
  policy: Target['rollingRelease'] = 'refuse'
): readonly PreflightItem[] {
  const { name } = facts
  return [
    { name: 'project', outcome: 'ok', message: `token and project ${name} fit together` },
    judgeRollingRelease(facts, policy),
    facts.autoAssignsProduction
      ? {
          name: 'domain assignment',
          outcome: 'ok',
          message: 'a new production deployment gets the domains'
        }
      : {
          name: 'domain assignment',
          outcome: 'warn',
          message: 'new production deployments are staged, as after an instant rollback',
          remedy: 'Nothing: Rollgate promotes its deployments. Other deployments stay staged.'
        }
  ]
}

function judgeRollingRelease(
  { name: project, rollingRelease, releasing }: ProjectFacts,
  policy: Target['rollingRelease']
): PreflightItem {
  const name = 'rolling release'
  if (!rollingRelease) return { name, outcome: 'ok', message: 'not configured' }
  if (policy === 'refuse') {
    return {
      name,
      outcome: 'fail',
      message: `${project} gives a new production deployment only part of the traffic`,
      remedy: COMPLETE_RELEASES
    }
  }
  return releasing === undefined
    ? { name, outcome: 'ok', message: 'each deployment is given all the traffic at once' }
    : {
        name,
        outcome: 'fail',
        message: `a rolling release of ${releasing} is under way`,
        remedy: 'Complete it or abort it before the rollout.'
      }
}

/** What stands in the way of the flags on one target. */
export function judgeFlags(reading: FlagReading): readonly PreflightItem[] {
  const name = `flags on ${reading.target}`
  const obstacles = reading.obstacles.map(
    ({ message, remedy }): PreflightItem => ({ name, outcome: 'fail', message, remedy })
  )
  const shared = Object.entries(reading.flags).flatMap(([flag, state]): PreflightItem[] =>
    state.kind === 'set' && state.sharedWith.length > 0
      ? [
          {
            name,
            outcome: 'warn',
            message: `${flag} is one record for ${reading.target} and ${state.sharedWith.join(', ')}`,
            remedy:
              'Nothing: the record is split when the flag is set; the others keep their value.'
          }
        ]
      : []
  )
  const problems = [...obstacles, ...shared]
  const count = Object.keys(reading.flags).length
  return problems.length > 0
    ? problems
    : [{ name, outcome: 'ok', message: `all ${count} can be read, written and put back` }]
}

/** What the database's role, table and transport mean for a rollout. */
export function judgeDatabase(
  facts: DatabaseFacts,
  rules: Pick<DatabaseSettings, 'requireReadOnly'>
): readonly PreflightItem[] {
  return [
    { name: 'database', outcome: 'ok', message: `${facts.version} answers as ${facts.role}` },
    judgeTransport(facts),
    judgeRole(facts, rules),
    judgeTable(facts),
    ...(facts.tableExists ? [judgeRows(facts), judgeIndex(facts)] : [])
  ]
}

function judgeTransport({ encrypted, local }: DatabaseFacts): PreflightItem {
  if (encrypted) return { name: 'transport', outcome: 'ok', message: 'TLS, certificate verified' }
  return local
    ? { name: 'transport', outcome: 'ok', message: 'this machine, no TLS needed' }
    : {
        name: 'transport',
        outcome: 'fail',
        message: 'the connection is not encrypted',
        remedy: 'Let the server offer TLS; give its certificate authority when it is its own.'
      }
}

function judgeRole(
  { role, superuser, canWrite }: DatabaseFacts,
  { requireReadOnly }: Pick<DatabaseSettings, 'requireReadOnly'>
): PreflightItem {
  if (superuser) {
    return {
      name: 'role',
      outcome: 'fail',
      message: `${role} is a superuser, which no read-only transaction confines`,
      remedy: 'Create the reader role of sql/setup/reader-role.sql and use it instead.'
    }
  }
  return canWrite
    ? {
        name: 'role',
        outcome: requireReadOnly ? 'fail' : 'warn',
        message: requireReadOnly
          ? `${role} may write the table, and the definition says require_read_only`
          : `${role} may write the table`,
        remedy: 'Create the reader role of sql/setup/reader-role.sql and use it instead.'
      }
    : { name: 'role', outcome: 'ok', message: `${role} can only read` }
}

/** Metrics may read another table; whether they are answered is tried for each of them. */
function judgeTable({ table, tableExists, missingColumns }: DatabaseFacts): PreflightItem {
  if (!tableExists) {
    return {
      name: 'table',
      outcome: 'warn',
      message: `${table} does not exist or is not visible, so the bundled evidence will be empty`,
      remedy:
        'Nothing, when your metrics read another table; otherwise check the database in the connection string and the grants of the role.'
    }
  }
  return missingColumns.length > 0
    ? {
        name: 'table',
        outcome: 'warn',
        message: `${table} lacks, or the role may not read, ${missingColumns.join(', ')}`,
        remedy:
          'Grant the role SELECT on these columns, or make sure that neither metrics nor evidence use them.'
      }
    : { name: 'table', outcome: 'ok', message: `${table} has the columns the metrics use` }
}

/** Whether every metric that judges a target is answered, now and with this role. */
export function judgeTrial(
  target: string,
  answers: Readonly<Record<string, Answer>>
): readonly PreflightItem[] {
  const name = `metrics on ${target}`
  const problems = Object.entries(answers).flatMap(([metric, answer]): PreflightItem[] =>
    answer.kind === 'answered'
      ? []
      : [
          {
            name,
            outcome: 'fail',
            message: `${metric} is not answered: ${answer.message}`,
            remedy: answer.remedy
          }
        ]
  )
  const count = Object.keys(answers).length
  return problems.length > 0
    ? problems
    : [{ name, outcome: 'ok', message: `all ${count} are answered` }]
}

function judgeRows({ hiddenRows, table, estimatedRows }: DatabaseFacts): PreflightItem {
  const name = 'row-level security'
  switch (hiddenRows) {
    case 'all':
      return {
        name,
        outcome: 'fail',
        message: `row-level security on ${table} hides every row from the role without an error`,
        remedy: 'Add the policy of sql/setup/reader-role.sql for the role.'
      }
    case 'some':
      return {
        name,
        outcome: 'warn',
        message: `policies on ${table} let the role see only rows that meet their conditions, and no error tells of the others`,
        remedy:
          'Make sure that the conditions let through every event that a metric counts, or add the policy of sql/setup/reader-role.sql.'
      }
    case 'none': {
      const rows = Math.max(0, Math.round(estimatedRows))
      return { name, outcome: 'ok', message: `no rows are hidden (about ${rows} in all)` }
    }
  }
}

const SMALL_TABLE_ROWS = 1_000_000

function judgeIndex(facts: DatabaseFacts): PreflightItem {
  const { recommendedIndex, indexed, estimatedRows, table } = facts
  if (recommendedIndex) return { name: 'index', outcome: 'ok', message: 'the recommended one' }
  const message = indexed
    ? `${table} has no index on (source, created_at), only one that helps a little`
    : `${table} has no index that helps: every look reads the whole table`
  return estimatedRows < SMALL_TABLE_ROWS
    ? { name: 'index', outcome: 'ok', message: `${message}; with so few rows that is fine` }
    : { name: 'index', outcome: 'warn', message, remedy: 'Run sql/setup/index.sql as the owner.' }
}

/** Whether every metric that a phase is judged by exists, told before anything starts. */
export function judgeMetrics(
  definition: Definition,
  headers: readonly MetricHeader[]
): PreflightItem {
  const known = new Set(headers.map(({ name }) => name))
  const needed = enabledPhases(definition).flatMap(phase =>
    metricsOf(definition.criteria[phase.criteria] ?? [])
  )
  const missing = [...new Set(needed)].filter(
    metric => !known.has(metric) && reportedLabel(metric) === undefined
  )
  const span = enabledPhases(definition).reduce((sum, phase) => sum + phase.soakMs, 0)
  return missing.length > 0
    ? {
        name: 'metrics',
        outcome: 'fail',
        message: `there is no SQL file for ${missing.join(', ')}`,
        remedy: 'Add a file to sql/metrics or correct the criteria.'
      }
    : {
        name: 'metrics',
        outcome: 'ok',
        message: `${new Set(needed).size} metrics judge ${formatDuration(span)} of soak`
      }
}

/** The worst outcome of a list. */
export function worst(items: readonly PreflightItem[]): PreflightItem['outcome'] {
  if (items.some(({ outcome }) => outcome === 'fail')) return 'fail'
  return items.some(({ outcome }) => outcome === 'warn') ? 'warn' : 'ok'
}
