import type { Duplex } from 'node:stream'
import pg from 'pg'
import { EvidenceError } from '../rollout/rollgate-error.ts'
import { isConnectionLost, isServerError } from './failure.ts'
import type { Limits } from './limits.ts'
import type { DatabaseTarget } from './target.ts'

/** Every value as the server's text, or null: nothing is rounded, shifted or renamed on the way. */
export type TextRow = readonly (string | null)[]

export interface Rows {
  readonly columns: readonly Column[]
  readonly rows: readonly TextRow[]
}

export interface Column {
  readonly name: string
  /** OID of its type. */
  readonly type: number
}

/** One session with the database, as far as this adapter needs it. */
export interface Connection {
  readonly encrypted: boolean
  /** One statement: the extended protocol has no way to send two. */
  query(text: string, values?: readonly string[]): Promise<Rows>
  /** `T` inside a sound transaction. */
  transactionStatus(): string | null
  /** Ends the session at once, without a word to the server. */
  destroy(): void
}

/** What `pg` keeps and its types leave out. */
interface DriverInternals {
  readonly connection: { readonly stream: Duplex & { encrypted?: boolean; authorized?: boolean } }
  getTransactionStatus(): string | null
}

/**
 * Connects, works, and leaves nothing behind, however the work ends.
 * @throws EvidenceError when the connection cannot be made, breaks, or lasts too long; none of its
 * words comes from the connection string
 */
export async function withConnection<Result>(
  target: DatabaseTarget,
  limits: Limits,
  work: (connection: Connection) => Promise<Result>
): Promise<Result> {
  const client = clientFor(target, limits)
  const deadline = setTimeout(() => streamOf(client).destroy(), limits.lookMs)
  try {
    await connect(client, target)
    return await work(connectionOf(client))
  } catch (error) {
    if (error instanceof EvidenceError || !isConnectionLost(error)) throw error
    throw connectionBroke(error)
  } finally {
    clearTimeout(deadline)
    await leave(client)
  }
}

function clientFor(target: DatabaseTarget, limits: Limits): pg.Client {
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    user: target.user,
    // A function keeps the driver from searching the environment and ~/.pgpass for another one.
    password: () => target.password,
    database: target.database,
    ssl: target.tls ?? false,
    connectionTimeoutMillis: limits.connectMs,
    types: { getTypeParser: () => (value: string) => value }
  })
  // Without a listener a line that breaks between two statements ends the process.
  client.on('error', () => undefined)
  return client
}

async function connect(client: pg.Client, target: DatabaseTarget): Promise<void> {
  try {
    await client.connect()
  } catch (error) {
    throw connectionRefused(error, target)
  }
  const { encrypted, authorized } = streamOf(client)
  if (target.tls !== undefined && !(encrypted && authorized)) {
    throw new EvidenceError(
      'database_tls',
      'The connection to the database is not encrypted with a verified certificate.',
      'Give the CA certificate of the database; it is never read without verification.'
    )
  }
}

function connectionOf(client: pg.Client): Connection {
  return {
    encrypted: streamOf(client).encrypted === true,
    query: async (text, values = []) => {
      // `queryMode` is per query, and empty `values` would fall back to the simple protocol.
      const config = { text, values: [...values], rowMode: 'array' as const, queryMode: 'extended' }
      const result = await client.query<(string | null)[]>(config)
      const columns = result.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }))
      return { columns, rows: result.rows }
    },
    transactionStatus: () => internals(client).getTransactionStatus(),
    destroy: () => streamOf(client).destroy()
  }
}

async function leave(client: pg.Client): Promise<void> {
  if (streamOf(client).destroyed) return
  const impatience = setTimeout(() => streamOf(client).destroy(), 1000)
  await client.end().catch(() => undefined)
  clearTimeout(impatience)
}

function internals(client: pg.Client): DriverInternals {
  return client as unknown as DriverInternals
}

function streamOf(client: pg.Client) {
  // Read anew each time: the socket is replaced when TLS begins.
  return internals(client).connection.stream
}

const REACHABLE =
  'Check host and port in the connection string, and that the database accepts connections from here.'
const CREDENTIALS =
  'Check user and password in the connection string; a pooler wants the user as role.project.'

const REFUSED_BY_SERVER: Readonly<Record<string, readonly [string, string, string]>> = {
  '28P01': ['database_auth', 'does not accept user and password', CREDENTIALS],
  '28000': ['database_auth', 'does not let this role in', CREDENTIALS],
  '3D000': [
    'database_name',
    'has no database of that name',
    'Check the end of the connection string.'
  ],
  '42501': [
    'database_auth',
    'does not let this role connect',
    'Grant CONNECT on the database to it.'
  ],
  '53300': [
    'database_busy',
    'has no connection left',
    'Raise its limit, or connect through a pooler.'
  ],
  '08P01': ['database_pooler', 'refuses how the session begins', 'Unset PGOPTIONS.']
}

function connectionRefused(error: unknown, target: DatabaseTarget): EvidenceError {
  if (isServerError(error)) {
    const [code, says, remedy] = REFUSED_BY_SERVER[error.code] ?? [
      'database_unreachable',
      'does not accept the connection',
      REACHABLE
    ]
    return new EvidenceError(code, `The database ${says} (${error.code}).`, remedy)
  }
  return isTlsFailure(error) ? tlsFailed(error) : unreachable(error, target)
}

function tlsFailed(error: unknown): EvidenceError {
  return new EvidenceError(
    'database_tls',
    `The database does not prove who it is (${nodeCode(error) ?? 'no TLS'}).`,
    'Give the CA certificate that its provider offers, and connect by the host name in its certificate.'
  )
}

function unreachable(error: unknown, target: DatabaseTarget): EvidenceError {
  const said = nodeCode(error) ?? 'no answer in time'
  const message = `The database cannot be reached on port ${target.port} (${said}).`
  return new EvidenceError('database_unreachable', message, REACHABLE)
}

function connectionBroke(error: unknown): EvidenceError {
  const said = isServerError(error) ? error.code : nodeCode(error)
  return new EvidenceError(
    'database_unreachable',
    `The connection to the database broke while it was being read${said ? ` (${said})` : ''}.`,
    'Nothing was changed; the next look tries again.'
  )
}

function isTlsFailure(error: unknown): boolean {
  const code = nodeCode(error) ?? ''
  const message = (error as { message?: unknown } | null)?.message
  return (
    /TLS|SSL|CERT|SIGNATURE|SELF_SIGNED|EPROTO/u.test(code) ||
    message === 'The server does not support SSL connections'
  )
}

/** Node's name for a failed socket, which holds nothing of ours. */
function nodeCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[A-Z_0-9]+$/u.test(code) ? code : undefined
}
