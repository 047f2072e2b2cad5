import { parseBound } from '../rollout/bound.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { judgeProportion, type ProportionFinding } from '../verdict/proportion.ts'
import { isFloor, type Threshold } from '../verdict/threshold.ts'

export interface JudgeRequest {
  /** `97%`, or with its operator: `>= 97%`. */
  readonly pass: string
  readonly red: string
  /** The longest the phase can last, in hours. */
  readonly hours: number
  readonly strictMinN: number
  /** One `good,all` row per hour since the phase start. */
  readonly text: string
}

/**
 * What the gate would say about hourly counts that somebody typed or exported.
 * @throws InputError naming every bad row and bound at once
 */
export function judgeCounts(request: JudgeRequest): ProportionFinding {
  const problems: string[] = []
  const pass = bound('--pass', request.pass, '>=', problems)
  const red = bound('--red', request.red, pass && !isFloor(pass) ? '>' : '<', problems)
  const rows = parseRows(request.text, problems)
  if (!Number.isInteger(request.hours) || request.hours < 1) {
    problems.push(`--hours "${request.hours}" is not a whole number of hours. Fix: --hours 48.`)
  }
  if (problems.length > 0 || pass === undefined || red === undefined) {
    throw new InputError(
      'judge_invalid',
      problems.join('\n'),
      'Example: printf "10,10\\n9,10\\n" | rollgate judge --pass 97% --red 90% --hours 48'
    )
  }
  return judgeProportion({
    rule: { pass, red, strictMinN: request.strictMinN, horizonHours: request.hours },
    counts: rows.map(([good, total], hour) => {
      return { hour, hits: isFloor(pass) ? good : total - good, total }
    }),
    nowHour: Math.max(0, rows.length - 1)
  })
}

function bound(
  option: string,
  text: string,
  operator: Threshold['operator'],
  problems: string[]
): Threshold | undefined {
  const parsed = parseBound(/^\d/u.test(text) ? `${operator} ${text}` : text)
  if (parsed === undefined) {
    problems.push(`${option} "${text}" is not a bound on a share. Fix: ${option} 97%.`)
  }
  return parsed
}

function parseRows(text: string, problems: string[]): readonly (readonly [number, number])[] {
  return text.split(/\r?\n/u).flatMap((line, i) => {
    const row = line.trim()
    if (row === '' || (i === 0 && /^good\s*,\s*all$/u.test(row))) return []
    const [, good, all] = /^(\d{1,15})\s*,\s*(\d{1,15})$/u.exec(row) ?? []
    if (good === undefined || Number(good) > Number(all)) {
      const fix = 'write good,all with 0 <= good <= all'
      problems.push(`line ${i + 1} "${row.slice(0, 40)}" is not a row. Fix: ${fix}.`)
      return []
    }
    return [[Number(good), Number(all)] as const]
  })
}
