import { WAY_NAMES, type WayName } from './ways.ts'

/** Milliseconds of every way, by the index that was there. */
export type Medians = Readonly<Record<string, Readonly<Record<WayName, number>>>>

/** One promise of the project, as a sentence with its numbers. */
interface Target {
  readonly says: string
  readonly ratio: number
  readonly kept: boolean
}

/** The table and the targets, in Markdown. */
export function resultText(medians: Medians): string {
  const header = ['index', ...WAY_NAMES, "runbook's way : look", 'look : floor', 'look : both']
  const rows = Object.entries(medians).map(([name, ms]) => [
    name,
    ...WAY_NAMES.map(way => inMs(ms[way])),
    times(ms["runbook's way"] / ms['judged look']),
    times(ms['judged look'] / ms.floor),
    times(ms['judged look'] / ms['floor, both sources'])
  ])
  const lines = [header, header.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
  const table = lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
  const targets = targetsOf(medians).map(
    ({ says, ratio, kept }) => `- ${kept ? 'met' : 'MISSED'}: ${says}; measured ${times(ratio)}`
  )
  return `${table}\n\n${targets.join('\n')}\n`
}

function targetsOf(medians: Medians): readonly Target[] {
  const { none, '(source, created_at)': best } = medians
  if (none === undefined || best === undefined) return []
  const look = best['judged look']
  return [
    atMost('recommended index: a look takes at most 2.5 × the floor', look / best.floor, 2.5),
    atMost(
      'recommended index: a look takes at most 2.5 × the floor of both sources it judges',
      look / best['floor, both sources'],
      2.5
    ),
    atLeast(
      "recommended index: at least 4 × faster than the runbook's way",
      best["runbook's way"] / look,
      4
    ),
    atLeast(
      "no index: at least 6 × faster than the runbook's way",
      none["runbook's way"] / none['judged look'],
      6
    )
  ]
}

const atMost = (says: string, ratio: number, bound: number): Target => ({
  says,
  ratio,
  kept: ratio <= bound
})
const atLeast = (says: string, ratio: number, bound: number): Target => ({
  says,
  ratio,
  kept: ratio >= bound
})

function inMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`
}

function times(ratio: number): string {
  return `${ratio.toFixed(1)} ×`
}

/** The middle one; the mean of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  return (upper + lower) / 2
}
