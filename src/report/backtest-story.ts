import { criteriaOf, type ImaginaryPhase, type Outcome, type Walk } from '../rollout/backtest.ts'
import type { Criterion } from '../rollout/definition.ts'
import type { Judgement } from '../rollout/events.ts'
import type { Verdict } from '../verdict/verdict.ts'

/** How many imaginary phases ended how; `extended` counts those of every outcome. */
export type Tallies = Readonly<Record<Outcome | 'extended', number>>

export function talliesOf(phases: readonly ImaginaryPhase[]): Tallies {
  const ended = (outcome: Outcome) => phases.filter(phase => phase.outcome === outcome).length
  return {
    promoted: ended('promoted'),
    held: ended('held'),
    'rolled-back': ended('rolled-back'),
    blind: ended('blind'),
    unfinished: ended('unfinished'),
    extended: phases.filter(({ extended }) => extended).length
  }
}

/** The verdict that a rule of `decide` goes by. */
const SPEAKING: Readonly<Record<string, Verdict>> = {
  'any-red': 'red',
  blind: 'error',
  'any-error': 'error',
  'final-warn': 'warn',
  'final-insufficient': 'insufficient'
}

/** The judgements that an imaginary phase ended by; none when all of them had to pass. */
export function decisive({ outcome, decided, judgements }: ImaginaryPhase): readonly Judgement[] {
  if (outcome === 'unfinished') return []
  return judgements.filter(({ verdict }) => verdict === SPEAKING[decided.rule])
}

/** When a criterion said that for the first time, by its name; those that never did are left out. */
export function firstSaid(
  { turns }: ImaginaryPhase,
  verdict: Verdict
): ReadonlyMap<string, number> {
  const first = new Map<string, number>()
  for (const turn of turns.filter(one => one.verdict === verdict)) {
    if (!first.has(turn.criterion)) first.set(turn.criterion, turn.atMs)
  }
  return first
}

/** How often a criterion said one verdict, and when. */
export interface Said {
  /** Imaginary phases in which it did. */
  readonly phases: number
  readonly firstMs: number
  /** The shortest and the longest that a phase had lasted when it did for the first time. */
  readonly soonestMs: number
  readonly latestMs: number
}

/** What one criterion said in all the past that was walked; a verdict that it never gave is absent. */
export interface CriterionTale {
  readonly criterion: Criterion
  readonly said: Readonly<Partial<Record<Verdict, Said>>>
}

/** One for each criterion, in the order of the definition. */
export function talesOf(walk: Walk): readonly CriterionTale[] {
  const verdicts = ['pass', 'warn', 'red', 'error'] as const
  return criteriaOf(walk.course).map(criterion => ({
    criterion,
    said: Object.fromEntries(
      verdicts.flatMap(verdict => {
        const said = saidIn(walk.phases, criterion.name, verdict)
        return said === undefined ? [] : [[verdict, said]]
      })
    )
  }))
}

function saidIn(
  phases: readonly ImaginaryPhase[],
  criterion: string,
  verdict: Verdict
): Said | undefined {
  const firsts = phases.flatMap(phase => {
    const atMs = firstSaid(phase, verdict).get(criterion)
    return atMs === undefined ? [] : [{ atMs, afterMs: atMs - phase.beganMs }]
  })
  const [first] = firsts
  if (first === undefined) return undefined
  const after = firsts.map(({ afterMs }) => afterMs)
  return {
    phases: firsts.length,
    firstMs: first.atMs,
    soonestMs: Math.min(...after),
    latestMs: Math.max(...after)
  }
}

/**
 * The phases from the first one on in which a criterion had anything to go by: what lies before is mostly
 * a time that the table does not reach back to. All of them when none had.
 */
export function phasesWithData({ phases }: Walk): readonly ImaginaryPhase[] {
  const first = phases.findIndex(({ turns }) => turns.length > 0)
  return first === -1 ? phases : phases.slice(first)
}

/** Phases in a row that ended alike, by the same criteria. */
export interface Streak {
  /** Counted from one. */
  readonly number: number
  readonly phases: readonly [ImaginaryPhase, ...ImaginaryPhase[]]
}

/** All phases, in order, those that ended alike together. */
export function streaksOf(phases: readonly ImaginaryPhase[]): readonly Streak[] {
  const streaks: Streak[] = []
  for (const [index, phase] of phases.entries()) {
    const last = streaks.at(-1)
    if (last !== undefined && endOf(last.phases[0]) === endOf(phase)) {
      streaks[streaks.length - 1] = { ...last, phases: [...last.phases, phase] }
    } else {
      streaks.push({ number: index + 1, phases: [phase] })
    }
  }
  return streaks
}

function endOf(phase: ImaginaryPhase): string {
  const criteria = decisive(phase).map(({ criterion }) => criterion)
  return [phase.outcome, phase.decided.rule, ...criteria].join('\n')
}

/** The criteria that never said anything but that there is too little to go by. */
export function silentCriteria({ course, phases }: Walk): readonly string[] {
  const spoke = phases
    .flatMap(({ turns }) => turns)
    .filter(({ verdict }) => verdict !== 'insufficient')
    .map(({ criterion }) => criterion)
  return criteriaOf(course)
    .map(({ name }) => name)
    .filter(name => !spoke.includes(name))
}

/** Whether the database answered one criterion at one look at least. */
export function wasAnswered({ phases }: Walk): boolean {
  return phases.some(({ told }) => told.length > 0)
}

/** What the database could not answer, each once. */
export function unansweredIn({ phases }: Walk): readonly string[] {
  const errors = phases
    .flatMap(({ turns }) => turns)
    .filter(({ verdict }) => verdict === 'error')
    .map(({ criterion, message }) => `${criterion}: ${message}`)
  return [...new Set(errors)]
}
