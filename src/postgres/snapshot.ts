import type { Reading } from '../rollout/ports.ts'
import type { Connection } from './connection.ts'

/** What an answer is worth later: which clock, which server, which state of the table. */
export type Snapshot = Pick<Reading, 'databaseNow' | 'version' | 'snapshot'>

/** Asks the database, not this machine: the rehearsal has a clock of its own, and so may a server. */
export async function readSnapshot(connection: Connection): Promise<Snapshot> {
  const { rows } = await connection.query(
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       current_setting('server_version'), pg_current_snapshot()::text`
  )
  const [databaseNow, version, snapshot] = rows[0] ?? []
  return { databaseNow: databaseNow ?? '', version: version ?? '', snapshot: snapshot ?? '' }
}
