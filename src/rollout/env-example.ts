/**
 * An example of an environment file with these values in it. Only values change: comments, order, quotes,
 * spaces and line ends stay as they are, and what is missing is added at the end.
 */
export function setEnvExample(text: string, flags: Readonly<Record<string, string>>): string {
  const found = new Set<string>()
  const changed = text.replace(ASSIGNMENT, (whole, head: string, name: string, value: string) => {
    const wanted = Object.hasOwn(flags, name) ? flags[name] : undefined
    if (wanted === undefined) return whole
    found.add(name)
    return unquoted(value) === wanted ? whole : `${head}${quotedLike(value, wanted)}`
  })
  const missing = Object.entries(flags).filter(([name]) => !found.has(name))
  return missing.length === 0 ? changed : append(changed, missing)
}

/** The spaces before a comment belong to the comment. */
const HEAD = /^([ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=(?:[ \t]*(?=[^\s#]))?)/u
/** May go over several lines; nothing but a comment follows. */
const QUOTED = /(?:"(?:\\[\s\S]|[^"\\])*"|'[^']*'|`[^`]*`)(?=[ \t]*(?:#.*)?$)/u
/** Ends at the end of its line or before a comment. */
const BARE = /(?:[^\s#]|[ \t]+[^\s#]|(?<=\S)#)*/u

const ASSIGNMENT = new RegExp(`${HEAD.source}(${QUOTED.source}|${BARE.source})`, 'gmu')

function unquoted(value: string): string {
  return isQuoted(value) ? value.slice(1, -1) : value
}

function isQuoted(value: string): boolean {
  return /^(["'`])[\s\S]*\1$/u.test(value) && value.length > 1
}

const PLAIN = /^[\w.,:/@%+-]*$/u

/** In the quotes that were there, as long as they can hold it. */
function quotedLike(before: string, wanted: string): string {
  const [quote = ''] = isQuoted(before) ? before : ''
  const fitting = [quote, '', "'", '"', '`'].find(candidate => holds(candidate, wanted)) ?? "'"
  return `${fitting}${wanted}${fitting}`
}

function holds(quote: string, text: string): boolean {
  if (quote === '') return PLAIN.test(text)
  return !(text.includes(quote) || (quote === '"' && /[\\$\n]/u.test(text)))
}

function append(text: string, flags: readonly (readonly [string, string])[]): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const ended = text === '' || text.endsWith('\n') ? text : `${text}${end}`
  return ended + flags.map(([name, value]) => `${name}=${quotedLike('', value)}${end}`).join('')
}
