import { code, type Markup, md } from './markdown.ts'

/** The value of a flag; null is a flag that is absent, undefined one that nobody has read. */
export function flagText(value: string | null | undefined): Markup {
  if (value === undefined) return md`not read`
  if (value === null) return md`absent`
  // Without the quotes, an empty value and one that ends with a space would not be seen.
  return code(value === value.trim() && value !== '' ? value : JSON.stringify(value))
}

/** Every flag with its value, one below the other, by name. */
export function flagsText(flags: Readonly<Record<string, string>>): Markup {
  const parts = Object.keys(flags)
    .sort()
    .map(flag => md`${code(flag)} ${flagText(flags[flag])}`)
  return { markdown: parts.map(({ markdown }) => markdown).join('<br>') }
}
