import * as z from 'zod'
import type { FullScan, LookRequest, QueryEstimate } from '../rollout/ports.ts'
import type { MetricFile } from './catalogue.ts'
import type { Window } from './cells.ts'
import type { Connection } from './connection.ts'
import { isConnectionLost } from './failure.ts'
import { arm, inSavepoint } from './guard.ts'
import type { Limits } from './limits.ts'
import { outlookOf } from './outlook.ts'
import { pickedBy } from './picked-by.ts'
import { explain, type PlanNode } from './plan.ts'
import { bindStatement } from './statement.ts'

/**
 * Partitions are the table they are part of; how many rows is a guess until every one was analysed.
 * An index that serves a part of the rows only, or is no btree, is not counted.
 */
const TABLES = `
  select coalesce(json_agg(json_build_object(
    'table', format('%I.%I', rn.nspname, r.relname),
    'bytes', bytes,
    'rows', rows,
    'pickedBy', picked,
    'partitioned', r.relkind = 'p',
    'indexes', (
      select coalesce(json_agg((
        select coalesce(json_agg(quote_ident(a.attname) order by k.position), '[]')
        from unnest(i.indkey::int2[]) with ordinality as k (attribute, position)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attribute
        where k.position <= i.indnkeyatts
      )), '[]')
      from pg_index i
      join pg_class ic on ic.oid = i.indexrelid
      join pg_am m on m.oid = ic.relam
      where i.indrelid = r.oid and i.indisvalid and i.indpred is null and i.indexprs is null
        and m.amname = 'btree'
    )
  ) order by rn.nspname, r.relname), '[]')
  from (
    select r.oid, sum(pg_relation_size(c.oid)) as bytes,
      case when bool_and(c.reltuples >= 0) then sum(c.reltuples) end as rows,
      json_agg(scanned.picked) as picked
    from json_to_recordset($1::json) as scanned (schema text, name text, picked json)
    join pg_namespace n on n.nspname = scanned.schema
    join pg_class c on c.relnamespace = n.oid and c.relname = scanned.name
    join pg_class r on r.oid = coalesce(pg_partition_root(c.oid), c.oid)
    where n.nspname not in ('pg_catalog', 'information_schema')
    group by r.oid
  ) as sized
  join pg_class r on r.oid = sized.oid
  join pg_namespace rn on rn.oid = r.relnamespace`

const columns = z.array(z.string())
const tablesSchema = z.array(
  z.object({
    table: z.string(),
    bytes: z.number(),
    rows: z.number().nullable(),
    pickedBy: z.array(columns),
    partitioned: z.boolean(),
    indexes: z.array(columns)
  })
)

interface Asked {
  readonly limits: Limits
  readonly window: Window
  readonly request: LookRequest
}

/** What the planner expects of a file; nothing of it is run. Undefined when it cannot be planned. */
export async function estimateOf(
  connection: Connection,
  file: MetricFile,
  asked: Asked
): Promise<QueryEstimate | undefined> {
  try {
    return await inSavepoint(connection, () => plan(connection, file, asked))
  } catch (error) {
    if (isConnectionLost(error)) throw error
    return undefined
  }
}

async function plan(
  connection: Connection,
  { statement, metrics }: MetricFile,
  { limits, window, request }: Asked
): Promise<QueryEstimate | undefined> {
  const bound = bindStatement(statement, { ...request.parameters, ...window })
  await arm(connection, limits, limits.statementMs)
  const found = await explain(connection, bound, 'format json, verbose')
  if (found === undefined) return undefined
  const { cost, nodes } = outlookOf(found)
  return {
    file: statement.file,
    metrics: metrics.map(metric => metric.name),
    plannedCost: cost,
    fullScans: await tablesOf(connection, nodes.filter(isFullScan))
  }
}

function isFullScan(node: PlanNode): boolean {
  return node['Node Type'] === 'Seq Scan'
}

async function tablesOf(
  connection: Connection,
  scans: readonly PlanNode[]
): Promise<readonly FullScan[]> {
  if (scans.length === 0) return []
  const { rows } = await connection.query(TABLES, [JSON.stringify(eachOnce(scans))])
  const tables = tablesSchema.parse(JSON.parse(rows[0]?.[0] ?? '[]'))
  return tables.map(table => ({
    ...table,
    rows: table.rows ?? undefined,
    pickedBy: mostOf(table.pickedBy)
  }))
}

interface Scanned {
  readonly schema: string
  readonly name: string
  readonly picked: readonly string[]
}

/** A plan may read one relation in several places. */
function eachOnce(scans: readonly PlanNode[]): readonly Scanned[] {
  const relations = new Map<string, Scanned>()
  for (const { Schema: schema = '', 'Relation Name': name = '', Filter = '' } of scans) {
    const key = JSON.stringify([schema, name])
    const picked = mostOf([relations.get(key)?.picked ?? [], pickedBy(Filter)])
    relations.set(key, { schema, name, picked })
  }
  return [...relations.values()]
}

function mostOf(lists: readonly (readonly string[])[]): readonly string[] {
  return lists.reduce((most, list) => (list.length > most.length ? list : most), [])
}
