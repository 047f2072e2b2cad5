import { median } from './table.ts'

/** One run of one way. */
export interface Measured {
  readonly ms: number
  /** Requests to the API, by whoever sent them. */
  readonly requests: number
  /** The longest chain of them, in which each had to wait for the one before. */
  readonly sequential: number
}

const SET_BY_HAND = 'three `vercel env add`'
const SET = 'Rollgate: flags set and verified'
const BACK = 'Rollgate: red verdict to old deployment live'

/** The table and the targets, in Markdown. */
export function vercelText(taken: Readonly<Record<string, readonly Measured[]>>): string {
  const rows = Object.entries(taken).map(([name, all]) => [name, medianOf(all)] as const)
  const lines = rows.map(
    ([name, { ms, requests, sequential }]) =>
      `| ${name} | ${Math.round(ms).toLocaleString('en')} ms | ${requests} | ${sequential} |`
  )
  const head = ['| way | time | requests | one after the other |', '| --- | ---: | ---: | ---: |']
  const of = Object.fromEntries(rows)
  const ratio = (of[SET_BY_HAND]?.ms ?? Number.NaN) / (of[SET]?.ms ?? Number.NaN)
  const steps = of[BACK]?.sequential ?? Number.NaN
  const targets = [
    targetLine(
      ratio >= 5,
      'flags set and verified at least 5 × faster than three CLI calls',
      `${ratio.toFixed(1)} ×`
    ),
    targetLine(
      steps <= 3,
      'old deployment live after at most 3 requests one after the other',
      String(steps)
    )
  ]
  return `${[...head, ...lines].join('\n')}\n\n${targets.join('\n')}\n`
}

function targetLine(isMet: boolean, says: string, measured: string): string {
  return `- ${isMet ? 'met' : 'MISSED'}: ${says}; measured ${measured}`
}

function medianOf(all: readonly Measured[]): Measured {
  const of = (key: keyof Measured): number => median(all.map(one => one[key]))
  return { ms: of('ms'), requests: of('requests'), sequential: of('sequential') }
}
