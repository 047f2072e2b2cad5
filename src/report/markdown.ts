import { countText } from '../verdict/wording.ts'

/** GitHub-flavoured Markdown that is safe to put anywhere on one line; a plain string is not. */
export interface Markup {
  readonly markdown: string
}

/** Plain strings and numbers are data and are escaped wherever they are used; only `Markup` goes in as it is. */
export type Text = string | number | Markup

/** What a table shows where there is nothing to show. */
export const NOTHING = '–'

const LONGEST_TEXT = 1000
const PLAIN_CODE = /^[\w.+/#@=](?:[\w.+:/#@=, -]*[\w.+:/#@=])?$/u
// Controls, and the marks that turn the direction of the text around them (Trojan Source).
const INVISIBLE = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu
const LONE_SURROGATE = /\p{Surrogate}/gu

/**
 * Data as one line of Markdown that shows exactly it: no table cell, HTML, link, formula, workflow
 * command or expression can come of it, and no more than 1,000 characters.
 */
export function escapeMarkdown(text: string): string {
  return (
    clip(oneLine(text))
      .replace(/[\\*~[\]]/gu, '\\$&')
      .replace(/&(?=[#\w])/gu, '&amp;')
      // "< 5%" begins no tag; whoever reads the source of a table should not meet entities in it.
      .replace(/<(?![ =\d])/gu, '&lt;')
      .replaceAll('|', '&#124;')
      .replaceAll('`', '&#96;')
      .replaceAll('$', '&#36;')
      .replace(/_+/gu, escapeUnderscores)
      .replaceAll('::', ':&#58;')
      .replaceAll('{{', '{&#123;')
      .replace(/^[#+=>-]/u, '\\$&')
      .replace(/^(\d+)([.)])(?=\s|$)/u, '$1\\$2')
  )
}

/** Markdown with every interpolated string escaped. */
export function md(parts: TemplateStringsArray, ...values: readonly Text[]): Markup {
  const rest = values.map((value, index) => `${markdownOf(value)}${parts[index + 1] ?? ''}`)
  return { markdown: `${parts[0] ?? ''}${rest.join('')}` }
}

/** Text in the type of code. */
export function code(text: string): Markup {
  return PLAIN_CODE.test(text) && !text.includes('::') && text.length <= LONGEST_TEXT
    ? { markdown: `\`${text}\`` }
    : { markdown: `<code>${escapeMarkdown(text)}</code>` }
}

/** A link; the bare label when the address is none that a browser should be sent to. */
export function link(label: string, address: string): Markup {
  const safe = /^(?:https?:\/\/)?\w[\w.%~+@/?=-]*$/u.test(address)
  return safe ? { markdown: `[${escapeMarkdown(label)}](${address})` } : md`${label}`
}

/** A table with exactly as many cells in every row as it has columns. */
export function table(columns: readonly string[], rows: readonly (readonly Text[])[]): string {
  const body = rows.map(row => line(columns.map((_, index) => row[index] ?? NOTHING)))
  return [line(columns), line(columns.map(() => md`---`)), ...body].join('\n')
}

/** One item per line. */
export function list(items: readonly Text[]): string {
  return items.map(item => `- ${markdownOf(item)}`).join('\n')
}

/** A block that is folded away until somebody opens it; `body` is Markdown. */
export function details(title: string, body: string): string {
  return `<details><summary>${escapeMarkdown(title)}</summary>\n\n${body}\n\n</details>`
}

function line(cells: readonly Text[]): string {
  return `| ${cells.map(markdownOf).join(' | ')} |`
}

function markdownOf(text: Text): string {
  return typeof text === 'object' ? text.markdown : escapeMarkdown(String(text))
}

function oneLine(text: string): string {
  return text.replace(LONE_SURROGATE, '\ufffd').replace(INVISIBLE, ' ').replace(/\s+/gu, ' ').trim()
}

function clip(text: string): string {
  const characters = [...text]
  const surplus = characters.length - LONGEST_TEXT
  return surplus <= 0
    ? text
    : `${characters.slice(0, LONGEST_TEXT).join('')}… (${countText(surplus)} more characters)`
}

/** Inside a word an underscore means nothing to Markdown, and names of flags stay readable. */
function escapeUnderscores(run: string, at: number, text: string): string {
  const inWord = isWordly(text[at - 1]) && isWordly(text[at + run.length])
  return inWord ? run : run.replaceAll('_', '\\_')
}

function isWordly(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}
