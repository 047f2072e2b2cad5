import type { ImaginaryPhase, Turn, Walk } from '../rollout/backtest.ts'
import type { BacktestInput } from './backtest.ts'
import { type PastShare, pastShares } from './backtest-share.ts'
import {
  type CriterionTale,
  decisive,
  type Said,
  silentCriteria,
  type Tallies,
  talesOf,
  talliesOf
} from './backtest-story.ts'

/** The `result` of a backtest, for machines: every instant is ISO 8601, every span in milliseconds. */
export interface BacktestResult {
  readonly version: 1
  readonly operation: 'backtest'
  readonly definition: string
  readonly digest: string
  readonly since: string
  readonly until: string
  /** Why the database was not asked to the end; null when it was. */
  readonly stopped: { readonly code: string; readonly message: string } | null
  readonly walks: readonly object[]
}

/** What the criteria would have said about the past, as one plain object. */
export function toBacktestResult(input: BacktestInput): BacktestResult {
  const { definition, span, walks, stopped } = input
  return {
    version: 1,
    operation: 'backtest',
    definition: definition.name,
    digest: definition.digest,
    since: iso(span.fromMs),
    until: iso(span.untilMs),
    stopped: stopped ?? null,
    walks: walks.map(walkResult)
  }
}

function walkResult(walk: Walk) {
  const { course, phases } = walk
  const tallies: Tallies = talliesOf(phases)
  return {
    phase: course.phase.name,
    criteria: course.phase.criteria,
    soakMs: course.phase.soakMs,
    extendMs: course.phase.extendMs,
    looks: phases.reduce((sum, { looks }) => sum + looks, 0),
    tallies,
    /** Criteria that had too little to go by at every look. */
    silent: silentCriteria(walk),
    criteriaSaid: talesOf(walk).map(taleResult),
    shares: pastShares(walk).map(shareResult),
    phases: phases.map(phaseResult)
  }
}

function taleResult({ criterion, said }: CriterionTale) {
  const told = Object.entries(said).map(([verdict, one]) => [verdict, saidResult(one)])
  return { criterion: criterion.name, ...Object.fromEntries(told) }
}

function saidResult({ phases, firstMs, soonestMs, latestMs }: Said) {
  return { phases, first: iso(firstMs), soonestMs, latestMs }
}

function shareResult({ criterion, hits, all, perDay, pass }: PastShare) {
  const rate = all === 0 ? null : hits / all
  return { criterion: criterion.name, hits, all, rate, perDay, pass: pass ?? null }
}

function phaseResult(phase: ImaginaryPhase) {
  const { beganMs, endedMs, outcome, extended, decided, looks, unanswered, turns } = phase
  const { decision, rule, reason } = decided
  const criteria = decisive(phase).map(({ criterion }) => criterion)
  const decisionMade = { decision, rule, reason, criteria }
  const when = { began: iso(beganMs), ended: iso(endedMs) }
  return { ...when, outcome, extended, ...decisionMade, looks, unanswered, turns: turns.map(turn) }
}

function turn({ atMs, criterion, was, verdict, code, message }: Turn) {
  return { at: iso(atMs), criterion, was, verdict, code, message }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
