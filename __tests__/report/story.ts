import { decide } from '../../src/rollout/decide.ts'
import { enabledPhases, metricsOf, phaseNamed } from '../../src/rollout/definition.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import { parseDuration } from '../../src/rollout/duration.ts'
import { parseEventLog, renderEventLog } from '../../src/rollout/event-log.ts'
import type { EventBody, IntegrityFinding, LedgerEvent } from '../../src/rollout/events.ts'
import { judge, judgeBlind } from '../../src/rollout/judge.ts'
import type { SeriesRow } from '../../src/rollout/ports.ts'
import { dueLook } from '../../src/rollout/schedule.ts'
import { currentPhase, fold, type State } from '../../src/rollout/state.ts'
import { FILE, METRICS, TEXT } from '../rollout/worked-example.ts'

/** The worked example, and rollouts of it told as the events that the operations would write. */

export const definition = parseDefinition({
  file: FILE,
  text: TEXT,
  digest: 'd1'.repeat(32),
  metrics: METRICS
})

export const START = Date.parse('2026-06-01T08:00:00.000Z')

/** ISO 8601, this long after the rollout began: `at('6h')`. */
export function at(span: string): string {
  return new Date(START + (parseDuration(span) ?? Number.NaN)).toISOString()
}

/** Units seen by one look; each metric that is not named saw nothing, telemetry is always alive. */
export interface Seen {
  readonly outcomes?: readonly [hits: number, total: number]
  readonly manual?: readonly [hits: number, total: number]
  readonly errors?: number
  readonly circuitOpen?: number
  readonly starts?: number
}

type Timed<T> = readonly [span: string, body: T]

/** The events with their places, times and authors, read back from the text that the ledger keeps. */
export function told(...bodies: readonly Timed<EventBody>[]): readonly LedgerEvent[] {
  const events = bodies.map(([span, body], index) => ({
    ...body,
    seq: index + 1,
    id: `e${index + 1}`,
    at: at(span),
    by: 'priya',
    run: '4711'
  })) as LedgerEvent[]
  return parseEventLog(renderEventLog(events), 'events.jsonl')
}

export function stateOf(events: readonly LedgerEvent[]): State {
  return fold(events, enabledPhases(definition).at(-1)?.name ?? '')
}

export const started: EventBody = {
  kind: 'rollout-started',
  definition: definition.name,
  number: 1,
  digest: definition.digest
}

export function planned(phase: string): EventBody {
  return { kind: 'phase-planned', phase, digest: 'p1'.repeat(32) }
}

/** The two events of a phase that was applied; its soak begins at the second one. */
export function applied(phase: string, from: string, to: string): readonly Timed<EventBody>[] {
  return [
    [from, applying(phase)],
    [
      to,
      {
        kind: 'phase-applied',
        phase,
        intent: `intent-${phase}`,
        deployment: { id: `dpl_${phase}`, url: `https://${phase}.vercel.app` },
        since: at(to)
      }
    ]
  ]
}

export function applying(phase: string, comment = 'numbers look good'): EventBody {
  const { flags, target, gate } = phaseNamed(definition, phase) ?? missing(phase)
  return {
    kind: 'phase-applying',
    phase,
    target,
    flags,
    before: { flags: {} },
    ...(gate === undefined
      ? {}
      : { approval: { by: 'amara', comment, how: 'reviewer of the gate in run 4711' } })
  }
}

export interface LookOptions {
  readonly blind?: string
  readonly integrity?: readonly IntegrityFinding[]
  readonly lateBy?: string
}

/** The look that would be made then, judged and decided by the real rules. */
export function looked(
  before: readonly Timed<EventBody>[],
  span: string,
  seen: Seen,
  options: LookOptions = {}
): Timed<EventBody> {
  const state = stateOf(told(...before))
  const current = currentPhase(state) ?? missing('a current phase')
  const phase = phaseNamed(definition, current.name) ?? missing(current.name)
  const criteria = definition.criteria[phase.criteria] ?? []
  const reading = readingOf(metricsOf(criteria), current.since ?? '', at(span), seen)
  const due = dueLook(phase, current, Date.parse(at(span)))
  const judgements =
    options.blind === undefined
      ? judge(criteria, reading, {
          horizonMs: phase.soakMs + phase.extendMs,
          checkpointMs: undefined
        })
      : judgeBlind(criteria, { code: 'unreachable', message: options.blind })
  const integrity = options.integrity ?? [
    { code: 'flags', ok: true, message: `all flags on ${phase.target} are as the phase set them` }
  ]
  const made = decide({
    judgements,
    integrity,
    due,
    hold: state.hold,
    accepted: current.accepted ?? [],
    frozen: undefined,
    blind: definition.blind,
    unseenMs: 0
  })
  return [
    span,
    {
      kind: 'look',
      phase: phase.name,
      purpose: 'soak',
      checkpoints: due.checkpoints.map(({ name }) => name),
      final: due.final,
      wokenBy: 'schedule',
      ...(due.dueMs === undefined ? {} : { dueAt: new Date(due.dueMs).toISOString() }),
      lateMs: due.lateMs,
      ...(options.blind === undefined ? { window: windowOf(reading) } : {}),
      digests: { 'sql/metrics/coordinator.sql': 'ab'.repeat(32) },
      judgements: [...judgements],
      integrity: [...integrity],
      ...made,
      evidence: `evidence/${phase.name}/${due.checkpoints.at(-1)?.name ?? 'sentinel'}`
    }
  ]
}

/** A look of the watch after a rollback. */
export function watched(since: string, span: string, starts: number): Timed<EventBody> {
  const criteria = definition.criteria[definition.rollback.criteria] ?? []
  const reading = readingOf(metricsOf(criteria), at(since), at(span), { starts })
  const judgements = judge(criteria, reading, { horizonMs: 1_800_000, checkpointMs: undefined })
  return [
    span,
    {
      kind: 'look',
      phase: 'staging-full',
      purpose: 'watch',
      checkpoints: [],
      final: false,
      wokenBy: 'rollback',
      lateMs: 0,
      window: windowOf(reading),
      digests: {},
      judgements: [...judgements],
      integrity: [],
      decision: 'continue',
      rule: 'soaking',
      reason: 'every criterion passes so far'
    }
  ]
}

export function rollbackRequested(phase: string, reason: string): EventBody {
  const { target } = phaseNamed(definition, phase) ?? missing(phase)
  return { kind: 'rollback-requested', phase, target, reason }
}

/** The first two phases up to a soaking `staging-full`, whose soak began after 2 h. */
export function inStagingFull(): readonly Timed<EventBody>[] {
  const shadow: readonly Timed<EventBody>[] = [
    ['0m', started],
    ['1m', planned('staging-shadow')],
    ...applied('staging-shadow', '2m', '5m')
  ]
  const first = [...shadow, looked(shadow, '6m', {})]
  const last = [...first, looked(first, '36m', {})]
  return [...last, ...applied('staging-full', '110m', '2h')]
}

/** The story goes on with looks, each seeing what it is given. */
export function withLooks(
  before: readonly Timed<EventBody>[],
  ...looks: readonly (readonly [span: string, seen: Seen, options?: LookOptions])[]
): readonly Timed<EventBody>[] {
  const all = [...before]
  for (const [span, seen, options] of looks) all.push(looked(all, span, seen, options))
  return all
}

/** Six hours into `staging-full`, then rolled back and watched until it is verified. */
export function rolledBack(): readonly Timed<EventBody>[] {
  const red = withLooks(
    inStagingFull(),
    ['3h', { outcomes: [9, 9], manual: [0, 9] }],
    ['8h', { outcomes: [28, 40], manual: [0, 40] }]
  )
  const [, last] = red.at(-1) ?? missing('a look')
  const reason = 'reason' in last ? last.reason : missing('a reason')
  return [
    ...red,
    ['8h', rollbackRequested('staging-full', reason)],
    ['482m', step('reinstated', 'preview serves dpl_before again')],
    ['483m', step('flags-off', '3 flags are back')],
    ['485m', { ...step('redeployed', 'preview serves dpl_clean'), since: at('485m') }],
    watched('485m', '500m', 0),
    [
      '515m',
      {
        kind: 'rollback-finished',
        intent: 'e11',
        outcome: 'verified',
        message: 'no new start since 16:05, and legacy events are back'
      }
    ]
  ]
}

/** Every phase promoted; 48 good bookings an hour. */
export function promoted(): readonly Timed<EventBody>[] {
  const quiet = { outcomes: [120, 120], manual: [0, 120] } as const
  const full = withLooks(inStagingFull(), ['50h', quiet])
  const shadow = withLooks([...full, ...applied('production-shadow', '51h', '52h')], ['76h', {}])
  return withLooks([...shadow, ...applied('production-full', '77h', '78h')], ['126h', quiet])
}

/** Twelve bookings in the whole soak and its extension, which a person then accepts as too few. */
export function heldForThin(): readonly Timed<EventBody>[] {
  return withLooks(inStagingFull(), ['98h', { outcomes: [12, 12], manual: [0, 12] }])
}

export function acceptingThin(): EventBody {
  const thin = { verdict: 'insufficient', code: 'thin' } as const
  return {
    kind: 'resumed',
    reason: 'the traffic is what it is',
    accepted: ['success-rate', 'manual-review'].map(criterion => ({ criterion, ...thin }))
  }
}

/** The same twelve, looked at again after that. */
export function promotedOnThin(): readonly Timed<EventBody>[] {
  const accepted = [...heldForThin(), ['99h', acceptingThin()] as const]
  return withLooks(accepted, ['99h', { outcomes: [12, 12], manual: [0, 12] }])
}

function step(name: 'reinstated' | 'flags-off' | 'redeployed', message: string) {
  return { kind: 'rollback-step', intent: 'e11', step: name, message } as const
}

function readingOf(metrics: readonly string[], since: string, until: string, seen: Seen) {
  const rows: Readonly<Record<string, readonly SeriesRow[]>> = {
    outcomes: share(until, seen.outcomes),
    'manual-review': share(until, seen.manual),
    errors: count(until, seen.errors),
    'circuit-open': count(until, seen.circuitOpen),
    'coordinator-starts': count(until, seen.starts),
    telemetry: everyHour(since, until),
    legacy: everyHour(since, until)
  }
  const answers = metrics.map(name => [name, { kind: 'answered', rows: rows[name] ?? [] }] as const)
  return {
    databaseNow: until,
    version: 'PostgreSQL 17.2',
    snapshot: '771:771:',
    since,
    until,
    answers: Object.fromEntries(answers),
    digests: {}
  }
}

function windowOf({ since, until, databaseNow, version, snapshot }: ReturnType<typeof readingOf>) {
  return { since, until, databaseNow, version, snapshot }
}

function share(until: string, tally: readonly [number, number] | undefined): readonly SeriesRow[] {
  return tally === undefined ? [] : [{ bucket: before(until), hits: tally[0], total: tally[1] }]
}

function count(until: string, hits: number | undefined): readonly SeriesRow[] {
  return hits === undefined ? [] : [{ bucket: before(until), hits }]
}

function everyHour(since: string, until: string): readonly SeriesRow[] {
  const [from, to] = [Date.parse(since), Date.parse(until)]
  const hours = Array.from({ length: Math.ceil((to - from) / 3_600_000) }, (_, hour) => hour)
  return hours.map(hour => {
    const bucket = new Date(from + hour * 3_600_000).toISOString()
    return { bucket, hits: 40, latest: before(until) }
  })
}

/** A minute before, so that it lies in the last bucket of the window. */
function before(instant: string): string {
  return new Date(Date.parse(instant) - 60_000).toISOString()
}

function missing(what: string): never {
  throw new Error(`the story needs ${what}`)
}
