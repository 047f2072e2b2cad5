import { criteriaOf, type ImaginaryPhase, type Walk } from '../rollout/backtest.ts'
import type { ProportionCriterion } from '../rollout/definition.ts'
import { type SoonestPass, steadyPass } from '../rollout/sample-size.ts'
import { phasesWithData } from './backtest-story.ts'
import { type RecordedProportion, readFinding } from './recorded-finding.ts'

const DAY_MS = 86_400_000

/** How a share stood in all the past that was walked. */
export interface PastShare {
  readonly criterion: ProportionCriterion
  /** On the side that the definition counts. */
  readonly hits: number
  readonly all: number
  readonly perDay: number
  /** How soon it can pass at this rate and volume; undefined when it never can. */
  readonly pass: SoonestPass | undefined
}

/**
 * The shares of a walk: what every imaginary phase had counted when it was asked last, added up. Time
 * before there was any data is no part of it.
 */
export function pastShares(walk: Walk): readonly PastShare[] {
  const phases = phasesWithData(walk)
  return criteriaOf(walk.course)
    .filter(criterion => criterion.kind === 'proportion')
    .map(criterion => shareOf(criterion, phases))
}

function shareOf(criterion: ProportionCriterion, phases: readonly ImaginaryPhase[]): PastShare {
  const counted = phases.flatMap(phase => countedIn(phase, criterion.name))
  const sum = (of: (one: Counted) => number) => counted.reduce((total, one) => total + of(one), 0)
  const [hits, all, ms] = [sum(c => c.finding.hits), sum(c => c.finding.all), sum(c => c.ms)]
  const perDay = ms === 0 ? 0 : (all / ms) * DAY_MS
  const pass = all === 0 ? undefined : steadyPass(criterion, { hits, all }, perDay)
  return { criterion, hits, all, perDay, pass }
}

interface Counted {
  readonly finding: RecordedProportion
  /** How long it was counted for. */
  readonly ms: number
}

function countedIn({ told, beganMs }: ImaginaryPhase, criterion: string): readonly Counted[] {
  return told.flatMap(({ judgement, atMs }) => {
    const finding = readFinding(judgement)
    return judgement.criterion === criterion && finding.kind === 'proportion'
      ? [{ finding, ms: atMs - beganMs }]
      : []
  })
}
