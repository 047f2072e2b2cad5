import type * as z from 'zod'
import type { Definition, Effect, Gate, MetricKinds, Phase, Target } from './definition.ts'
import { checkRules } from './definition-rules.ts'
import {
  definitionSchema,
  type RawDefinition,
  type RawPhase,
  type RawTarget
} from './definition-schema.ts'
import { parseDuration } from './duration.ts'
import { InputError } from './rollgate-error.ts'
import { toCriterion } from './to-criterion.ts'
import {
  formatProblem,
  NOT_SHOWN,
  type Path,
  type Problem,
  readYaml,
  type YamlSource
} from './yaml-source.ts'

export interface DefinitionText {
  /** As people know it: `rollouts/assignment-pipeline-v3.yml`. */
  readonly file: string
  readonly text: string
  /** SHA-256 of the text. */
  readonly digest: string
  /** The metrics that criteria may name; their names are not checked when it is absent. */
  readonly metrics?: MetricKinds | undefined
}

/**
 * The definition in a file.
 * @throws InputError (`definition_invalid`) with every mistake in it, one per line
 */
export function parseDefinition(input: DefinitionText): Definition {
  const source = readYaml(input.file, input.text)
  const problems = findProblems(source, input.metrics)
  if (problems.length > 0) throw refusal(input.file, problems)
  return toDefinition(definitionSchema.parse(source.data), input)
}

/** Every mistake in a definition file, in the order of the file; none: `parseDefinition` accepts it. */
export function definitionProblems(input: DefinitionText): readonly Problem[] {
  return findProblems(readYaml(input.file, input.text), input.metrics)
}

function findProblems(source: YamlSource, metrics?: MetricKinds): readonly Problem[] {
  if (source.data === undefined || source.syntaxProblems.length > 0) {
    return source.syntaxProblems.length > 0 ? source.syntaxProblems : [emptyFile(source)]
  }
  if (source.data === null) return [emptyFile(source)]
  const { error } = definitionSchema.safeParse(source.data)
  const shape = (error?.issues ?? []).flatMap(issue => describe(source, issue))
  const rules = checkRules(source, metrics)
  return [...shape, ...rules]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter(isFirstHere)
}

/** An anchor is read once for every alias of it; its mistake is still one mistake. */
function isFirstHere(problem: Problem, index: number, all: readonly Problem[]): boolean {
  const same = all.findIndex(
    ({ line, column, message }) =>
      line === problem.line && column === problem.column && message === problem.message
  )
  return same === index
}

function emptyFile(source: YamlSource): Problem {
  return source.problem([], 'is empty', 'start from rollouts/assignment-pipeline-v3.yml')
}

const SHAPE = 'see docs/definition.md for its shape'

function describe(source: YamlSource, issue: z.core.$ZodIssue): readonly Problem[] {
  const path = issue.path.map(step => (typeof step === 'symbol' ? String(step) : step))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key =>
      source.keyProblem(path, key, 'is not a known key', 'correct its spelling or remove it')
    )
  }
  if (issue.code === 'invalid_key') return [keyIssue(source, path, issue)]
  const [message = '', fix] = issue.message.split(' → ')
  const problem = source.has(path)
    ? source.problem(path, message.replace(/^Invalid input: /u, ''), fix ?? SHAPE)
    : source.problem(path, 'is missing', `add ${String(path.at(-1))}; ${fix ?? SHAPE}`)
  return [
    isSecret(path) && problem.value !== undefined ? { ...problem, value: NOT_SHOWN } : problem
  ]
}

/** Where the NAME of the secret belongs, people paste the secret. */
function isSecret(path: Path): boolean {
  return path[0] === 'database' && path[1] === 'secret'
}

function keyIssue(
  source: YamlSource,
  path: Path,
  issue: z.core.$ZodIssueInvalidElement | z.core.$ZodIssueInvalidKey
): Problem {
  const [message = '', fix = 'rename it'] = (issue.issues[0]?.message ?? '').split(' → ')
  return source.keyProblem(path.slice(0, -1), String(path.at(-1)), message, fix)
}

function refusal(file: string, problems: readonly Problem[]): InputError {
  const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`
  return new InputError(
    'definition_invalid',
    `${file} has ${count}:\n${problems.map(formatProblem).join('\n')}`,
    'Correct the file and run the same command again; nothing was changed.'
  )
}

/** A span that the schema has already accepted. */
function ms(duration: string): number {
  return parseDuration(duration) ?? Number.NaN
}

function toDefinition(
  raw: RawDefinition,
  { digest, text }: Pick<DefinitionText, 'digest' | 'text'>
): Definition {
  const filter = raw.database.environment_filter
  return {
    name: raw.name,
    owner: raw.owner,
    timeZone: raw.time_zone,
    database: {
      secret: raw.database.secret,
      environments: filter === 'none' ? undefined : (filter as Record<string, string>),
      graceMs: ms(raw.database.grace),
      requireReadOnly: raw.database.require_read_only,
      maxPlannedCost: raw.database.max_planned_cost
    },
    parameters: raw.parameters,
    targets: mapValues(raw.targets, toTarget),
    phases: raw.phases.map(toPhase),
    criteria: mapValues(raw.criteria, set =>
      Object.entries(set).map(([name, criterion]) => toCriterion(name, criterion))
    ),
    shown: raw.shown,
    rollback: {
      flags: raw.rollback.flags,
      watchMs: ms(raw.rollback.watch),
      criteria: raw.rollback.criteria
    },
    graduation: raw.graduation && {
      afterMs: ms(raw.graduation.after),
      issue: raw.graduation.issue,
      envExample: raw.graduation.env_example
    },
    freeze: raw.freeze,
    unitsPerDay: raw.units_per_day,
    blind: { maxMs: ms(raw.blind.max), decision: raw.blind.decision },
    deployDeadlineMs: ms(raw.deploy_deadline),
    digest,
    text
  }
}

function toTarget(raw: RawTarget): Target {
  return {
    keys: raw.keys,
    deploy: raw.deploy,
    prebuilt: raw.prebuilt,
    commit: raw.commit ?? (raw.deploy === 'git' ? 'live' : 'head'),
    staged: raw.staged,
    alias: raw.alias,
    rollingRelease: raw.rolling_release
  }
}

function toPhase(raw: RawPhase): Phase {
  return {
    name: raw.name,
    target: raw.target,
    gate: raw.gate && toGate(raw.gate),
    flags: raw.flags,
    effect: raw.effect && toEffect(raw.effect),
    soakMs: ms(raw.soak),
    extendMs: ms(raw.extend),
    checkpointsMs: raw.checkpoints.map(ms),
    criteria: raw.criteria,
    enabled: raw.enabled
  }
}

function toEffect({ probe, exposure, deadline }: NonNullable<RawPhase['effect']>): Effect {
  return {
    probe: probe && { path: probe.path, status: probe.status, contains: probe.contains },
    exposure: exposure && {
      metric: exposure.metric,
      parameters: exposure.parameters,
      atLeast: Number(exposure.at_least.slice(0, -1)) / 100,
      minUnits: exposure.min_units
    },
    deadlineMs: ms(deadline)
  }
}

function toGate(raw: NonNullable<RawPhase['gate']>): Gate {
  const asked = { checklist: raw.checklist, validForMs: ms(raw.valid_for) }
  return raw.mode === 'dispatch'
    ? { mode: 'dispatch', allow: raw.allow, ...asked }
    : { mode: 'environment', environment: raw.environment, ...asked }
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A) => B
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
