import type { Dossier, Tail } from './dossier.ts'
import type { Evidence, Tally } from './evidence.ts'
import type { ProportionRule } from './proportion-look.ts'
import { hitsOf, type Ruling } from './ruling.ts'
import { isFloor, type Threshold, thresholdText } from './threshold.ts'
import { countText, manyText, oddsText, shareText } from './wording.ts'

/** What the sentence about a ruling may mention. */
export interface Ruled {
  readonly dossier: Dossier
  readonly evidence: Evidence
  readonly ruling: Ruling
  readonly needs: number | undefined
  readonly toRed: number | undefined
}

/** One plain sentence about why the verdict is what it is, without times of day. */
export function proportionMessage(ruled: Ruled): string {
  const { dossier, evidence, ruling } = ruled
  const { rule, whole } = dossier
  switch (ruling.code) {
    case 'control_dead':
    case 'no-data':
      return `no units yet, ${silenceText(dossier)}${needText(ruled)}`
    case 'red_evidence':
      return `${sinceText(evidence)}; odds ${oddsText(evidence.logE)} against a healthy service`
    case 'red_strict':
      return `${tallyText(rule, whole, rule.red)}, beyond the red bound ${thresholdText(rule.red)}`
    case 'red_unproven':
      return `${placeText(ruling.tail)}${tallyText(rule, ruling.tail ?? whole, rule.red)}, beyond the red bound ${thresholdText(rule.red)} but possibly by chance${rollbackText(ruled)}`
    case 'short_of_pass':
    case 'tail_short':
      return `${placeText(ruling.tail)}${tallyText(rule, ruling.tail ?? whole, rule.pass)} does not meet ${thresholdText(rule.pass)}${needText(ruled)}`
    case 'proven':
      return `${tallyText(rule, whole, rule.pass)}; ${thresholdText(rule.pass)} holds with 95% confidence at every look`
    case 'adequate':
      return `${tallyText(rule, whole, rule.pass)}; odds ${oddsText(evidence.logG)} for ${thresholdText(rule.pass)} over ${thresholdText(rule.red)}`
    case 'thin':
      return `${tallyText(rule, whole, rule.pass)} is within ${thresholdText(rule.pass)} but too little to tell${needText(ruled)}`
  }
}

function silenceText({ control }: Dossier): string {
  if (control === undefined) {
    return 'and 0 of 0 proves nothing'
  }
  const why = control.alive ? 'quiet' : 'and telemetry may be dead'
  return `${why}: ${control.message}`
}

function sinceText({ segment }: Evidence): string {
  const place = segment.component === 'L1' ? 'in the whole phase' : `since hour ${segment.start}`
  return `${place}: ${countText(segment.good)} good of ${countText(segment.all)}`
}

function placeText(tail: Tail | undefined): string {
  switch (tail?.span) {
    case undefined:
      return ''
    case 'hour':
      return 'in the latest hour: '
    case 'six-hours':
      return 'in the latest 6 hours: '
    case 'checkpoint':
      return 'since the last checkpoint: '
  }
}

/** "17 good of 20 (85%)" under a floor, "3 bad of 20 (15%)" under a ceiling. */
function tallyText(rule: ProportionRule, tally: Tally, bound: Threshold): string {
  const hits = hitsOf(rule, tally)
  const side = isFloor(rule.pass) ? 'good' : 'bad'
  return `${countText(hits)} ${side} of ${countText(tally.all)} (${shareText(hits, tally.all, bound)})`
}

function needText({ needs }: Ruled): string {
  return needs === undefined ? '' : `; needs at least ${manyText(needs, 'more good unit')} to pass`
}

function rollbackText({ toRed }: Ruled): string {
  return toRed === undefined ? '' : `; ${manyText(toRed, 'more bad unit')} in a row would roll back`
}
