import type { Threshold } from '../verdict/threshold.ts'
import type { ValueBound } from '../verdict/value.ts'
import type { MetricKind } from './ports.ts'

/** A rollout definition after parsing: every default filled in, every span in milliseconds. */
export interface Definition {
  readonly name: string
  readonly owner: string
  /** IANA name; for reports and for the freeze. */
  readonly timeZone: string
  readonly database: DatabaseSettings
  /** Bound into every SQL file by name. */
  readonly parameters: Readonly<Record<string, string>>
  readonly targets: Readonly<Record<string, Target>>
  readonly phases: readonly Phase[]
  readonly criteria: Readonly<Record<string, readonly Criterion[]>>
  /** Labels of the shares that are shown beside the criteria and never judged, by metric. */
  readonly shown: Readonly<Record<string, string>>
  readonly rollback: Rollback
  readonly graduation: Graduation | undefined
  readonly freeze: readonly FreezeWindow[]
  /** How many units end on a usual day; undefined when nobody said. */
  readonly unitsPerDay: number | undefined
  readonly blind: BlindRule
  /** How long one deployment may take. */
  readonly deployDeadlineMs: number
  /** SHA-256 of the file's text: what an approval binds to. */
  readonly digest: string
  /** The file's text, as it was read: the ledger keeps it, so that its verdicts can be reached again. */
  readonly text: string
}

export interface DatabaseSettings {
  /** Name of the secret that holds the connection string. */
  readonly secret: string
  /** The parameter value that separates one target's rows from another's; undefined: one table, no filter. */
  readonly environments: Readonly<Record<string, string>> | undefined
  readonly graceMs: number
  /** A role that may write is an error, not a warning. */
  readonly requireReadOnly: boolean
  /** A metric that the planner expects to cost more than this, in its own units, is refused. */
  readonly maxPlannedCost: number
}

/** How deployments of a target are made and become what its visitors see. */
export interface Target {
  /** The GitHub environment that holds this target's secrets. */
  readonly keys: string
  /** `cli` uploads the working directory; `git` lets the provider take the commit from the repository itself. */
  readonly deploy: 'cli' | 'git'
  /** The CLI uploads what was built before (`.vercel/output`) and nothing is built at the provider; `cli` only. */
  readonly prebuilt: boolean
  /** Which code: what is live now, so that only flags change, or the newest there is. */
  readonly commit: 'live' | 'head'
  /** Production only: built without traffic, proven at its own address, then promoted. */
  readonly staged: boolean
  /** Never on production: the domain that is pointed at each deployment, and tells what is live. */
  readonly alias: string | undefined
  /** What to do on a project with Rolling Releases: nothing at all, or give each deployment all traffic at once. */
  readonly rollingRelease: 'refuse' | 'complete'
}

/** What has to be seen at a phase's deployment before the phase counts as applied. */
export interface Effect {
  readonly probe: EffectProbe | undefined
  readonly exposure: Exposure | undefined
  readonly deadlineMs: number
}

/** A request that must be answered in a certain way. */
export interface EffectProbe {
  /** Begins with a slash. */
  readonly path: string
  readonly status: number
  /** The body must hold this text. */
  readonly contains: string | undefined
}

/** A share, read by SQL, that tells how much of the work goes the way the phase wants. */
export interface Exposure {
  readonly metric: string
  /** Bound into its SQL beside the definition's own. */
  readonly parameters: Readonly<Record<string, string>>
  /** At least this share of the units, 0 to 1. */
  readonly atLeast: number
  /** A share of fewer units says nothing. */
  readonly minUnits: number
}

export interface Phase {
  readonly name: string
  readonly target: string
  readonly gate: Gate | undefined
  readonly flags: Readonly<Record<string, string>>
  /** Beside what is always proven: flags, state, target and address of the deployment. */
  readonly effect: Effect | undefined
  readonly soakMs: number
  /** Further time the soak may take when there is too little evidence at its end. */
  readonly extendMs: number
  /** Offsets from the phase's start, ascending; the last one is the soak. */
  readonly checkpointsMs: readonly number[]
  /** Name of the criteria set. */
  readonly criteria: string
  readonly enabled: boolean
}

/** The human approval before a phase. */
export type Gate = EnvironmentGate | DispatchGate

interface Asked {
  readonly checklist: readonly string[]
  /** How long a briefing may wait for its approval. */
  readonly validForMs: number
}

/** A reviewer of a GitHub environment approves. */
export interface EnvironmentGate extends Asked {
  readonly mode: 'environment'
  readonly environment: string
}

/** A second person starts the phase and types the rollout's name; for plans without reviewers. */
export interface DispatchGate extends Asked {
  readonly mode: 'dispatch'
  /** Logins of those who may. */
  readonly allow: readonly string[]
}

/** A time in which nothing moves forward, by the wall clock of the definition's time zone. */
export interface FreezeWindow {
  /** `Fri 16:00` every week, `2026-12-23 00:00` once. */
  readonly from: string
  /** Of the same kind as `from`; not included. */
  readonly to: string
  readonly why: string
}

export type Criterion =
  | ProportionCriterion
  | ZeroToleranceCriterion
  | SustainedCriterion
  | ValueCriterion
  | StateMachineCriterion
  | ReportsCriterion

interface Named {
  readonly name: string
  readonly metric: string
}

export interface ProportionCriterion extends Named {
  readonly kind: 'proportion'
  readonly pass: Threshold
  readonly warn: Threshold | undefined
  readonly red: Threshold
  readonly strictMinN: number
  /** Tells quiet from dead telemetry while no unit has come; absent when nobody named one. */
  readonly control?: Control
}

export interface ZeroToleranceCriterion extends Named {
  readonly kind: 'zero-tolerance'
  readonly control: Control
}

/** When trouble in buckets of this length is sustained, when it has healed, and what it still means then. */
export interface SustainedSettings {
  readonly bucketMs: number
  readonly run: number
  readonly of: readonly [number, number]
  readonly healMs: number
  readonly healed: 'red' | 'warn'
}

export interface SustainedCriterion extends Named, SustainedSettings {
  readonly kind: 'sustained'
  readonly control: Control
}

export interface ValueCriterion extends Named {
  readonly kind: 'value'
  readonly pass: ValueBound
  readonly warn: ValueBound | undefined
  readonly red: ValueBound
  /** A number made from fewer samples than this says nothing. */
  readonly minSamples: number
  readonly sustained: SustainedSettings | undefined
}

export interface StateMachineCriterion extends Named {
  readonly kind: 'state-machine'
  /** The states that may follow each state. */
  readonly legal: Readonly<Record<string, readonly string[]>>
  /** The state that nobody may stay in for long. */
  readonly stuck:
    | { readonly state: string; readonly warnMs: number; readonly redMs: number }
    | undefined
  readonly control: Control
}

/** Issues with a label that were opened since the phase began; the metric is `reported/<label>`. */
export interface ReportsCriterion extends Named {
  readonly kind: 'reports'
  readonly label: string
}

/** The metric that shows that telemetry was arriving, and how finely that is checked. */
export interface Control {
  readonly metric: string
  readonly slotMs: number
}

export interface Rollback {
  readonly flags: Readonly<Record<string, string>>
  readonly watchMs: number
  /** Name of the criteria set that the watch after a rollback is judged by. */
  readonly criteria: string
}

export interface Graduation {
  readonly afterMs: number
  readonly issue: { readonly title: string; readonly body: string }
  readonly envExample: string | undefined
}

export interface BlindRule {
  readonly maxMs: number
  readonly decision: 'hold' | 'rollback'
}

/** What a definition may refer to: the metrics that exist, by name. */
export type MetricKinds = Readonly<Record<string, MetricKind>>

/** The phases that will be carried out, in order. */
export function enabledPhases(definition: Definition): readonly Phase[] {
  return definition.phases.filter(phase => phase.enabled)
}

/** The phase of that name, enabled or not. */
export function phaseNamed(definition: Definition, name: string): Phase | undefined {
  return definition.phases.find(phase => phase.name === name)
}

/** Every metric that a criteria set needs, controls included, each once. */
export function metricsOf(criteria: readonly Criterion[]): readonly string[] {
  return [...new Set(criteria.flatMap(one => [one.metric, ...controlsOf(one)]))]
}

function controlsOf(criterion: Criterion): readonly string[] {
  const control = 'control' in criterion ? criterion.control : undefined
  return control === undefined ? [] : [control.metric]
}

/** Parameters bound into the SQL of a target: the definition's own and `environment` (empty: no filter). */
export function parametersOf(
  definition: Definition,
  target: string
): Readonly<Record<string, string>> {
  return {
    ...definition.parameters,
    environment: definition.database.environments?.[target] ?? ''
  }
}
