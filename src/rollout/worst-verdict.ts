import type { Verdict } from '../verdict/verdict.ts'
import type { Judgement } from './events.ts'

/** From the one that outranks all others to the one that needs all others. */
const ORDER: readonly Verdict[] = ['red', 'error', 'warn', 'insufficient', 'pass']

/** The verdict that speaks for a whole look; a look without criteria was not answered. */
export function worstVerdict(judgements: readonly Judgement[]): Verdict {
  return ORDER.find(verdict => judgements.some(j => j.verdict === verdict)) ?? 'error'
}
