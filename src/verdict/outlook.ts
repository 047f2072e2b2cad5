import { type Dossier, further, type Tail } from './dossier.ts'
import { LN_DECISIVE, weigh } from './evidence.ts'
import {
  isBeyondRed,
  isHealthy,
  isRedByEvidence,
  isRedByRule,
  isRedTail,
  isShortTail
} from './ruling.ts'

type Condition = (run: number) => boolean

/** No longer run of units is looked for; 2^40 is 35 units a millisecond for a year. */
const LONGEST_RUN = 2 ** 40

/**
 * The smallest number of further good units in a row, in the hour of the look, that makes it pass;
 * undefined when none does, and for a red dossier: a rollback is not waited out.
 *
 * Whatever still stands in the way blocks one unbroken stretch of that number (a tail begins to
 * count at its minimum size and stops once it is good enough), so each is left by bisection. Health
 * comes first: from there on the whole phase is not beyond red, and evidence blocks one stretch too.
 */
export function goodToPass(dossier: Dossier): number | undefined {
  if (isRedByEvidence(dossier) || isRedByRule(dossier)) {
    return undefined
  }
  const blockers = blockersOf(dossier)
  let run: number | undefined = 0
  while (run !== undefined) {
    const at: number = run
    const blocker = blockers.find(blocks => blocks(at))
    if (blocker === undefined) {
      return at
    }
    run = firstFrom(at, more => !blocker(more))
  }
  return undefined
}

/**
 * The smallest number of further bad units in a row, in the hour of the look, that makes it red; 0
 * when it is red, undefined when none does.
 *
 * All L2 terms grow at one pace, so the dominating segment changes at most once, between L1 and one
 * L2; on either side of that change being red is monotone.
 */
export function badToRed(dossier: Dossier): number | undefined {
  const { rule } = dossier
  const after = (bad: number): Dossier => further(dossier, 0, bad)
  const first = weigh(dossier).segment
  const change = firstFrom(0, bad => weigh(after(bad)).segment.component !== first.component)
  const before = firstFrom(0, bad => {
    const grown = { good: first.good, all: first.all + bad }
    return weigh(after(bad)).logE >= LN_DECISIVE && isBeyondRed(rule, grown)
  })
  const byEvidence =
    change === undefined || isBelow(before, change)
      ? before
      : firstFrom(change, bad => isRedByEvidence(after(bad)))
  const byRule = firstFrom(0, bad => isRedByRule(after(bad)))
  return isBelow(byEvidence, byRule) ? byEvidence : byRule
}

/** Each tells whether it stands in the way after so many more good units. */
function blockersOf(dossier: Dossier): readonly Condition[] {
  const { rule } = dossier
  const after = (good: number): Dossier => further(dossier, good, 0)
  const ofTails = dossier.tails.flatMap((tail): Condition[] => {
    const grown = (good: number): Tail => ({
      ...tail,
      good: tail.good + good,
      all: tail.all + good
    })
    return [good => isRedTail(rule, grown(good)), good => isShortTail(rule, grown(good))]
  })
  return [good => !isHealthy(after(good)), good => isRedByEvidence(after(good)), ...ofTails]
}

function isBelow(left: number | undefined, right: number | undefined): boolean {
  return left !== undefined && (right === undefined || left < right)
}

/** The smallest whole number at or after `from` that holds, if holding is monotone from there on. */
function firstFrom(from: number, holds: Condition): number | undefined {
  if (holds(from)) {
    return from
  }
  let step = 1
  while (!holds(from + step)) {
    step *= 2
    if (step > LONGEST_RUN) {
      return undefined
    }
  }
  let [fails, held] = [from + Math.floor(step / 2), from + step]
  while (held - fails > 1) {
    const middle = Math.floor((fails + held) / 2)
    if (holds(middle)) {
      held = middle
    } else {
      fails = middle
    }
  }
  return held
}
