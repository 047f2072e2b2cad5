import type { Duplex } from 'node:stream'
import pg from 'pg'
import { EvidenceError } from '../rollout/rollgate-error.ts'
import { connectionBroke, connectionRefused } from './connection-failure.ts'
import { AnswerTooLarge, isConnectionLost } from './failure.ts'
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

/** What the server answered, and how many bytes of the line it took. */
export interface ServerAnswer extends Rows {
  readonly bytes: number
}

/** One session with the database, as far as this adapter needs it. */
export interface Connection {
  readonly encrypted: boolean
  /**
   * One statement: the extended protocol has no way to send two.
   * @throws AnswerTooLarge when the answer outgrows its limit; the line is cut then, however much the
   * server still has to say
   */
  query(text: string, values?: readonly string[]): Promise<ServerAnswer>
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
    return await work(connectionOf(client, limits.maxAnswerBytes))
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

function connectionOf(client: pg.Client, maxAnswerBytes: number): Connection {
  const meter = meterOf(streamOf(client), maxAnswerBytes)
  return {
    encrypted: streamOf(client).encrypted === true,
    query: async (text, values = []) => {
      // `queryMode` is per query, and empty `values` would fall back to the simple protocol.
      const config = { text, values: [...values], rowMode: 'array' as const, queryMode: 'extended' }
      const result = await meter.watch(() => client.query<(string | null)[]>(config))
      const columns = result.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }))
      return { columns, rows: result.rows, bytes: meter.bytes() }
    },
    transactionStatus: () => internals(client).getTransactionStatus(),
    destroy: () => streamOf(client).destroy()
  }
}

interface Meter {
  /** Bytes since the answer began. */
  bytes(): number
  watch<Result>(ask: () => Promise<Result>): Promise<Result>
}

/**
 * Counts what arrives for one statement at a time. The driver keeps a message until it is whole, be it
 * a single value of a gigabyte: only a line that is cut keeps it from filling the memory.
 */
function meterOf(stream: Duplex, limit: number): Meter {
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > limit) stream.destroy()
  })
  const withinLimit = (): void => {
    if (bytes > limit) throw answerTooLarge(limit)
  }
  return {
    bytes: () => bytes,
    watch: async ask => {
      bytes = 0
      const result = await ask().catch(error => {
        withinLimit()
        throw error
      })
      withinLimit()
      return result
    }
  }
}

function answerTooLarge(limit: number): AnswerTooLarge {
  return new AnswerTooLarge(
    'result_too_large',
    `The server answers with more than ${limit / 1e6} MB at once.`,
    'Select less.'
  )
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
