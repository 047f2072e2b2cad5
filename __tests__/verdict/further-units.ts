import { compile } from '../../src/verdict/dossier.ts'
import { weigh } from '../../src/verdict/evidence.ts'
import type { ProportionLook } from '../../src/verdict/proportion.ts'
import { ruleOn } from '../../src/verdict/ruling.ts'

/** The ruling on a phase after further units in the hour of the look, without its outlook. */
export function codeAfter(start: ProportionLook, good: number, bad: number): string {
  const hits = start.rule.pass.operator.startsWith('>') ? good : bad
  const extra = { hour: start.nowHour, hits, total: good + bad }
  const dossier = compile({ ...start, counts: [...start.counts, extra] })
  return ruleOn(dossier, weigh(dossier), 0).code
}

export function isPass(code: string): boolean {
  return code === 'adequate' || code === 'proven'
}

export function isRed(code: string): boolean {
  return code === 'red_evidence' || code === 'red_strict'
}
