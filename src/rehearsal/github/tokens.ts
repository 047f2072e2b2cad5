/** How far a permission goes; `write` includes `read`. */
export type Access = 'read' | 'write'

/** What a token may do, and for whom. */
export interface TokenGrant {
  /** By the keys of a workflow's `permissions:`, and nothing else; `admin` may do everything, as its owner's own token. */
  readonly permissions: Readonly<Record<string, Access>> | 'admin'
  /** The login that its writes are seen under; a job's token is `github-actions[bot]`. */
  readonly actor: string
  /** The run whose job holds it. */
  readonly run?: { readonly id: number; readonly attempt: number }
}

/** Every token there is. */
export interface TokenTable {
  issue(grant: TokenGrant): string
  /** What the holder of an `authorization` header may do; undefined for strangers. */
  grantOf(authorization: string | undefined): TokenGrant | undefined
}

/** No tokens yet. They are made up in order, the same in every run of a test. */
export function createTokenTable(): TokenTable {
  const grants = new Map<string, TokenGrant>()
  return {
    issue: grant => {
      const prefix = grant.permissions === 'admin' ? 'gho' : 'ghs'
      const token = `${prefix}_${String(grants.size + 1).padStart(36, 'x')}`
      grants.set(token, grant)
      return token
    },
    grantOf: authorization => grants.get(authorization?.replace(/^(?:bearer|token) /iu, '') ?? '')
  }
}

/** Whether a grant covers a need written as `contents:write`. Everybody may read metadata. */
export function covers({ permissions }: TokenGrant, need: Need): boolean {
  if (permissions === 'admin' || need === 'metadata:read') return true
  const [key = '', access] = need.split(':')
  const granted = permissions[key]
  return granted === 'write' || (granted === 'read' && access === 'read')
}

/** A permission as a route needs it: `contents:write`. */
export type Need = `${string}:${Access}`
