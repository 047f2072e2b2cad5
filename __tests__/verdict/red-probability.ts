import { brokenOdds, logRatio, steadyOdds } from '../../src/verdict/evidence.ts'
import { successRate } from './reference.ts'

/** `alarm`: E ≥ 20 or the written rule; `red`: the verdict, which also asks who dominates E. */
export type Question = 'alarm' | 'red'

export interface Service {
  readonly question: Question
  readonly unitsPerHour: number
  readonly badShare: number
  /** Hourly looks, the first at the end of the first hour; the phase can last 48 hours. */
  readonly looks: number
}

export const HOURS = 48

/** Units an hour, and how often a service of exactly 97 % is red at one of the 48 looks. */
export const FALSE_ALARMS: [unitsPerHour: number, probability: number][] = [
  [2, 0.0136],
  [10, 0.0072],
  [50, 0.0039]
]

// Jest looks a global up in its own world each time, which is what the inner loops would wait for.
const { ceil, exp, floor, log1p, max, min } = Math

const LIMIT = 20
const STEADY = steadyOdds(0.03, 0.1)
const BROKEN = brokenOdds(0.03, 0.1)

/** ln M lies on this grid: above the highest cell E is beyond 20, below the lowest M is next to nothing. */
const GRID = 0.02
const LOWEST = -12
const HIGHEST = 16
const CELLS = ceil((HIGHEST - LOWEST) / GRID) + 1
/** A state that is rarer is given up: it counts as red in the upper bound and as nothing in the lower. */
const NEGLIGIBLE = 1e-12

/**
 * Two bounds on the probability of at least one red (or alarm) among the looks, by summation over all
 * that can happen. E depends on the number of bad units so far and on M = Σ L2 over the hours begun,
 * and M' = (M + 1)·r with r the ratio of the hour's units, so that the two make a Markov chain. It is
 * run with M rounded up and with M rounded down: every other number in it is exact.
 */
export function redProbability(service: Service): readonly [number, number] {
  return [run(service, 'down'), run(service, 'up')]
}

/**
 * E at the end of an hour, from the two numbers that a state consists of. The hours not begun yet
 * count as 1 each.
 */
export function evidence({ hour, all, bad }: Place, sum: number): number {
  return 0.6 * steadyRatio(all, bad) + BROKEN_SHARE * (sum + HOURS - 1 - hour)
}

/** M at the end of an hour, from M at its start. */
export function carried(sum: number, good: number, bad: number): number {
  return (sum + 1) * exp(logRatio(BROKEN, { good, all: good + bad }))
}

const BROKEN_SHARE = 0.4 / HOURS

type Rounding = 'up' | 'down'

interface Place {
  readonly hour: number
  readonly all: number
  readonly bad: number
}

interface Chain extends Service {
  readonly rounding: Rounding
  readonly outcomes: readonly Outcome[]
  /** The chance of an outcome that is not listed. */
  readonly rest: number
}

/** What an hour can bring. */
interface Outcome {
  readonly bad: number
  readonly chance: number
  /** ln r. */
  readonly ratio: number
}

function run(service: Service, rounding: Rounding): number {
  const chain: Chain = { ...service, rounding, ...outcomesOf(service) }
  let states = [Float64Array.of(1)]
  let red = 0
  for (let hour = 0; hour < service.looks; hour += 1) {
    const next = step(chain, states, hour)
    states = next.states
    red += next.red
  }
  return red
}

function outcomesOf({ unitsPerHour, badShare }: Service): Pick<Chain, 'outcomes' | 'rest'> {
  const outcomes = binomial(unitsPerHour, badShare)
    .map((chance, bad) => {
      const ratio = logRatio(BROKEN, { good: unitsPerHour - bad, all: unitsPerHour })
      return { bad, chance, ratio }
    })
    .filter(({ chance }) => chance >= NEGLIGIBLE)
  const listed = outcomes.reduce((sum, { chance }) => sum + chance, 0)
  return { outcomes, rest: max(1 - listed, 0) }
}

interface Step {
  readonly states: Float64Array<ArrayBuffer>[]
  readonly red: number
}

/** A state is a row, the bad units so far, and a cell, ln M. The rows hold up to one bad unit in four. */
function step(chain: Chain, states: readonly Float64Array[], hour: number): Step {
  const all = chain.unitsPerHour * (hour + 1)
  const rows = min(all, floor(all / 4) + 8) + 1
  const limits = Array.from({ length: rows }, (_, bad) => firstRed(chain, { hour, all, bad }))
  const next = limits.map(() => new Float64Array(CELLS))
  let [red, lost] = [0, 0]
  for (const [bad, cells] of states.entries()) {
    for (let cell = 0; cell < cells.length; cell += 1) {
      const mass = cells[cell] ?? 0
      if (mass >= NEGLIGIBLE) {
        const moved = spread({ chain, next, limits, bad, mass, grown: grownBy(chain, hour, cell) })
        red += moved.red
        lost += moved.lost + mass * chain.rest
      } else {
        lost += mass
      }
    }
  }
  return { states: next, red: chain.rounding === 'up' ? red + lost : red }
}

interface Spread {
  readonly chain: Chain
  readonly next: readonly Float64Array[]
  readonly limits: readonly number[]
  readonly bad: number
  readonly mass: number
  /** ln(M + 1) before the hour's units. */
  readonly grown: number
}

/** Moves the mass of one state to where the hour's outcomes lead. */
function spread({ chain, next, limits, bad, mass, grown }: Spread): { red: number; lost: number } {
  const round = chain.rounding === 'up' ? ceil : floor
  let [red, lost] = [0, 0]
  for (const outcome of chain.outcomes) {
    const cell = max(round((grown + outcome.ratio - LOWEST) / GRID), 0)
    const index = min(cell, CELLS - 1)
    const row = next[bad + outcome.bad]
    if (row === undefined) {
      lost += mass * outcome.chance
    } else if (index >= (limits[bad + outcome.bad] ?? 0)) {
      red += mass * outcome.chance
    } else {
      row[index] = (row[index] ?? 0) + mass * outcome.chance
    }
  }
  return { red, lost }
}

function grownBy({ rounding }: Chain, hour: number, cell: number): number {
  const nothing = hour === 0 || (rounding === 'down' && cell === 0)
  return nothing ? 0 : log1p(sumAt(cell))
}

function sumAt(cell: number): number {
  return exp(LOWEST + cell * GRID)
}

/** The lowest cell in which the state is red. */
function firstRed(chain: Chain, place: Place): number {
  const { all, bad } = place
  const beyond = (all - bad) * 100 < 90 * all
  if (beyond && all >= successRate.strictMinN) return 0
  const asked = beyond || chain.question === 'alarm'
  return firstCell(
    sum => evidence(place, sum) >= LIMIT && (asked || isBroken(chain.rounding, place, sum))
  )
}

/**
 * Whether a break dominates E where the whole phase is not beyond red. A break that dominates an E of 20
 * is itself beyond red. M is the sum of all breaks, so the largest lies between M and the mean.
 */
function isBroken(rounding: Rounding, { hour, all, bad }: Place, sum: number): boolean {
  const whole = 0.6 * steadyRatio(all, bad)
  return rounding === 'up' ? BROKEN_SHARE * sum >= whole : (BROKEN_SHARE * sum) / (hour + 1) > whole
}

/** Bisects: whatever holds for a sum holds for every larger one. */
function firstCell(holds: (sum: number) => boolean): number {
  let [fails, held] = [-1, CELLS]
  while (held - fails > 1) {
    const middle = floor((fails + held) / 2)
    if (holds(sumAt(middle))) held = middle
    else fails = middle
  }
  return held
}

function steadyRatio(all: number, bad: number): number {
  return exp(logRatio(STEADY, { good: all - bad, all }))
}

/** The chances of 0 to n bad units of n. */
export function binomial(n: number, p: number): readonly number[] {
  const chances = [(1 - p) ** n]
  for (let k = 1; k <= n; k += 1) {
    chances.push(((chances[k - 1] ?? 0) * (n - k + 1) * p) / (k * (1 - p)))
  }
  return chances
}
