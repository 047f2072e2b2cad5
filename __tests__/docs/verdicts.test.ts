import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { firstBurst } from '../../src/verdict/burst.ts'
import { brokenOdds, steadyOdds } from '../../src/verdict/evidence.ts'
import { judgeProportion, type ProportionRule } from '../../src/verdict/proportion.ts'
import { meets } from '../../src/verdict/threshold.ts'
import { COMMAND, PROJECT } from '../bundle/program.ts'
import { binomial, FALSE_ALARMS, redProbability } from '../verdict/red-probability.ts'
import { look, manualReview, successRate } from '../verdict/reference.ts'
import { blocksIn, percentText, readPage, rowsUnder } from './page.ts'

const PAGE = readPage('verdicts.md')
const TIMEOUT_MS = 60_000
/** Far below what the page tells. */
const NEGLIGIBLE = 1e-12

test.each(
  blocksIn(PAGE, 'bash').map((block): [string, string] => [block.split('\n')[0] ?? '', block])
)(
  'a reader who types what the page says sees what it says: %s',
  async (_, block) => {
    const command = `rollgate() { "${process.execPath}" "${COMMAND}" "$@" || true; }\n${block}`
    const { stdout } = await promisify(execFile)('bash', ['-c', command])
    const expected = block.split('\n').filter(line => line.startsWith('# '))
    expect(stdout.trimEnd().split('\n')).toEqual(expected.map(line => line.slice(2)))
    expect(expected).not.toEqual([])
  },
  TIMEOUT_MS
)

test('every code of a finding stands on the page and among the codes, with its verdict', () => {
  const codes = readPage('troubleshooting.md')
  const unexplained = findingCodes().filter(
    code => !(PAGE.includes(`\`${code}\``) && codes.includes(`\n| \`${code}\` |`))
  )
  expect(findingCodes().length).toBeGreaterThan(20)
  expect(unexplained).toEqual([])
})

test('every rule that decides stands on the page', () => {
  const sources = ['decide.ts', 'decide-watch.ts'].map(file => source(`rollout/${file}`)).join('')
  const rules = [...sources.matchAll(/\brule(?: =|:) '([a-z-]+)'/gu)].map(([, rule]) => rule)
  expect(rules.length).toBeGreaterThan(12)
  expect(rules.filter(rule => !PAGE.includes(`\`${rule}\``))).toEqual([])
})

test('how long a share takes at 27 units a day is what the rules make of it', () => {
  const rows = rowsUnder(PAGE, 'Bad units').map(([bad, ...cells]) => [Number(bad), ...cells])
  const expected = [0, 1, 2, 3].map(bad => {
    const units = [successRate, manualReview].map(rule => unitsToPass(rule, bad))
    return [bad, ...units.flatMap(n => [String(n), `${Math.ceil((n / 27) * 24)} h`])]
  })
  expect(rows).toEqual(expected)
})

test(
  'how often a healthy service is rolled back is what the summation over all outcomes finds',
  () => {
    const expected = FALSE_ALARMS.map(([units, probability]) => [
      String(units),
      percentText(probability),
      percentText(bareProbability(units, 0.03))
    ])
    expect(rowsUnder(PAGE, 'Units an hour')).toEqual(expected)
    const shares = [redWithin48Hours(2, 0.02), bareProbability(2, 0.02)]
    const [rules, bare] = shares.map(share => percentText(share))
    expectOnPage(`at 2 units an hour and a true share of 98 %, ${rules} against ${bare}.`)
  },
  TIMEOUT_MS
)

test(
  'how often trouble is found is what the same summation finds',
  () => {
    const text = (share: number): string =>
      share > 0.9995 ? 'more than 99.9 %' : percentText(share, share > 0.99 ? 1 : 0)
    const expected = [0.1, 0.15, 0.2, 0.3].map(badShare => [
      percentText(1 - badShare, 0),
      ...[1, 2].map(units => text(redWithin48Hours(units, badShare)))
    ])
    expect(rowsUnder(PAGE, 'True share')).toEqual(expected)
  },
  TIMEOUT_MS
)

test('how often single errors look sustained is what the rule makes of random ones', () => {
  const expected = [0.1, 0.25].map(rate => [
    String(rate),
    ...[4, 3].map(enough => {
      const share = sustainedProbability(rate, enough)
      return percentText(share, share < 0.001 ? 2 : 1)
    })
  ])
  expect(rowsUnder(PAGE, 'Errors an hour')).toEqual(expected)
})

test('the formulas give the numbers beside them', () => {
  const [steady, broken] = [steadyOdds(0.03, 0.1), brokenOdds(0.03, 0.1)]
  expectOnPage(
    `a bad unit multiplies L1 by ${odds(steady.bad)}, a good one by ${odds(steady.good)}`
  )
  const { logE } = judgeProportion(look([[0, 3]], { ...successRate, horizonHours: 96 }))
  expectOnPage(
    `E = 0.6 · ${odds(3 * steady.bad)} + 0.4/96 · (${odds(3 * broken.bad, 0)} + 95) = ${odds(logE)}`
  )
  expectOnPage(`40 good ones make G = ${odds(judgeProportion(look([[40, 40]])).logG)}`)
})

test('a break that the whole phase hides, and an exact bound, are what the page says', () => {
  expectOnPage(`422 of 430 are ${percentText(422 / 430)}`)
  expect(meets(successRate.pass, 422, 430)).toBe(true)
  expectOnPage('970 of 1,000 meets `>= 97%`')
  expect(meets(successRate.pass, 970, 1000)).toBe(true)
})

test('the confidence sequence of the page is that of the code', () => {
  const [low, high] = judgeProportion(look([[97, 100]])).sequence
  expectOnPage(`For 97 good of 100 it is ${percentText(low)} to ${percentText(high)}`)
})

test('what red and pass need at the start of a phase is what the page says', () => {
  expectOnPage('0 good of 2 warns, 0 good of 3 rolls back')
  expect(verdictOf(0, 2)).toBe('warn')
  expect(verdictOf(0, 3)).toBe('red')
  expectOnPage('40 good of 40, 57 of 58, 73 of 75 or 97 of 100;')
  for (const [good, all] of [
    [40, 40],
    [57, 58],
    [73, 75],
    [97, 100]
  ] as const) {
    expect([verdictOf(good, all), verdictOf(good - 1, all - 1)]).toEqual([
      'pass',
      expect.not.stringMatching('pass')
    ])
  }
})

/** A failure that names the sentence and does not print the page. */
function expectOnPage(sentence: string): void {
  expect(PAGE.includes(sentence) ? sentence : 'not on the page').toBe(sentence)
}

function verdictOf(good: number, all: number): string {
  return judgeProportion(look([[good, all]])).verdict
}

/** Every code that `verdict/` can give a finding. */
function findingCodes(): readonly string[] {
  const files = readdirSync(path.join(PROJECT, 'src/verdict')).map(file =>
    source(`verdict/${file}`)
  )
  const literal = files.flatMap(text => [...text.matchAll(/\bcode: '([\w-]+)'/gu)])
  const [, union = ''] = /type RulingCode =([^/]*)/u.exec(files.join('\n')) ?? []
  const named = [...union.matchAll(/'([\w-]+)'/gu)]
  return [...new Set([...literal, ...named].map(([, code = '']) => code))]
}

function source(file: string): string {
  return readFileSync(path.join(PROJECT, 'src', file), 'utf8')
}

/** The fewest units that pass with so many bad ones among them. */
function unitsToPass(rule: ProportionRule, bad: number): number {
  const passes = (units: number): boolean =>
    judgeProportion({
      rule,
      counts: [{ hour: 0, hits: rule === successRate ? units - bad : bad, total: units }],
      nowHour: 0
    }).verdict === 'pass'
  let units = Math.max(bad, 1)
  while (!passes(units)) units += 1
  return units
}

/** Both bounds of the summation, which agree to what the page tells. */
function redWithin48Hours(unitsPerHour: number, badShare: number): number {
  const [low, high] = redProbability({ question: 'red', unitsPerHour, badShare, looks: 48 })
  return (low + high) / 2
}

/** That a share below 90 % is seen at one of 48 hourly looks, without a minimum. */
function bareProbability(unitsPerHour: number, badShare: number): number {
  const chances = binomial(unitsPerHour, badShare)
  let [states, red] = [new Map([[0, 1]]), 0]
  for (let hour = 1; hour <= 48; hour += 1) {
    const next = new Map<number, number>()
    for (const [before, mass] of states) {
      if (mass < NEGLIGIBLE) continue
      for (const [more, chance] of chances.entries()) {
        const [bad, all] = [before + more, unitsPerHour * hour]
        if ((all - bad) * 100 < 90 * all) red += mass * chance
        else next.set(bad, (next.get(bad) ?? 0) + mass * chance)
      }
    }
    states = next
  }
  return red
}

/** That errors which come singly, so many an hour, look sustained at one of 48 hours' buckets. */
function sustainedProbability(perHour: number, enough: number): number {
  const window = 12
  const rule = { run: 3, of: [enough, window] } as const
  const chance = 1 - Math.exp(-perHour / 12)
  let [states, sustained] = [new Map([[0, 1]]), 0]
  for (let bucket = 0; bucket < 48 * 12; bucket += 1) {
    const next = new Map<number, number>()
    for (const [before, mass] of states) {
      const clean = (before * 2) % 2 ** window
      next.set(clean, (next.get(clean) ?? 0) + mass * (1 - chance))
      const troubled = clean + 1
      if (firstBurst(rule, bucketsIn(troubled, window)) !== undefined) sustained += mass * chance
      else next.set(troubled, (next.get(troubled) ?? 0) + mass * chance)
    }
    states = next
  }
  return sustained
}

/** The buckets with an error, from a number whose lowest bit is the latest one. */
function bucketsIn(bits: number, window: number): readonly number[] {
  const buckets = Array.from({ length: window }, (_, bucket) => bucket)
  return buckets.filter(bucket => Math.floor(bits / 2 ** (window - 1 - bucket)) % 2 === 1)
}

function odds(log: number, decimals = 3): string {
  return Math.exp(log).toFixed(decimals)
}
