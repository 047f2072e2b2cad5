import * as z from 'zod'
import type { DatabaseFacts, DatabaseInspector } from '../rollout/ports.ts'
import { EvidenceError } from '../rollout/rollgate-error.ts'
import { type Connection, withConnection } from './connection.ts'
import { describeFailure, isConnectionLost } from './failure.ts'
import { inSnapshot } from './guard.ts'
import type { Limits } from './limits.ts'
import { readSnapshot } from './reader.ts'
import type { DatabaseTarget } from './target.ts'

interface Source {
  readonly target: DatabaseTarget
  readonly limits: Limits
}

const TABLE = 'public.observability_events'

/** What the bundled metrics and evidence queries select. */
const COLUMNS = ['id', 'created_at', 'source', 'event_type', 'context', 'booking_id'] as const

const ROLE = `
  select json_build_object('name', rolname, 'superuser', rolsuper)
  from pg_roles where rolname = current_user`

const FACTS = `
  select json_build_object(
    'canWrite', has_table_privilege(c.oid, 'insert') or has_table_privilege(c.oid, 'update')
      or has_table_privilege(c.oid, 'delete') or has_table_privilege(c.oid, 'truncate'),
    'rowsFiltered', row_security_active(c.oid),
    'estimatedRows', (
      select coalesce(sum(greatest(k.reltuples, 0)), 0)
      from (
        select relid from pg_partition_tree(c.oid) where isleaf
        union
        select c.oid
      ) leaf
      join pg_class k on k.oid = leaf.relid
    ),
    'columns', (
      select coalesce(json_agg(a.attname), '[]')
      from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and has_column_privilege(c.oid, a.attnum, 'select')
    ),
    'indexes', (
      select coalesce(json_agg(json_build_object(
        'method', m.amname,
        'predicate', pg_get_expr(i.indpred, i.indrelid),
        'columns', (
          select coalesce(json_agg(a.attname order by k.position), '[]')
          from unnest(i.indkey::int2[]) with ordinality as k (attribute, position)
          left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attribute
        )
      )), '[]')
      from pg_index i
      join pg_class ic on ic.oid = i.indexrelid
      join pg_am m on m.oid = ic.relam
      where i.indrelid = c.oid and i.indisvalid
    )
  )
  from pg_class c
  where c.oid = to_regclass($1)`

const roleSchema = z.object({ name: z.string(), superuser: z.boolean() })
const indexSchema = z.object({
  method: z.string(),
  predicate: z.string().nullable(),
  columns: z.array(z.string().nullable())
})
const tableSchema = z.object({
  canWrite: z.boolean(),
  rowsFiltered: z.boolean(),
  estimatedRows: z.number(),
  columns: z.array(z.string()),
  indexes: z.array(indexSchema)
})

type Index = z.infer<typeof indexSchema>
type Table = z.infer<typeof tableSchema>

/** Reads the catalogues of a PostgreSQL database; no row of the table is touched. */
export function createDatabaseInspector({ target, limits }: Source): DatabaseInspector {
  return {
    inspectDatabase: () =>
      withConnection(target, limits, connection =>
        inSnapshot(connection, limits, () => inspect(connection, target))
      )
  }
}

async function inspect(connection: Connection, target: DatabaseTarget): Promise<DatabaseFacts> {
  const { databaseNow, version } = await readSnapshot(connection)
  const role = roleSchema.parse(await readJson(connection, ROLE))
  const found = await readJson(connection, FACTS, [TABLE])
  const table = found === undefined ? undefined : tableSchema.parse(found)
  return {
    version,
    databaseNow,
    role: role.name,
    superuser: role.superuser,
    encrypted: connection.encrypted,
    local: target.local,
    table: TABLE,
    ...tableFacts(table)
  }
}

function tableFacts(table: Table | undefined) {
  const readable = table?.columns ?? []
  const indexes = table?.indexes ?? []
  return {
    tableExists: table !== undefined,
    missingColumns: COLUMNS.filter(column => !readable.includes(column)),
    canWrite: table?.canWrite ?? false,
    rowsFiltered: table?.rowsFiltered ?? false,
    estimatedRows: table?.estimatedRows ?? 0,
    indexed: indexes.some(narrowsTheWindow),
    recommendedIndex: indexes.some(isRecommended)
  }
}

/** Not BRIN: for a window of days over a big table the planner prefers to read everything. */
function narrowsTheWindow({ method, predicate, columns }: Index): boolean {
  const [first] = columns
  return method === 'btree' && predicate === null && (first === 'source' || first === 'created_at')
}

/** The one of sql/setup/index.sql, or its partial form for tables with heavy writing. */
function isRecommended({ method, predicate, columns }: Index): boolean {
  const [first, second] = columns
  if (method !== 'btree') return false
  return predicate === null
    ? first === 'source' && second === 'created_at'
    : first === 'created_at' && /\bsource\b/u.test(predicate)
}

async function readJson(
  connection: Connection,
  sql: string,
  values: readonly string[] = []
): Promise<unknown> {
  try {
    const { rows } = await connection.query(sql, values)
    const text = rows[0]?.[0]
    return text == null ? undefined : JSON.parse(text)
  } catch (error) {
    if (isConnectionLost(error)) throw error
    const { code, message, remedy } = describeFailure(error, 'The look at the catalogues', sql)
    throw new EvidenceError(code, message, remedy)
  }
}
