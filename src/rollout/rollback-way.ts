import type { Target } from './definition.ts'
import { madeOtherwise } from './made-with.ts'
import type { Deployment, Traffic } from './ports.ts'
import type { Expectation } from './standing.ts'
import { cleanIntent, type DeploymentRef, type RollbackState, type State } from './state.ts'

/** What is known of production when its old deployment is to be live again. */
export interface Outset {
  /** Undefined when the provider did not answer. */
  readonly traffic: Traffic | undefined
  /** The deployment that served before the rollout; `untold` when the provider did not answer. */
  readonly old: Deployment | 'deleted' | 'untold'
  /** The flags it was made with; undefined where nobody can see them. */
  readonly flags: Readonly<Record<string, string>> | undefined
}

export type Way =
  /** Give it the domains; `there` when it has them, as far as anybody knows. */
  | { readonly kind: 'point'; readonly there: boolean }
  /** The rollback's own deployment serves already. */
  | { readonly kind: 'over' }
  /** It would be no better than what is live. */
  | { readonly kind: 'unfit'; readonly why: string }

/**
 * Whether production's old deployment is to be live again at once. What nobody knows of it stands in
 * nobody's way: the deployment that follows is made with the flags off in any case.
 */
export function wayBack(
  { traffic, old, flags }: Outset,
  baseline: DeploymentRef,
  off: Readonly<Record<string, string>>,
  clean: string | undefined
): Way {
  if (clean !== undefined && traffic?.serves === clean) return { kind: 'over' }
  if (old === 'deleted') return unfit(`${baseline.id} was deleted`)
  if (old !== 'untold' && old.state !== 'ready') return unfit(`${baseline.id} is ${old.state}`)
  const on = flags === undefined ? [] : flagsOn(off, flags)
  if (on.length > 0)
    return unfit(`${baseline.id} was made with other flags itself: ${on.join(', ')}`)
  return { kind: 'point', there: traffic?.serves === baseline.id }
}

/**
 * A flag that was not there at all could not turn anything on; and what nobody may read back, as a
 * sensitive variable, shows as empty.
 */
function flagsOn(
  off: Readonly<Record<string, string>>,
  made: Readonly<Record<string, string>>
): readonly string[] {
  return madeOtherwise(off, made).flatMap(({ flag, made: value }) =>
    value === null || value === '' ? [] : [flag]
  )
}

function unfit(why: string): Way {
  return { kind: 'unfit', why }
}

/** Whether a deployment was made with the rollback's flags; undefined where nobody can see it. */
export function isMadeOff(
  off: Readonly<Record<string, string>>,
  made: Readonly<Record<string, string>> | undefined
): boolean | undefined {
  return made === undefined ? undefined : madeOtherwise(off, made).length === 0
}

/** What a person would point production back at, where that is any use. */
export function baselineByHand({ intent, steps }: RollbackState): DeploymentRef | undefined {
  return steps.some(({ step }) => step === 'unfit') ? undefined : intent.baseline
}

/** How the target should stand once the clean deployment serves it; `since` is the start of the watch. */
export function standingAfter(
  rollback: RollbackState,
  flags: Readonly<Record<string, string>>,
  since: string
): Expectation {
  const made = rollback.steps.findLast(step => step.deployment)?.deployment
  const deployment = { ...(made ?? { id: '', url: '' }), intent: cleanIntent(rollback) }
  return { target: rollback.intent.target, flags, deployment, since }
}

/**
 * The deployment whose code the clean one is made from: what served when the rollback was wanted, or what
 * is known to have served last before.
 */
export function codeToKeep(
  { phases }: Pick<State, 'phases'>,
  { phase, target, served, baseline }: RollbackState['intent'],
  targets: Readonly<Record<string, Pick<Target, 'alias'>>>
): string | undefined {
  const deployed = phases.find(({ name }) => name === phase)?.deployment?.id
  // Without a domain of its own, preview serves the newest of any branch, whoever's it is.
  const anybodys = target === 'preview' && targets[target]?.alias === undefined
  const known = anybodys ? [deployed, served] : [served, deployed]
  return known.find(id => id !== undefined) ?? baseline?.id
}
