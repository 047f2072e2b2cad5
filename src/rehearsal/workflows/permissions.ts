import { isMapping, isString } from '@actions/workflow-parser'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'

/** What a job token may do, by permission key; a key that is not there is not granted. */
export type Grant = Readonly<Record<string, 'read' | 'write'>>

/** What a token is granted where no workflow says anything. */
export const DEFAULT_GRANT: Grant = { contents: 'read', packages: 'read' }

const KEYS = [
  'actions',
  'attestations',
  'checks',
  'contents',
  'deployments',
  'discussions',
  'id-token',
  'issues',
  'models',
  'packages',
  'pages',
  'pull-requests',
  'repository-projects',
  'security-events',
  'statuses'
] as const

/** The grant that a `permissions:` states; undefined when it is not there. */
export function readGrant(token: TemplateToken | undefined): Grant | undefined {
  if (token === undefined) return undefined
  if (isString(token)) {
    const level = token.value === 'write-all' ? 'write' : 'read'
    return Object.fromEntries(KEYS.map(key => [key, level]))
  }
  if (!isMapping(token)) return undefined
  const entries = [...token].map(({ key, value }) => [String(key), String(value)] as const)
  return Object.fromEntries(entries.filter(([, level]) => level !== 'none')) as Grant
}

/** What is asked for beyond what is allowed, as GitHub words it; undefined when nothing is. */
export function excess(wanted: Grant, allowed: Grant): string | undefined {
  const beyond = Object.entries(wanted).filter(([key, level]) => !includes(allowed[key], level))
  if (beyond.length === 0) return undefined
  const asked = beyond.map(([key, level]) => `${key}: ${level}`).join(', ')
  const given = beyond.map(([key]) => `${key}: ${allowed[key] ?? 'none'}`).join(', ')
  return `is requesting '${asked}', but is only allowed '${given}'.`
}

function includes(allowed: 'read' | 'write' | undefined, wanted: 'read' | 'write'): boolean {
  return allowed === 'write' || allowed === wanted
}
