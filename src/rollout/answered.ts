import type { Judgement } from './events.ts'

/** Whether every criterion of a look was answered; an answer may still be too little to go by. */
export function isAnswered({
  judgements
}: {
  readonly judgements: readonly Pick<Judgement, 'verdict'>[]
}): boolean {
  return judgements.every(({ verdict }) => verdict !== 'error')
}
