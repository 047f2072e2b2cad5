import type { Dossier, Tail } from './dossier.ts'
import { type Evidence, LN_DECISIVE, logRatio, type Tally, weigh } from './evidence.ts'
import type { ProportionRule } from './proportion-look.ts'
import { badShare, isFloor, meets } from './threshold.ts'

/** Why a proportion that could be judged got its verdict, in the order of precedence. */
export type RulingCode =
  | 'control_dead'
  | 'no-data'
  | 'red_evidence'
  | 'red_strict'
  | 'red_unproven'
  | 'short_of_pass'
  | 'tail_short'
  | 'proven'
  | 'adequate'
  | 'thin'

/** The first condition that matched, and the tail it was about where it was about one. */
export interface Ruling {
  readonly code: RulingCode
  readonly tail?: Tail
}

const RED_TAIL_MIN_N = 2
const SHORT_TAIL_MIN_N = 30

/**
 * The precedence of proportion criteria: the first condition that matches, from red down to thin.
 * `lowest` is the lower bound of the confidence sequence; it only names the kind of pass.
 */
export function ruleOn(dossier: Dossier, evidence: Evidence, lowest: number): Ruling {
  const { rule, whole, tails, control } = dossier
  if (whole.all === 0) {
    return { code: control?.alive === false ? 'control_dead' : 'no-data' }
  }
  if (isRedByEvidence(dossier, evidence)) {
    return { code: 'red_evidence' }
  }
  if (isRedByRule(dossier)) {
    return { code: 'red_strict' }
  }
  if (isBeyondRed(rule, whole)) {
    return { code: 'red_unproven' }
  }
  const red = tails.find(tail => isRedTail(rule, tail))
  if (red !== undefined) {
    return { code: 'red_unproven', tail: red }
  }
  if (!isWithinPass(rule, whole)) {
    return { code: 'short_of_pass' }
  }
  const short = tails.find(tail => isShortTail(rule, tail))
  if (short !== undefined) {
    return { code: 'tail_short', tail: short }
  }
  if (!isHealthy(dossier)) {
    return { code: 'thin' }
  }
  return { code: lowest >= passShare(rule) ? 'proven' : 'adequate' }
}

/** E ≥ 20, and the segment that says so is itself beyond the red bound. */
export function isRedByEvidence(dossier: Dossier, evidence: Evidence = weigh(dossier)): boolean {
  return evidence.logE >= LN_DECISIVE && isBeyondRed(dossier.rule, evidence.segment)
}

/** The runbook's rule as written, from `strictMinN` units on. */
export function isRedByRule({ rule, whole }: Dossier): boolean {
  return whole.all >= rule.strictMinN && isBeyondRed(rule, whole)
}

/** The share meets the pass bound and G ≥ 20. */
export function isHealthy({ rule, steady, whole }: Dossier): boolean {
  return -logRatio(steady, whole) >= LN_DECISIVE && isWithinPass(rule, whole)
}

/** A tail of at least two units beyond the red bound. */
export function isRedTail(rule: ProportionRule, tail: Tail): boolean {
  return tail.all >= RED_TAIL_MIN_N && isBeyondRed(rule, tail)
}

/** At least thirty units since the last checkpoint that are short of the pass bound. */
export function isShortTail(rule: ProportionRule, tail: Tail): boolean {
  return tail.span === 'checkpoint' && tail.all >= SHORT_TAIL_MIN_N && !isWithinPass(rule, tail)
}

/** Beyond the red bound; never true of nothing. */
export function isBeyondRed(rule: ProportionRule, tally: Tally): boolean {
  return meets(rule.red, hitsOf(rule, tally), tally.all)
}

/** On the counted side of the definition: good units under a floor, else bad ones. */
export function hitsOf(rule: ProportionRule, { good, all }: Tally): number {
  return isFloor(rule.pass) ? good : all - good
}

/** p0: the pass bound as a good share. */
function passShare({ pass }: ProportionRule): number {
  return 1 - badShare(pass, isFloor(pass))
}

function isWithinPass(rule: ProportionRule, tally: Tally): boolean {
  return meets(rule.pass, hitsOf(rule, tally), tally.all)
}
