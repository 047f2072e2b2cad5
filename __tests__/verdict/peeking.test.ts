import { expect, test } from '@jest/globals'
import { brokenOdds, logRatio, steadyOdds } from '../../src/verdict/evidence.ts'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import { look, successRate } from './reference.ts'

const HOURS = 48
const TRUE_BAD_SHARE = 0.03
const LIMIT = 20
const STEADY = steadyOdds(0.03, 0.1)
const BROKEN = brokenOdds(0.03, 0.1)

/** ln of Σ L2 is rounded up to this grid each hour, which can only make red more likely. */
const GRID = 0.02
const LOWEST = -12
const CELLS = Math.ceil((Math.log((LIMIT * HOURS) / 0.4) - LOWEST) / GRID) + 1
/** Rarer states and outcomes are counted as red at once. */
const NEGLIGIBLE = 1e-10

const TIMEOUT_MS = 60_000

test.each([2, 10, 50])(
  'at %d units/h, 48 hourly looks roll a 97 %% service back with probability of at most 5 %%',
  unitsPerHour => {
    const bound = probabilityOfRed(unitsPerHour)
    expect(bound).toBeLessThanOrEqual(0.05)
    expect(bound).toBeGreaterThan(0.001)
  },
  TIMEOUT_MS
)

test('the sum over all starts may be carried from hour to hour', () => {
  const hours = [10, 9, 10, 7, 10, 8].map(good => [good, 10] as const)
  let [sum, bad] = [0, 0]
  for (const [hour, [good, all]] of hours.entries()) {
    sum = (sum + 1) * Math.exp(logRatio(BROKEN, { good, all }))
    bad += all - good
    const { logE } = judgeProportion(look(hours.slice(0, hour + 1)))
    expect(evidence(hour, 10 * (hour + 1), bad, sum)).toBeCloseTo(Math.exp(logE), 9)
  }
})

/**
 * An upper bound, by exact summation over the number of bad units and Σ L2, of the probability that
 * E reaches 20 or the written rule fires at any of 48 hourly looks.
 */
function probabilityOfRed(unitsPerHour: number): number {
  const outcomes = binomial(unitsPerHour, TRUE_BAD_SHARE)
  let states = [Float64Array.of(1)]
  let red = 0
  for (let hour = 0; hour < HOURS; hour += 1) {
    const next = step(states, outcomes, hour)
    states = next.states
    red += next.red
  }
  return red
}

interface Step {
  readonly states: Float64Array<ArrayBuffer>[]
  readonly red: number
}

/** States are cells of ln Σ L2 per number of bad units; before the first hour there is one, with Σ L2 = 0. */
function step(states: readonly Float64Array[], outcomes: readonly number[], hour: number): Step {
  const units = outcomes.length - 1
  const all = units * (hour + 1)
  const red = Array.from({ length: Math.floor(all / 4) + 2 }, (_, bad) => firstRed(hour, all, bad))
  const next = red.map(() => new Float64Array(CELLS))
  let lost = 0
  for (const [bad, cells] of states.entries()) {
    for (let cell = 0; cell < cells.length; cell += 1) {
      const mass = cells[cell] ?? 0
      if (mass >= NEGLIGIBLE) {
        lost += spread({ next, red, outcomes, bad, mass, grown: grownBy(hour, cell) })
      } else {
        lost += mass
      }
    }
  }
  return { states: next, red: lost }
}

interface Spread {
  readonly next: readonly Float64Array[]
  readonly red: readonly number[]
  readonly outcomes: readonly number[]
  readonly bad: number
  readonly mass: number
  /** ln(Σ L2 + 1) before the hour's units. */
  readonly grown: number
}

/** Moves the mass of one state to where the hour's outcomes lead; returns what became red. */
function spread({ next, red, outcomes, bad, mass, grown }: Spread): number {
  const units = outcomes.length - 1
  let lost = 0
  for (let more = 0; more <= units; more += 1) {
    const moved = mass * (outcomes[more] ?? 0)
    if (moved < NEGLIGIBLE * mass) {
      // Each further outcome is less than half as likely as the one before.
      return lost + 2 * moved
    }
    const ratio = (units - more) * BROKEN.good + more * BROKEN.bad
    const cell = Math.ceil((grown + ratio - LOWEST) / GRID)
    const row = next[bad + more]
    if (row === undefined || cell >= (red[bad + more] ?? 0)) {
      lost += moved
    } else {
      row[cell] = (row[cell] ?? 0) + moved
    }
  }
  return lost
}

function grownBy(hour: number, cell: number): number {
  return hour === 0 ? 0 : Math.log1p(Math.exp(LOWEST + cell * GRID))
}

/** The lowest cell of ln Σ L2 at which this many bad units are red. */
function firstRed(hour: number, all: number, bad: number): number {
  const byRule = all >= successRate.strictMinN && (all - bad) * 100 < 90 * all
  for (let cell = 0; cell < CELLS && !byRule; cell += 1) {
    if (evidence(hour, all, bad, Math.exp(LOWEST + cell * GRID)) >= LIMIT) {
      return cell
    }
  }
  return byRule ? 0 : CELLS
}

function evidence(hour: number, all: number, bad: number, sum: number): number {
  const steady = Math.exp(logRatio(STEADY, { good: all - bad, all }))
  return 0.6 * steady + (0.4 / HOURS) * (sum + HOURS - 1 - hour)
}

function binomial(n: number, p: number): readonly number[] {
  const chances = [(1 - p) ** n]
  for (let k = 1; k <= n; k += 1) {
    chances.push(((chances[k - 1] ?? 0) * (n - k + 1) * p) / (k * (1 - p)))
  }
  return chances
}
