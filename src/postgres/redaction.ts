/**
 * Left as they are; tried before the others, so that a digit group inside an instant or a UUID is
 * not taken for a telephone number.
 */
const KEPT = [
  /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/u,
  /\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?/u,
  // A JSON number.
  /(?<="\s*:\s*)-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?=\s*[,}\]])/u
]

const SECRETS: readonly (readonly [string, RegExp])[] = [
  ['url', /\b[a-z][a-z0-9+.-]*:\/\/[^\s/@"']*:[^\s/"']*@[^\s"'<>]*/u],
  ['url', /\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqp)s?:\/\/[^\s"'<>]+/u],
  ['email', /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/u],
  [
    'secret',
    /(?<=["']?\b(?:password|passwd|pwd|secret|token|api[_-]?key|authorization)\b["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|(?:bearer\s+)?[^\s,;"'}]+)/u
  ],
  ['token', /\beyJ[\w-]{8,}(?:\.[\w-]*)*/u],
  ['token', /\b(?:gh[a-z]_|github_pat_|sk[-_]|sbp_|xox[a-z]-)[\w-]{12,}/u],
  // Long, with letters and digits mixed: nobody's word.
  ['token', /(?<![\w/+-])(?=[\w/+-]*\d)(?=[\w/+-]*\p{L})[\w/+-]{32,}={0,2}/u],
  ['phone', /(?<![\w.+])\+\d(?:[\s().-]{0,2}\d){7,14}(?![\w])/u],
  ['phone', /(?<![\w.-])\(?\d{2,4}\)?(?:[\s.-]\d{2,4}){2,4}(?![\w.-])/u],
  // Ten digits and more in running text; a cell that is a number is not text.
  ['phone', /(?<![\w.-])\d{10,15}(?![\w.-])/u]
]

const NUMBER = /^\s*[+-]?\d*\.?\d+(?:e[+-]?\d+)?\s*$/iu
const SCANNER = new RegExp(
  [
    ...KEPT.map(rule => `(?:${rule.source})`),
    ...SECRETS.map(([, rule]) => `(${rule.source})`)
  ].join('|'),
  'giu'
)

/**
 * Replaces what identifies a person or opens a door by its kind, as `[email]`. It sees text, not
 * meaning: names and addresses pass, so queries should not select them in the first place.
 */
export function redact(text: string): string {
  if (NUMBER.test(text)) return text
  return text.replace(SCANNER, (found: string, ...rest: readonly (string | undefined)[]) => {
    const kind = SECRETS[rest.slice(0, SECRETS.length).findIndex(group => group !== undefined)]?.[0]
    return kind === undefined ? found : `[${kind}]`
  })
}
