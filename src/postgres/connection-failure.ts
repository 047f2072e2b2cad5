import { EvidenceError } from '../rollout/rollgate-error.ts'
import { isServerError } from './failure.ts'
import type { DatabaseTarget } from './target.ts'

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

/** Why no connection came about; none of its words comes from the connection string. */
export function connectionRefused(error: unknown, target: DatabaseTarget): EvidenceError {
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

/** A connection that stood, and broke. */
export function connectionBroke(error: unknown): EvidenceError {
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
