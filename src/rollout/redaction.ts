import { PHONE_NUMBERS } from './phone.ts'
import { isRandom } from './random-text.ts'

interface Rule {
  /** Without groups of its own. */
  readonly pattern: RegExp
  readonly replace: (found: string) => string
}

const as = (kind: string) => (): string => `[${kind}]`
const stays = (found: string): string => found
/** What tells that a secret follows may stay in front of it. */
const after = (lead: RegExp, kind: string) => (found: string) =>
  `${lead.exec(found)?.[0] ?? ''}[${kind}]`

const SECRET_NAME =
  /(?:passw(?:or)?d|passphrase|passcode|\bpwd|secret(?:[_-]?(?:access[_-]?)?key)?|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|(?:private|signing|encryption|anon)[_-]?key|service[_-]?role(?:[_-]?key)?|authorization|credentials?|[?&](?:key|sig|signature|code))\\{0,3}["']?\s{0,4}[:=]\s{0,4}(?:(?:bearer|basic|token)\s{1,4})?/iu
/** A value without a closing quote goes to the end. */
const SECRET_VALUE =
  /(?!null\b|true\b|false\b)(?:\\{1,3}"[^"\\]*(?:\\{1,3}")?|"(?:[^"\\]|\\[\s\S])*"?|'[^'\r\n]*'?|[^\s,;"'&{}[\]][^\s,;"'&}\]]*)/u
const COOKIE_NAME = /\bcookie\\{0,3}["']?\s{0,4}[:=]\s{0,4}["']?/iu
const BEARER = /\bbearer\s{1,4}/iu

/**
 * In order of precedence at a place. A rule either looks no further than a bound, or begins only where
 * what it looks at begins (a look behind for the same characters), or cannot fail once it has begun:
 * so the work grows with the text and not with its square.
 */
const RULES: readonly Rule[] = [
  // To the end of the text when it is never closed.
  {
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}-----|$)/u,
    replace: as('secret')
  },
  // Connection strings, and URLs that are as good as a password.
  {
    pattern:
      /\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|amqp|clickhouse|sqlserver|mssql)s?:\/\/[^\s"'<>]+/u,
    replace: as('url')
  },
  {
    pattern: /\bhttps:\/\/(?:hooks\.slack\.com|discord(?:app)?\.com\/api\/webhooks)\/[^\s"'<>]+/u,
    replace: as('url')
  },
  {
    pattern: /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/@:"'<>]{0,200}:[^\s/"'<>]{0,200}@[^\s"'<>]*/u,
    replace: as('url')
  },
  // What is named a secret.
  {
    pattern: new RegExp(`${COOKIE_NAME.source}[^\\r\\n"']+`, 'u'),
    replace: after(COOKIE_NAME, 'secret')
  },
  {
    pattern: new RegExp(SECRET_NAME.source + SECRET_VALUE.source, 'u'),
    replace: after(SECRET_NAME, 'secret')
  },
  {
    pattern: new RegExp(`${BEARER.source}(?=[\\w.~+/=-]{0,40}[\\d._])[\\w.~+/=-]{8,}`, 'u'),
    replace: after(BEARER, 'token')
  },
  {
    pattern:
      /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+(?:@|%40)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/u,
    replace: as('email')
  },
  // Tokens by how they begin.
  { pattern: /\beyJ[\w-]{8,}(?:\.[\w-]*)*/u, replace: as('token') },
  {
    pattern:
      /\b(?:gh[a-z]_|github_pat_|glpat-|sk[-_]|[rp]k_(?:live|test)_|whsec_|sbp_|sb_(?:secret|publishable)_|vc[a-z]_|vercel_blob_rw_|xox[a-z]-|xapp-|npm_|hf_|shp[a-z]{2}_|dop_v1_|nfp_|lin_api_|pscale_(?:tkn|pw|oauth)_|sntry[su]_|dckr_pat_|AIza|ya29\.|SG\.)(?=[\w.-]{0,40}\d)[\w.-]{12,}/u,
    replace: as('token')
  },
  { pattern: /\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{12,}\b/u, replace: as('token') },
  { pattern: /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/u, replace: stays },
  // What says what it is of, as `dpl_…` or `cus_…`, names a thing and opens none.
  { pattern: /\b[a-z]{2,6}_[a-z0-9]{14,30}\b/u, replace: stays },
  {
    pattern: /(?<![\w/+-])[\w/+-]{24,}={0,2}/u,
    replace: found => (isRandom(found) ? '[token]' : withoutPhones(found))
  },
  // Instants, dates, addresses of machines, numbers in JSON, and numbers that are said to be ids.
  {
    pattern:
      /\b\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?/u,
    replace: stays
  },
  {
    pattern: /\b\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)(?![\w-]|[./]\d)/u,
    replace: stays
  },
  { pattern: /\b\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)/u, replace: stays },
  {
    pattern: /(?<="\s{0,4}:\s{0,4})-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?(?=\s{0,4}[,}\]])/u,
    replace: stays
  },
  {
    pattern: /(?<!pa|sa|vo|val|andro|gr|\b[bd])ids?["']?\s{0,2}[:=#]\s{0,2}["']?\d+/u,
    replace: stays
  },
  { pattern: /(?<![\w.-])\d{4}(?:[ -]\d{4}){3}(?![\w-])/u, replace: as('card') },
  ...PHONE_NUMBERS.map(pattern => ({ pattern, replace: as('phone') }))
]

const SCANNER = new RegExp(RULES.map(({ pattern }) => `(${pattern.source})`).join('|'), 'giu')
const PHONES = new RegExp(PHONE_NUMBERS.map(({ source }) => source).join('|'), 'gu')

/**
 * Replaces what identifies a person or opens a door by its kind, as `[email]`. It sees text, not
 * meaning: names and addresses pass, so queries should not select them in the first place.
 */
export function redact(text: string): string {
  return text.replace(SCANNER, (found: string, ...rest: readonly (string | undefined)[]) => {
    const rule = RULES[rest.findIndex(group => group !== undefined)]
    return rule === undefined ? found : rule.replace(found)
  })
}

function withoutPhones(text: string): string {
  return text.replace(PHONES, '[phone]')
}
