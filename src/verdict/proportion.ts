import type { ControlFinding } from './control.ts'
import { compile } from './dossier.ts'
import { type Segment, weigh } from './evidence.ts'
import { badToRed, goodToPass } from './outlook.ts'
import { faultOf, type LookFault, type ProportionLook } from './proportion-look.ts'
import { proportionMessage } from './proportion-message.ts'
import { hitsOf, type RulingCode, ruleOn } from './ruling.ts'
import { confidenceSequence } from './sequence.ts'
import type { Verdict } from './verdict.ts'

export type { Segment } from './evidence.ts'
export type { HourCount, ProportionLook, ProportionRule } from './proportion-look.ts'

/** Why a proportion criterion got its verdict; stable, public, for machines. */
export type ProportionCode = RulingCode | LookFault['code']

/** The verdict on a proportion criterion and everything that a report shows beside it. */
export interface ProportionFinding {
  readonly kind: 'proportion'
  readonly verdict: Verdict
  readonly code: ProportionCode
  readonly message: string
  /** k good units of n, whichever side the definition counts; 0 of 0 when it could not be judged. */
  readonly good: number
  readonly all: number
  /** good / all; null when nothing was counted. */
  readonly rate: number | null
  /** Units on the side that the definition counts. */
  readonly hits: number
  /** Natural logs of the evidence of trouble (E) and of health (G); 20 decides. */
  readonly logE: number
  readonly logG: number
  /** The largest term of E. */
  readonly segment: Segment
  /** Further good units in a row that make it pass; absent when red, not judged, or none do. */
  readonly needs?: number
  /** Further bad units in a row that make it red; absent when not judged or none do. */
  readonly toRed?: number
  /** 95 % confidence sequence of the good share; shown, never deciding. */
  readonly sequence: readonly [number, number]
  readonly control?: ControlFinding
}

const VERDICTS: Readonly<Record<ProportionCode, Verdict>> = {
  'bad-counts': 'error',
  'bad-rule': 'error',
  control_dead: 'insufficient',
  'no-data': 'insufficient',
  red_evidence: 'red',
  red_strict: 'red',
  red_unproven: 'warn',
  short_of_pass: 'warn',
  tail_short: 'warn',
  proven: 'pass',
  adequate: 'pass',
  thin: 'insufficient'
}

/**
 * Judges a share by the evidence since the phase start: red, and valid however often it is asked,
 * when the odds against a healthy service reach 20; pass only when the odds for one do. Never throws:
 * counts or bounds that make no sense are an `error`.
 */
export function judgeProportion(look: ProportionLook): ProportionFinding {
  const fault = faultOf(look)
  return fault === undefined ? judge(look) : notJudged(fault)
}

function judge(look: ProportionLook): ProportionFinding {
  const dossier = compile(look)
  const evidence = weigh(dossier)
  const { good, all } = dossier.whole
  const sequence = confidenceSequence(good, all)
  const ruling = ruleOn(dossier, evidence, sequence[0])
  const [needs, toRed] = [goodToPass(dossier), badToRed(dossier)]
  return {
    kind: 'proportion',
    verdict: VERDICTS[ruling.code],
    code: ruling.code,
    message: proportionMessage({ dossier, evidence, ruling, needs, toRed }),
    good,
    all,
    rate: all === 0 ? null : good / all,
    hits: hitsOf(dossier.rule, dossier.whole),
    ...evidence,
    ...(needs === undefined ? {} : { needs }),
    ...(toRed === undefined ? {} : { toRed }),
    sequence,
    ...(look.control === undefined ? {} : { control: look.control })
  }
}

function notJudged({ code, message }: LookFault): ProportionFinding {
  return {
    kind: 'proportion',
    verdict: VERDICTS[code],
    code,
    message,
    good: 0,
    all: 0,
    rate: null,
    hits: 0,
    logE: 0,
    logG: 0,
    segment: { component: 'L1', start: 0, good: 0, all: 0 },
    sequence: [0, 1]
  }
}
