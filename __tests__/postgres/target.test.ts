import { describe, expect, test } from '@jest/globals'
import { parseTarget } from '../../src/postgres/target.ts'
import { InputError } from '../../src/rollout/rollgate-error.ts'
import { certificateAuthority } from './certificates.ts'

const HOST = 'db.example.org'

test('a connection string gives host, port, account and database', () => {
  expect(parseTarget('postgresql://role.ref:p%40ss%2Fw@pooler.example.org:6543/postgres')).toEqual({
    host: 'pooler.example.org',
    port: 6543,
    user: 'role.ref',
    password: 'p@ss/w',
    database: 'postgres',
    local: false,
    tls: { rejectUnauthorized: true }
  })
})

test('port and database have the defaults of PostgreSQL', () => {
  expect(parseTarget(' postgres://me:x@localhost\n')).toMatchObject({ port: 5432, database: 'me' })
})

describe('TLS is verified whatever the string says', () => {
  test.each([
    '',
    '?sslmode=disable',
    '?sslmode=no-verify',
    '?sslmode=require',
    '?sslmode=prefer&uselibpqcompat=true',
    '?sslnegotiation=direct&sslrootcert=/etc/ca.pem',
    '?ssl=false&options=-c%20statement_timeout%3D0'
  ])('%j', query => {
    const { tls, ...rest } = parseTarget(`postgres://me:x@${HOST}/db${query}`)
    expect(tls).toEqual({ rejectUnauthorized: true })
    expect(JSON.stringify(rest)).not.toMatch(/ssl|options/u)
  })

  test('with the authority given, and only that one', () => {
    const { certificate } = certificateAuthority()
    const { tls } = parseTarget(`postgres://me:x@${HOST}/db?sslmode=require`, certificate)
    expect(tls).toEqual({ ca: certificate, rejectUnauthorized: true })
  })

  test.each(['', ' \n'])('an empty authority is none', ca => {
    expect(parseTarget(`postgres://me:x@${HOST}/db`, ca).tls).toEqual({ rejectUnauthorized: true })
  })

  test('something else than a certificate is refused', () => {
    expect(() => parseTarget(`postgres://me:x@${HOST}/db`, 'ca.pem')).toThrow('not one in PEM form')
  })
})

test.each([
  ['localhost', true],
  ['LOCALHOST', true],
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['[::1]', true],
  ['localhost.example.org', false],
  ['127.0.0.1.example.org', false],
  ['10.0.0.1', false],
  ['db', false],
  ['[::2]', false]
])('%s is local: %s', (host, local) => {
  const target = parseTarget(`postgres://me:x@${host}/db`)
  expect(target).toMatchObject({ local, tls: local ? undefined : { rejectUnauthorized: true } })
})

describe('a connection string that cannot be used is refused without being shown', () => {
  test.each([
    ['', 'it is not a URL'],
    ['not a url s3cret', 'it is not a URL'],
    ['host=db password=s3cret', 'it is not a URL'],
    ['https://me:s3cret@db/x', 'postgres://'],
    ['postgres://me:s3cret@/x', 'names no host|not a URL'],
    ['postgres://db/x?password=s3cret', 'names no user'],
    ['postgres://me:s3cret%ZZ@db/x', 'begins no escape'],
    ['postgres://me:s3c/ret#@db:x/y', 'not a URL']
  ])('%s', (text, problem) => {
    const error = refusalOf(() => parseTarget(text))
    expect(error).toMatchObject({ code: 'database_url_invalid' })
    expect(error.message).toMatch(new RegExp(problem, 'u'))
    expect(`${error.stack} ${error.remedy} ${String(error.cause)}`).not.toContain('s3c')
  })
})

function refusalOf(work: () => unknown): InputError {
  try {
    work()
  } catch (error) {
    if (error instanceof InputError) return error
  }
  throw new Error('nothing was refused')
}
