import type { IntegrityFinding } from './events.ts'
import { madeOtherwise } from './made-with.ts'
import type { Deployment, Traffic } from './ports.ts'
import type { DeploymentRef } from './state.ts'

/** How a target should stand. */
export interface Expectation {
  readonly target: string
  readonly flags: Readonly<Record<string, string>>
  readonly deployment: DeploymentRef & { readonly intent?: string }
  /**
   * From when on a deployment whose flags nobody can see is believed to have the right ones, ISO 8601.
   */
  readonly since: string
}

/** How a target stands, as its provider tells it. */
export interface Standing {
  readonly traffic: Traffic
  readonly live: Deployment | undefined
  /** The deployment that should be live; undefined when it was deleted. */
  readonly own: Deployment | undefined
  /** What another deployment that is live was made with; undefined where nobody can see it. */
  readonly flags: Readonly<Record<string, string>> | undefined
  /** The youngest one that is ready, asked for where new ones are not served by themselves. */
  readonly newest: Deployment | undefined
}

type Live = Standing & { readonly live: Deployment }

/**
 * Whether the target still serves what it should, or a later deployment with the same flags; and, noted
 * only, what keeps later ones from being served.
 */
export function checkStanding(
  expected: Expectation,
  standing: Standing
): readonly IntegrityFinding[] {
  return [checkServed(expected, standing), ...notesOf(expected, standing)]
}

/** Whether the finding is something that people should know of, though it stands in no way. */
export function isNote({ ok, code }: Pick<IntegrityFinding, 'ok' | 'code'>): boolean {
  return ok && NOTED.has(code)
}

const NOTED: ReadonlySet<string> = new Set([
  'code_changed',
  'promoted_by_hand',
  'auto_assignment_off',
  'deployment_staged'
])

/** Whether a deployment is the one that should be live. */
export function isOwn(
  { deployment: wanted }: { readonly deployment: Pick<Deployment, 'id' | 'intent'> },
  { id, intent }: Deployment
): boolean {
  // Two runs of one intent may have made a deployment each; either is the phase's.
  return id === wanted.id || (intent !== undefined && intent === wanted.intent)
}

/** Each flag that the deployment was made with otherwise: `FEATURE "false" instead of "true"`. */
export function otherFlags(
  wanted: Readonly<Record<string, string>>,
  made: Readonly<Record<string, string>>
): readonly string[] {
  return madeOtherwise(wanted, made).map(({ flag, wanted: value, made: found }) =>
    found === null ? `no ${flag} instead of "${value}"` : `${flag} "${found}" instead of "${value}"`
  )
}

function checkServed(expected: Expectation, standing: Standing): IntegrityFinding {
  const { target } = expected
  const { live, traffic } = standing
  if (live === undefined) {
    const deleted = goneText(expected, standing)
    return broken('deployment_gone', `${target} serves no deployment at all${deleted}`)
  }
  if (isOwn(expected, live)) {
    return { code: 'deployment', ok: true, message: `${target} serves the phase's deployment` }
  }
  const { move } = traffic
  const moved = move?.state === 'moved' && move.to === live.id && !isBefore(move.at, standing.own)
  if (moved && move.how === 'rollback') return rolledBack(expected, { ...standing, live })
  const other = { ...standing, live }
  return moved ? promoted(expected, other) : replaced(expected, other)
}

/** A move from before the deployment that should be live existed says nothing of what came after it. */
function isBefore(at: string | undefined, own: Deployment | undefined): boolean {
  return at !== undefined && own !== undefined && Date.parse(at) < Date.parse(own.createdAt)
}

function rolledBack({ target, flags }: Expectation, { live, flags: made }: Live): IntegrityFinding {
  const other = made === undefined ? [] : otherFlags(flags, made)
  const same = made !== undefined && other.length === 0
  const effect = same
    ? 'which was made with the same flags'
    : `so what this phase turned on is off now${other.length === 0 ? '' : ` (made with ${other.join(', ')})`}`
  return broken(
    'rolled_back_by_hand',
    `somebody rolled ${target} back to ${live.id} by hand, ${effect}; new deployments of ${target} stay staged until one is promoted`
  )
}

function promoted(expected: Expectation, standing: Live): IntegrityFinding {
  const { target, deployment } = expected
  const { live } = standing
  const message = `somebody promoted ${live.id} on ${target} by hand instead of ${deployment.id}`
  const { ok, why } = trustIn(expected, standing)
  return { code: 'promoted_by_hand', ok, message: `${message}, ${why}` }
}

function replaced(expected: Expectation, standing: Live): IntegrityFinding {
  const { target, deployment } = expected
  const { live, own, flags: made } = standing
  const { ok, differs } = trustIn(expected, standing)
  if (ok) return { code: 'code_changed', ok, message: newerText(target, live, own) }
  if (differs !== undefined && isYounger(live, own, expected.since)) {
    return broken(
      'deployment_flags',
      `${target} serves the newer deployment ${live.id}, made with ${differs}`
    )
  }
  const flags = made === undefined || differs === undefined ? '' : `, and was made with ${differs}`
  const instead = `${target} serves ${live.id}, not the phase's deployment ${deployment.id}`
  return isDeleted(own)
    ? broken('deployment_deleted', `${instead}, which was deleted${flags}`)
    : broken('deployment_replaced', `${instead}${flags}`)
}

interface Trust {
  /** It is young enough, and has the flags, as far as anybody can tell. */
  readonly ok: boolean
  readonly why: string
  /** The flags that it was made with otherwise. */
  readonly differs?: string
}

function trustIn({ flags, since }: Expectation, { live, own, flags: made }: Live): Trust {
  if (made === undefined) {
    return Date.parse(live.createdAt) >= Date.parse(since)
      ? { ok: true, why: 'made after it; the flags in it cannot be seen' }
      : { ok: false, why: 'and it may have been made with other flags' }
  }
  const differs = otherFlags(flags, made).join(', ')
  if (differs !== '') return { ok: false, why: `made with ${differs}`, differs }
  return isYounger(live, own, since)
    ? { ok: true, why: 'made after it with the same flags' }
    : { ok: false, why: 'made before it with the same flags' }
}

function isYounger(live: Deployment, own: Deployment | undefined, since: string): boolean {
  return Date.parse(live.createdAt) >= Date.parse(own?.createdAt ?? since)
}

function newerText(target: string, live: Deployment, own: Deployment | undefined): string {
  const serves = `${target} serves the newer deployment ${live.id}`
  const [now, before] = [live.commit, own?.commit]
  if (now !== undefined && now === before) {
    return `deployed again during the soak: ${serves} of the same commit ${now}`
  }
  const of = now === undefined ? '' : ` of commit ${now}`
  const instead = before === undefined ? '' : `, the phase's deployment is of commit ${before}`
  return `code changed during the soak: ${serves}${of}${instead}`
}

function notesOf(expected: Expectation, standing: Standing): readonly IntegrityFinding[] {
  const { target } = expected
  const { traffic, live, newest } = standing
  if (traffic.newOnes === 'served') return []
  const why =
    traffic.newOnes === 'off'
      ? `the automatic assignment of its domains is switched off in the project`
      : `${target} was rolled back, and none was promoted since`
  const waits =
    newest !== undefined &&
    newest.id !== live?.id &&
    !isOwn(expected, newest) &&
    Date.parse(newest.createdAt) > Date.parse(live?.createdAt ?? '')
  return [
    noted('auto_assignment_off', `${target} does not take up new deployments by itself: ${why}`),
    ...(waits
      ? [
          noted(
            'deployment_staged',
            `the newer deployment ${newest.id} is ready and not served by ${target}`
          )
        ]
      : [])
  ]
}

function goneText({ deployment }: Expectation, { own }: Standing): string {
  return isDeleted(own) ? `; the phase's own, ${deployment.id}, was deleted` : ''
}

/** One that was live was ready once. */
function isDeleted(own: Deployment | undefined): boolean {
  return own === undefined || own.state === 'cancelled'
}

function broken(code: string, message: string): IntegrityFinding {
  return { code, ok: false, message }
}

function noted(code: string, message: string): IntegrityFinding {
  return { code, ok: true, message }
}
