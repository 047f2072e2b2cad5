import { checkCriterion } from './criterion-rules.ts'
import type { MetricKinds } from './definition.ts'
import {
  criterionSchema,
  flagsSchema,
  nameSchema,
  phaseSchema,
  type RawCriterion,
  type RawPhase,
  rollbackSchema
} from './definition-schema.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { checkEffects } from './effect-rules.ts'
import { checkFreezes } from './freeze-rules.ts'
import { checkTargets } from './target-rules.ts'
import { type Path, type Placed, type Problem, record, type YamlSource } from './yaml-source.ts'

/**
 * The rules between the parts of a definition, which no shape can express. Every part that has the
 * right shape is checked, whatever is wrong with the others, so that one run reports every mistake.
 * Without `metrics`, the names of metrics are not checked.
 */
export function checkRules(source: YamlSource, metrics?: MetricKinds): readonly Problem[] {
  const draft = readDraft(source.data)
  return [
    ...draft.phases.flatMap(phase => checkPhase(source, draft, phase)),
    ...checkDistinctNames(source, draft),
    ...checkFlagChanges(source, draft),
    ...checkRollback(source, draft),
    ...checkEnvironments(source, draft),
    ...checkTargets(source, record(source.data)?.['targets']),
    ...checkEffects(source, metrics),
    ...checkSets(source, draft, metrics),
    ...checkShown(source, metrics),
    ...checkBlind(source),
    ...checkFreezes(source, record(source.data)?.['freeze'], record(source.data)?.['time_zone'])
  ]
}

/** Looks that find nothing new are recorded once an hour, so the ledger may be silent for longer. */
const SHORTEST_BLIND_MS = 7_200_000

function checkBlind(source: YamlSource): readonly Problem[] {
  const max = record(record(source.data)?.['blind'])?.['max']
  const maxMs = typeof max === 'string' ? parseDuration(max) : undefined
  if (maxMs === undefined || maxMs >= SHORTEST_BLIND_MS) return []
  const message = 'is shorter than the two hours in which a quiet look may leave no trace'
  return [source.problem(['blind', 'max'], message, 'write 2h or more')]
}

function checkShown(source: YamlSource, metrics: MetricKinds | undefined): readonly Problem[] {
  if (metrics === undefined) return []
  const shown = Object.keys(record(record(source.data)?.['shown']) ?? {})
  const known = Object.keys(metrics).filter(name => metrics[name] === 'proportion')
  return shown
    .filter(name => !known.includes(name))
    .map(name => {
      const message = 'is not a metric of kind proportion'
      return source.keyProblem(['shown'], name, message, `write one of ${known.join(', ')}`)
    })
}

/** The parts of a definition that have the right shape, each with its place. */
interface Draft {
  readonly phases: readonly Placed<RawPhase>[]
  /** Of all phases, also the misshapen ones, in order. */
  readonly phaseNames: readonly unknown[]
  readonly targets: ReadonlySet<string> | undefined
  readonly sets: ReadonlyMap<string, readonly Placed<RawCriterion>[]> | undefined
  /** Names of the sets, also those with a misshapen criterion. */
  readonly setSizes: ReadonlyMap<string, number> | undefined
  readonly rollbackFlags: Readonly<Record<string, string>> | undefined
  readonly rollbackCriteria: string | undefined
  readonly environments: Readonly<Record<string, unknown>> | undefined
}

function readDraft(data: unknown): Draft {
  const file = record(data) ?? {}
  const phases = Array.isArray(file['phases']) ? file['phases'] : []
  const targets = record(file['targets'])
  const criteria = record(file['criteria'])
  const rollback = record(file['rollback'])
  const database = record(file['database'])
  return {
    phases: phases.flatMap((phase, i) => placed(['phases', i], phaseSchema.safeParse(phase))),
    phaseNames: phases.map(phase => record(phase)?.['name']),
    targets: targets && new Set(namesIn(targets)),
    sets: criteria && new Map(Object.entries(criteria).map(([k, set]) => [k, criteriaOf(k, set)])),
    setSizes:
      criteria &&
      new Map(namesIn(criteria).map(k => [k, Object.keys(record(criteria[k]) ?? {}).length])),
    rollbackFlags: flagsSchema.safeParse(rollback?.['flags']).data,
    rollbackCriteria: rollbackSchema.shape.criteria.safeParse(rollback?.['criteria']).data,
    environments: record(database?.['environment_filter'])
  }
}

/** Only what is a name is ever offered as one: anything may stand where a name belongs. */
function namesIn(map: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(map).filter(key => nameSchema.safeParse(key).success)
}

function criteriaOf(set: string, data: unknown): readonly Placed<RawCriterion>[] {
  return Object.entries(record(data) ?? {}).flatMap(([name, criterion]) =>
    placed(['criteria', set, name], criterionSchema.safeParse(withoutBrokenSettings(criterion)))
  )
}

/** No rule depends on the value of one of these, so that a misshapen one hides no other mistake. */
const SETTINGS = ['strict_min_n', 'min_samples', 'heal', 'healed', 'control_slot'] as const

function withoutBrokenSettings(criterion: unknown): unknown {
  const settings: readonly string[] = SETTINGS
  const issues = criterionSchema.safeParse(criterion).error?.issues ?? []
  const broken = issues.map(({ path }) => path[0]).filter(key => settings.includes(String(key)))
  const kept = Object.entries(record(criterion) ?? {}).filter(([key]) => !broken.includes(key))
  return broken.length === 0 ? criterion : Object.fromEntries(kept)
}

function placed<T>(path: Path, parsed: { data?: T | undefined }): readonly Placed<T>[] {
  return parsed.data === undefined ? [] : [{ path, value: parsed.data }]
}

function checkPhase(source: YamlSource, draft: Draft, phase: Placed<RawPhase>): readonly Problem[] {
  const { path, value } = phase
  const problems: Problem[] = []
  if (draft.targets && !draft.targets.has(value.target)) {
    const known = [...draft.targets].join(', ')
    problems.push(
      source.problem([...path, 'target'], 'is not one of the targets', `write one of ${known}`)
    )
  }
  if (draft.setSizes && !draft.setSizes.has(value.criteria)) {
    const known = [...draft.setSizes.keys()].join(', ')
    problems.push(
      source.problem(
        [...path, 'criteria'],
        'names no set under `criteria`',
        `write one of ${known}, or add the set`
      )
    )
  }
  return [...problems, ...checkCheckpoints(source, phase)]
}

function checkCheckpoints(source: YamlSource, phase: Placed<RawPhase>): readonly Problem[] {
  const { path, value } = phase
  const soakMs = parseDuration(value.soak) ?? 0
  const offsets = value.checkpoints.map(text => parseDuration(text) ?? 0)
  const problems = offsets.flatMap((offset, i) => {
    const place = [...path, 'checkpoints', i]
    if (offset > soakMs) {
      const fix = `end the checkpoints at ${value.soak}, or lengthen the soak`
      return [source.problem(place, `lies after the soak of ${value.soak}`, fix)]
    }
    if (i > 0 && offset <= (offsets[i - 1] ?? 0)) {
      return [
        source.problem(place, 'does not come after the one before it', 'sort them, each once')
      ]
    }
    return []
  })
  const last = offsets.at(-1) ?? 0
  if (last < soakMs) {
    const fix = `add ${value.soak} as the last checkpoint`
    problems.push(
      source.problem(
        [...path, 'checkpoints'],
        `end at ${formatDuration(last)}, before the soak of ${value.soak} is over`,
        fix
      )
    )
  }
  return soakMs > 0
    ? problems
    : [source.problem([...path, 'soak'], 'is no time at all', 'give it at least 1m'), ...problems]
}

function checkDistinctNames(source: YamlSource, draft: Draft): readonly Problem[] {
  return draft.phaseNames.flatMap((name, i) =>
    name === undefined || draft.phaseNames.indexOf(name) === i
      ? []
      : [
          source.problem(
            ['phases', i, 'name'],
            'is the name of an earlier phase too',
            'give every phase a name of its own'
          )
        ]
  )
}

/** Before the first phase of a target its flags are taken to stand as the rollback leaves them. */
function checkFlagChanges(source: YamlSource, draft: Draft): readonly Problem[] {
  const standing = new Map<string, Readonly<Record<string, string>>>()
  return draft.phases.flatMap(({ path, value }) => {
    const before = standing.get(value.target) ?? draft.rollbackFlags ?? {}
    standing.set(value.target, { ...before, ...value.flags })
    const changes = Object.entries(value.flags).some(([flag, wanted]) => before[flag] !== wanted)
    return changes
      ? []
      : [
          source.problem(
            [...path, 'flags'],
            `change nothing: ${value.target} already stands like this before the phase`,
            'change a flag, or remove the phase'
          )
        ]
  })
}

function checkRollback(source: YamlSource, draft: Draft): readonly Problem[] {
  const { rollbackFlags, rollbackCriteria, setSizes } = draft
  const forgotten = draft.phases.flatMap(({ path, value }) =>
    Object.keys(value.flags)
      .filter(flag => rollbackFlags && !Object.hasOwn(rollbackFlags, flag))
      .map(flag =>
        source.keyProblem(
          [...path, 'flags'],
          flag,
          'is set here and forgotten in the rollback',
          `add ${flag} to rollback.flags`
        )
      )
  )
  if (rollbackCriteria === undefined || !setSizes || setSizes.has(rollbackCriteria))
    return forgotten
  const known = [...setSizes.keys()].join(', ')
  return [
    ...forgotten,
    source.problem(
      ['rollback', 'criteria'],
      'names no set under `criteria`',
      `write one of ${known}, or add the set`
    )
  ]
}

function checkEnvironments(source: YamlSource, draft: Draft): readonly Problem[] {
  const { environments, targets } = draft
  if (!(environments && targets)) return []
  const path = ['database', 'environment_filter']
  const missing = [...targets].filter(target => !Object.hasOwn(environments, target))
  const unknown = Object.keys(environments).filter(target => !targets.has(target))
  return [
    ...missing.map(target =>
      source.problem(path, `says nothing of target ${target}`, `add ${target}, or write none`)
    ),
    ...unknown.map(target =>
      source.keyProblem(path, target, 'is not one of the targets', 'correct or remove it')
    )
  ]
}

function checkSets(source: YamlSource, draft: Draft, metrics?: MetricKinds): readonly Problem[] {
  const empty = [...(draft.setSizes ?? [])].flatMap(([set, size]) =>
    size > 0
      ? []
      : [
          source.problem(
            ['criteria', set],
            'is empty, and nothing is not a proof',
            'add at least one criterion'
          )
        ]
  )
  const criteria = [...(draft.sets?.values() ?? [])].flat()
  return [...empty, ...criteria.flatMap(criterion => checkCriterion(source, criterion, metrics))]
}
