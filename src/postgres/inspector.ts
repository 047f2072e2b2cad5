import * as z from 'zod'
import type { DatabaseFacts, DatabaseInspector, HiddenRows } from '../rollout/ports.ts'
import { EvidenceError } from '../rollout/rollgate-error.ts'
import { type Connection, withConnection } from './connection.ts'
import { describeFailure, isConnectionLost } from './failure.ts'
import { inSnapshot } from './guard.ts'
import type { Limits } from './limits.ts'
import { readSnapshot } from './snapshot.ts'
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
    'canWrite', has_any_column_privilege(c.oid, 'insert') or has_any_column_privilege(c.oid, 'update')
      or has_table_privilege(c.oid, 'delete') or has_table_privilege(c.oid, 'truncate'),
    'rowSecurity', row_security_active(c.oid),
    'policies', (
      select coalesce(json_agg(json_build_object(
        'permissive', p.polpermissive,
        'unconditional', pg_get_expr(p.polqual, p.polrelid) = 'true'
      )), '[]')
      from pg_policy p
      where p.polrelid = c.oid and p.polcmd in ('r', '*') and p.polqual is not null
        and exists (
          select from unnest(p.polroles) as meant (role)
          where case meant.role when 0 then true else pg_has_role(meant.role, 'usage') end
        )
    ),
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
          where k.position <= i.indnkeyatts
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
const policySchema = z.object({ permissive: z.boolean(), unconditional: z.boolean() })
const tableSchema = z.object({
  canWrite: z.boolean(),
  rowSecurity: z.boolean(),
  policies: z.array(policySchema),
  estimatedRows: z.number(),
  columns: z.array(z.string()),
  indexes: z.array(indexSchema)
})

type Index = z.infer<typeof indexSchema>
type Table = z.infer<typeof tableSchema>
type TableFacts = Pick<
  DatabaseFacts,
  | 'tableExists'
  | 'missingColumns'
  | 'canWrite'
  | 'hiddenRows'
  | 'estimatedRows'
  | 'indexed'
  | 'recommendedIndex'
>

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

function tableFacts(table: Table | undefined): TableFacts {
  const readable = table?.columns ?? []
  const indexes = table?.indexes ?? []
  return {
    tableExists: table !== undefined,
    missingColumns: COLUMNS.filter(column => !readable.includes(column)),
    canWrite: table?.canWrite ?? false,
    hiddenRows: table === undefined ? 'none' : hiddenRowsOf(table),
    estimatedRows: table?.estimatedRows ?? 0,
    indexed: indexes.some(narrowsTheWindow),
    recommendedIndex: indexes.some(isRecommended)
  }
}

/** A row is seen when one permissive policy and every restrictive one let it through. */
function hiddenRowsOf({ rowSecurity, policies }: Table): HiddenRows {
  if (!rowSecurity) return 'none'
  const permissive = policies.filter(policy => policy.permissive)
  if (permissive.length === 0) return 'all'
  const restricted = policies.some(policy => !policy.permissive && !policy.unconditional)
  return !restricted && permissive.some(policy => policy.unconditional) ? 'none' : 'some'
}

/** Not BRIN: for a window of days over a big table the planner prefers to read everything. */
function narrowsTheWindow({ method, predicate, columns }: Index): boolean {
  const [first] = columns
  return method === 'btree' && predicate === null && (first === 'source' || first === 'created_at')
}

/** As the bundled metrics look for it: of an index on part of the rows they make no use. */
function isRecommended({ method, predicate, columns }: Index): boolean {
  const [first, second] = columns
  return method === 'btree' && predicate === null && first === 'source' && second === 'created_at'
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
