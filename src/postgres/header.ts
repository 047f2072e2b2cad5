/** One `--! key: value` line of a SQL file. */
export interface HeaderLine {
  readonly key: string
  readonly value: string
  readonly line: number
}

/** Consecutive header lines that describe one thing, and what is wrong with them. */
export interface HeaderGroup {
  /** Line of the opening key. */
  readonly line: number
  readonly values: Readonly<Record<string, string>>
}

interface HeaderShape {
  /** The key that begins a group. */
  readonly opening: string
  /** The other keys; every group has each exactly once. */
  readonly required: readonly string[]
}

/** What a header says, or every mistake in it as `file:line: …`. */
export interface Header {
  readonly groups: readonly HeaderGroup[]
  readonly problems: readonly string[]
}

const HEADER_LINE = /^--!\s*([a-z]+)\s*:\s*(\S.*?)\s*$/u

/** Reads the `--!` lines on top of a SQL file; psql and the server see comments. */
export function parseHeader(file: string, text: string, shape: HeaderShape): Header {
  const problems: string[] = []
  const report = (line: number, problem: string) => problems.push(`${file}:${line}: ${problem}`)
  const lines = headerLines(text, report)
  const groups = groupsOf(lines, shape, report)
  if (groups.length === 0) report(1, `the header has no \`--! ${shape.opening}: …\` line`)
  for (const group of groups) {
    for (const key of shape.required.filter(key => !Object.hasOwn(group.values, key))) {
      report(group.line, `\`--! ${key}: …\` is missing for ${group.values[shape.opening]}`)
    }
  }
  return { groups, problems }
}

type Report = (line: number, problem: string) => void

function headerLines(text: string, report: Report): readonly HeaderLine[] {
  const found: HeaderLine[] = []
  let inStatement = false
  for (const [index, raw] of text.split(/\r?\n/u).entries()) {
    const line = index + 1
    if (!raw.startsWith('--!')) {
      inStatement ||= raw.trim() !== '' && !raw.trimStart().startsWith('--')
    } else if (inStatement) {
      report(line, 'a header line stands inside the statement')
    } else {
      const [, key, value] = HEADER_LINE.exec(raw) ?? []
      if (key === undefined || value === undefined) report(line, 'not `--! key: value`')
      else found.push({ key, value, line })
    }
  }
  return found
}

function groupsOf(lines: readonly HeaderLine[], shape: HeaderShape, report: Report) {
  const groups: { line: number; values: Record<string, string> }[] = []
  for (const { key, value, line } of lines) {
    const group = groups.at(-1)
    if (key === shape.opening) groups.push({ line, values: { [key]: value } })
    else if (!shape.required.includes(key)) report(line, `unknown key \`${key}\``)
    else if (group === undefined) report(line, `\`${key}\` stands before \`--! ${shape.opening}\``)
    else if (Object.hasOwn(group.values, key)) report(line, `\`${key}\` is given twice`)
    else group.values[key] = value
  }
  return groups
}
