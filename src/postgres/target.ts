import { X509Certificate } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import { InputError } from '../rollout/rollgate-error.ts'

/** Where the database is and how to prove that it is that one. */
export interface DatabaseTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** On this very machine: the one case in which nothing is encrypted. */
  readonly local: boolean
  /** Always verified; undefined for a local database. */
  readonly tls: ConnectionOptions | undefined
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/iu
const DEFAULT_PORT = 5432

/**
 * Takes host, port, account and database out of a connection string and leaves everything else
 * behind: its TLS words mean less than verification (and would drop the certificate given here),
 * its options are startup parameters that a transaction pooler refuses.
 * @throws InputError that shows nothing of the string
 */
export function parseTarget(connectionString: string, caCertificate?: string): DatabaseTarget {
  const url = parseUrl(connectionString)
  const host = url.hostname.replace(/^\[|\]$/gu, '')
  const user = decode(url.username)
  if (host === '') throw invalid('it names no host')
  if (user === '') throw invalid('it names no user')
  const local = LOOPBACK.test(host)
  return {
    host: decode(host),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user,
    password: decode(url.password),
    database: decode(url.pathname.slice(1)) || user,
    local,
    tls: local ? undefined : verifiedTls(caCertificate)
  }
}

function parseUrl(text: string): URL {
  // The URL parser's own error carries the text it was given.
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined
  if (url === undefined) throw invalid('it is not a URL')
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw invalid('it does not begin with postgres:// or postgresql://')
  }
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('a `%` in it begins no escape')
  }
}

function verifiedTls(caCertificate: string | undefined): ConnectionOptions {
  const ca = caCertificate?.trim() ? caCertificate : undefined
  if (ca !== undefined && !isCertificate(ca)) {
    throw new InputError(
      'ca_certificate_invalid',
      'The CA certificate of the database is not one in PEM form.',
      'Give the text from `-----BEGIN CERTIFICATE-----` on, as the provider offers it for download.'
    )
  }
  return { ...(ca === undefined ? {} : { ca }), rejectUnauthorized: true }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== ''
  } catch {
    return false
  }
}

function invalid(problem: string): InputError {
  return new InputError(
    'database_url_invalid',
    `The connection string of the database cannot be used: ${problem}.`,
    'Write postgresql://user:password@host:port/database, with special characters of the password percent-encoded.'
  )
}
