import { boundKind } from './bound-rules.ts'
import type { RawCriterion } from './definition-schema.ts'
import type { MetricKind } from './ports.ts'

/** A rule that a criterion can have. */
export interface Rule {
  /** As problems call it. */
  readonly name: string
  /** The keys that mean something beside it, those of a control excepted. */
  readonly keys: readonly (keyof RawCriterion)[]
  /** The kinds of metric that it can judge; none when it judges no metric. */
  readonly kinds: readonly MetricKind[]
  /** Whether silence is judged by a control; absent where none is read. */
  readonly control?: 'needed' | 'possible'
}

const SHARE: Rule = {
  name: 'pass and red',
  keys: ['metric', 'pass', 'warn', 'red', 'strict_min_n'],
  kinds: ['proportion'],
  control: 'possible'
}

const VALUE: Rule = {
  name: 'pass and red of a value',
  keys: ['metric', 'pass', 'warn', 'red', 'min_samples'],
  kinds: ['value']
}

const SUSTAINED_VALUE: Rule = {
  ...VALUE,
  keys: [...VALUE.keys, 'sustained', 'heal', 'healed']
}

/** Whatever these bounds are meant to be about, their neighbours are not told to go. */
const MIXED: Rule = {
  name: 'pass and red',
  keys: [...SHARE.keys, ...SUSTAINED_VALUE.keys],
  kinds: [...SHARE.kinds, ...VALUE.kinds],
  control: 'possible'
}

const ZERO_TOLERANCE: Rule = {
  name: 'zero_tolerance',
  keys: ['metric', 'zero_tolerance'],
  kinds: ['count'],
  control: 'needed'
}

const SUSTAINED: Rule = {
  name: 'sustained',
  keys: ['metric', 'sustained', 'heal', 'healed'],
  kinds: ['count'],
  control: 'needed'
}

export const LEGAL: Rule = {
  name: 'legal',
  keys: ['metric', 'legal', 'stuck'],
  kinds: ['transitions'],
  control: 'needed'
}

const REPORTED: Rule = { name: 'reported', keys: ['reported'], kinds: [] }

/** The rules that a criterion is written by; one that makes sense has exactly one. */
export function rulesOf(value: RawCriterion): readonly Rule[] {
  const bounded = hasBounds(value)
  return [
    ...(bounded ? [boundRule(value)] : []),
    ...(value.zero_tolerance === undefined ? [] : [ZERO_TOLERANCE]),
    // Beside bounds it says when a value beyond red is sustained.
    ...(value.sustained === undefined || bounded ? [] : [SUSTAINED]),
    ...(value.legal === undefined ? [] : [LEGAL]),
    ...(value.reported === undefined ? [] : [REPORTED])
  ]
}

/** Whether it says by bounds what is good and what is bad. */
export function hasBounds({ pass, red }: RawCriterion): boolean {
  return pass !== undefined || red !== undefined
}

function boundRule(value: RawCriterion): Rule {
  switch (boundKind(value)) {
    case 'share':
      return SHARE
    case 'value':
      return value.sustained === undefined ? VALUE : SUSTAINED_VALUE
    case 'mixed':
      return MIXED
  }
}

/** The keys that something reads in a criterion with that rule. */
export function usefulKeys(value: RawCriterion, { keys, control }: Rule): readonly string[] {
  const isRead = control === 'needed' || (control === 'possible' && value.control !== undefined)
  return isRead ? [...keys, 'control', 'control_slot'] : keys
}
