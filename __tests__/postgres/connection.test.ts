import { chownSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { withConnection } from '../../src/postgres/connection.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/postgres/limits.ts'
import { type DatabaseTarget, parseTarget } from '../../src/postgres/target.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import { type Relay, startRelay } from '../../src/rehearsal/postgres/relay.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { EvidenceError } from '../../src/rollout/rollgate-error.ts'
import { type Authority, certificateAuthority, type Identity } from './certificates.ts'
import { adapterFor, freshDatabase, lookAt, startTestServer } from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server)
})
afterAll(() => server?.stop())

const SECRET = 'hunter2secret'
const readerUrl = (change: Partial<URL> = {}) =>
  Object.assign(new URL(database.connectionString('reader')), change).href

/** Everything that an error could carry to a log. */
const textOf = (error: EvidenceError) =>
  [error.stack, error.message, error.remedy, String(error.cause), JSON.stringify(error)].join(' ')

async function failureOf(connectionString: string): Promise<EvidenceError> {
  const { metrics } = await adapterFor(database, { connectionString, limits: { connectMs: 500 } })
  const error = await metrics.look(lookAt(['outcomes'])).catch((thrown: unknown) => thrown)
  if (error instanceof EvidenceError) return error
  throw new Error('no EvidenceError', { cause: error })
}

describe('a database that cannot be asked is told apart, without a secret', () => {
  test.each<[string, () => Partial<URL>, string, string]>([
    ['wrong password', () => ({ password: SECRET }), 'database_auth', '28P01'],
    ['unknown role', () => ({ username: 'nobody', password: SECRET }), 'database_auth', '28P01'],
    ['no such database', () => ({ pathname: '/hunter2secret' }), 'database_name', '3D000'],
    ['nobody listens', () => ({ port: '1' }), 'database_unreachable', 'ECONNREFUSED']
  ])('%s', async (_, change, code, said) => {
    const error = await failureOf(readerUrl(change()))
    expect(error).toMatchObject({ code, message: expect.stringContaining(said) })
    expect(textOf(error)).not.toMatch(
      new RegExp(`${SECRET}|${server.password}|127\\.0\\.0\\.1`, 'u')
    )
  })

  test('nobody answers', async () => {
    const silent = net.createServer(() => undefined)
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const port = String((silent.address() as net.AddressInfo).port)
    const error = await failureOf(readerUrl({ port }))
    expect(error).toMatchObject({ code: 'database_unreachable' })
    expect(textOf(error)).not.toContain(server.password)
    silent.close()
  })
})

describe('a connection that breaks in the middle', () => {
  let relay: Relay
  beforeAll(async () => {
    relay = await startRelay(server)
  })
  afterAll(() => relay?.stop())

  /** What becomes of a query that is asleep while something happens to its line. */
  async function sleeping(
    name: string,
    happens: (session: string) => Promise<unknown>,
    limits: Partial<Limits> = {}
  ): Promise<unknown> {
    const target = parseTarget(database.connectionString('reader', relay))
    const sql = `select pg_sleep(4) as ${name}`
    const asleep = withConnection(target, { ...DEFAULT_LIMITS, ...limits }, connection =>
      connection.query(sql)
    )
    const session = `from pg_stat_activity where query = '${sql}' and state = 'active'`
    const event = untilFound(`select 1 ${session}`).then(() => happens(session))
    const [failure] = await Promise.all([asleep.catch((error: unknown) => error), event])
    return failure
  }

  const broke = { code: 'database_unreachable', message: expect.stringContaining('broke') }

  test('because the line is cut', async () => {
    expect(await sleeping('cut', relay.cut)).toMatchObject(broke)
    await relay.restore()
  })

  test('because the server ends it', async () => {
    const end = (session: string) => database.query(`select pg_terminate_backend(pid) ${session}`)
    const message = expect.stringContaining('57P01')
    expect(await sleeping('ended', end)).toMatchObject({ ...broke, message })
  })

  test('because the look lasts too long', async () => {
    expect(await sleeping('late', async () => undefined, { lookMs: 300 })).toMatchObject(broke)
  })
})

async function untilFound(sql: string): Promise<void> {
  while ((await database.query(sql)).length === 0) await database.query('select pg_sleep(0.01)')
}

describe('a database on another machine', () => {
  let authority: Authority

  beforeAll(() => {
    authority = certificateAuthority()
  })

  /** As for another machine, and then reached here: only the name `localhost` leads to this server. */
  const remote = (ca?: string): DatabaseTarget => ({
    ...parseTarget(readerUrl().replace('127.0.0.1', 'db.example.org'), ca),
    host: 'localhost'
  })
  const encrypted = (target: DatabaseTarget) =>
    withConnection(target, DEFAULT_LIMITS, async connection => connection.encrypted)

  async function serve({ certificate, key }: Identity): Promise<void> {
    for (const [name, text] of [
      ['server.crt', certificate],
      ['server.key', key]
    ] as const) {
      const file = path.join(server.dataFolder, name)
      writeFileSync(file, text, { mode: 0o600 })
      if (process.getuid?.() === 0) chownSync(file, 65534, 65534)
    }
    await database.query('alter system set ssl = on')
    await database.query('select pg_reload_conf()')
    await untilFound("select 1 from pg_settings where name = 'ssl' and setting = 'on'")
  }

  test('is not read without encryption', async () => {
    const failure = encrypted(remote(authority.certificate))
    await expect(failure).rejects.toMatchObject({
      code: 'database_tls',
      message: expect.stringContaining('no TLS')
    })
  })

  test('is read when its certificate is signed by the authority given', async () => {
    await serve(authority.issue('localhost'))
    expect(await encrypted(remote(authority.certificate))).toBe(true)
  })

  test('is not read when nobody known signed its certificate', async () => {
    await expect(encrypted(remote())).rejects.toMatchObject({ code: 'database_tls' })
    const other = certificateAuthority().certificate
    await expect(encrypted(remote(other))).rejects.toMatchObject({ code: 'database_tls' })
  })

  test('is not read when its certificate is for another host', async () => {
    await serve(authority.issue('elsewhere.example.org'))
    const reloaded = encrypted(remote(authority.certificate))
    await expect(reloaded).rejects.toMatchObject({
      code: 'database_tls',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID')
    })
  })
})
