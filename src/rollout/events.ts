import * as z from 'zod'

/**
 * The ledger's events. State is the fold of these and nothing else, so they carry everything that
 * is ever read back. Unknown keys are refused: a ledger written by a newer Rollgate must not be
 * half understood by an older one.
 */

const instant = z.iso.datetime()
const flagValues = z.record(z.string(), z.string())
const wantedFlags = z.record(z.string(), z.union([z.string(), z.null()]))

const deployment = z.strictObject({ id: z.string(), url: z.string() })

const common = {
  /** Position in the rollout, from 1. */
  seq: z.int().positive(),
  /** Unique; a lost response is recognised by it. */
  id: z.string().min(1),
  /** By the clock of the process that wrote it. */
  at: instant,
  /** The person, or the workflow, behind it. */
  by: z.string().min(1),
  /** The run it came from. */
  run: z.string().min(1)
}

const verdict = z.enum(['pass', 'warn', 'red', 'insufficient', 'error'])
const decision = z.enum(['rollback', 'hold', 'continue', 'promote'])
const cause = z.enum(['person', 'frozen', 'error', 'integrity', 'blind', 'warn', 'insufficient'])

/** One criterion as it was judged; `finding` is what verdict/ returned, kept whole. */
const judgement = z.strictObject({
  criterion: z.string(),
  metric: z.string(),
  verdict,
  code: z.string(),
  message: z.string(),
  finding: z.looseObject({})
})

/** A share that is shown beside the judgements and decides nothing. */
const figure = z.strictObject({
  metric: z.string(),
  label: z.string(),
  hits: z.number(),
  total: z.number()
})

const integrityFinding = z.strictObject({
  code: z.string(),
  ok: z.boolean(),
  message: z.string()
})

const rolloutStarted = z.strictObject({
  ...common,
  kind: z.literal('rollout-started'),
  definition: z.string(),
  number: z.int().positive(),
  digest: z.string()
})

const phasePlanned = z.strictObject({
  ...common,
  kind: z.literal('phase-planned'),
  phase: z.string(),
  /** Of definition, phase and flag changes: what the approval binds to. */
  digest: z.string(),
  /** Approvals that the planning run had already had for the gate: only a later one counts. */
  approvalsBefore: z.int().nonnegative().optional()
})

/** Intent. Its id is the deployment's `rollgate` meta. */
const phaseApplying = z.strictObject({
  ...common,
  kind: z.literal('phase-applying'),
  phase: z.string(),
  target: z.string(),
  flags: flagValues,
  /** How the target stood before this rollout's first step on it: what a failure goes back to. */
  before: z.strictObject({ flags: wantedFlags, deployment: deployment.optional() }),
  approval: z.strictObject({ by: z.string(), comment: z.string(), how: z.string() }).optional()
})

/** One part of what was proven before a phase counted as applied; what could not be asked is not proven. */
const effectPart = z.strictObject({
  part: z.enum(['deployment', 'flags', 'probe', 'exposure']),
  proven: z.boolean(),
  message: z.string()
})

/** Result of `phase-applying`. */
const phaseApplied = z.strictObject({
  ...common,
  kind: z.literal('phase-applied'),
  phase: z.string(),
  intent: z.string(),
  deployment,
  /** Start of the soak, by the database's clock. */
  since: instant,
  effect: z.array(effectPart).optional()
})

/** The other result of `phase-applying`: the target stands as it did before. */
const phaseFailed = z.strictObject({
  ...common,
  kind: z.literal('phase-failed'),
  phase: z.string(),
  intent: z.string(),
  code: z.string(),
  message: z.string()
})

const look = z.strictObject({
  ...common,
  kind: z.literal('look'),
  phase: z.string(),
  /** `soak` judges the phase, `watch` what follows a rollback, `graduation` the time after the last phase. */
  purpose: z.enum(['soak', 'watch', 'graduation']),
  /** Names of the checkpoints it is for; none: a sentinel. */
  checkpoints: z.array(z.string()),
  final: z.boolean(),
  wokenBy: z.string(),
  dueAt: instant.optional(),
  lateMs: z.int().nonnegative(),
  /** Absent when the database could not be asked. */
  window: z
    .strictObject({
      since: instant,
      until: instant,
      databaseNow: instant,
      version: z.string(),
      snapshot: z.string()
    })
    .optional(),
  digests: z.record(z.string(), z.string()),
  judgements: z.array(judgement),
  shown: z.array(figure).optional(),
  integrity: z.array(integrityFinding),
  /** Of the definition that it was judged by. */
  definition: z.string().optional(),
  /** Why nothing could move forward, when something forbade it. */
  frozen: z.string().optional(),
  decision,
  /** The one rule that fired. */
  rule: z.string(),
  reason: z.string(),
  /** Why it holds, when it does. */
  cause: cause.optional(),
  /** The folder with everything that was seen. */
  evidence: z.string().optional(),
  /** SHA-256 of the `reading.json` in it. */
  reading: z.string().optional()
})

const held = z.strictObject({
  ...common,
  kind: z.literal('held'),
  cause,
  reason: z.string()
})

/** A finding that a person takes upon themselves: as long as the criterion says just this, it does not hold. */
const acceptance = z.strictObject({
  criterion: z.string(),
  verdict: z.enum(['insufficient', 'warn']),
  code: z.string()
})

const resumed = z.strictObject({
  ...common,
  kind: z.literal('resumed'),
  reason: z.string(),
  accepted: z.array(acceptance).optional()
})

/** Intent. Supersedes every open forward intent; its id is the clean deployment's `rollgate` meta. */
const rollbackRequested = z.strictObject({
  ...common,
  kind: z.literal('rollback-requested'),
  phase: z.string(),
  target: z.string(),
  reason: z.string(),
  /** The deployment that served the target before the rollout touched it. */
  baseline: deployment.optional(),
  /** The deployment that served it when the rollback was wanted: the clean one is made from its code. */
  served: z.string().optional()
})

/** Result of one step of a rollback. */
const rollbackStep = z.strictObject({
  ...common,
  kind: z.literal('rollback-step'),
  intent: z.string(),
  /**
   * Of the old deployment: `reinstated`; `not-reinstated`, which the provider did not do; or `unfit`, so
   * that nobody tried.
   */
  step: z.enum(['reinstated', 'not-reinstated', 'unfit', 'flags-off', 'redeployed']),
  message: z.string(),
  deployment: deployment.optional(),
  /** Start of the watch, by the database's clock when it answered; with `redeployed`. */
  since: instant.optional()
})

const rollbackFinished = z.strictObject({
  ...common,
  kind: z.literal('rollback-finished'),
  intent: z.string(),
  outcome: z.enum(['verified', 'unproven', 'failed']),
  message: z.string()
})

/** What follows by itself; the phase to be advanced to, or the last one at a graduation. */
const followUp = { operation: z.enum(['advance', 'graduate']), phase: z.string() }

/** Intent: whoever wrote it, and nobody beside, is setting it going. */
const dispatching = z.strictObject({ ...common, kind: z.literal('dispatching'), ...followUp })

/** Result of `dispatching`. */
const dispatched = z.strictObject({
  ...common,
  kind: z.literal('dispatched'),
  ...followUp,
  /** The run that was started, where that is known. */
  url: z.string().optional()
})

const graduated = z.strictObject({
  ...common,
  kind: z.literal('graduated'),
  message: z.string(),
  /** Where the clean-up was filed. */
  issue: z.string().optional(),
  /** Where the new default values were proposed. */
  proposal: z.string().optional()
})

const aborted = z.strictObject({ ...common, kind: z.literal('aborted'), reason: z.string() })

export const ledgerEvent = z.discriminatedUnion('kind', [
  rolloutStarted,
  phasePlanned,
  phaseApplying,
  phaseApplied,
  phaseFailed,
  look,
  held,
  resumed,
  rollbackRequested,
  rollbackStep,
  rollbackFinished,
  dispatching,
  dispatched,
  graduated,
  aborted
])

export type LedgerEvent = Readonly<z.infer<typeof ledgerEvent>>
export type EventKind = LedgerEvent['kind']
export type EventOf<K extends EventKind> = Extract<LedgerEvent, { kind: K }>
export type LookEvent = EventOf<'look'>
/** A look before it has its place in the ledger. */
export type LookBody = Omit<LookEvent, 'seq' | 'id' | 'by' | 'run'>
export type Figure = z.infer<typeof figure>
export type Judgement = LookEvent['judgements'][number]
export type Acceptance = Readonly<z.infer<typeof acceptance>>
export type EffectPart = z.infer<typeof effectPart>
export type IntegrityFinding = LookEvent['integrity'][number]
export type Decision = LookEvent['decision']
export type HoldCause = EventOf<'held'>['cause']

type Body<E> = E extends LedgerEvent ? Omit<E, 'seq' | 'id' | 'at' | 'by' | 'run'> : never

/** An event before it is stamped with its place, its time and its author. */
export type EventBody = Body<LedgerEvent>
