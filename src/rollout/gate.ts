import type { DispatchGate, EnvironmentGate } from './definition.ts'
import { formatDuration } from './duration.ts'
import { type EnvironmentWish, environmentCommands, ghText } from './gh-command.ts'
import type { GateFacts, Reviewer } from './ports.ts'
import type { PreflightItem } from './preflight.ts'
import { InputError } from './rollgate-error.ts'

/** Stands in a command where only the reader knows who it is. */
const SOMEBODY = 'LOGIN'
const MINUTE_MS = 60_000

/**
 * Whether the environment makes people approve, and how well. `branch` is the default branch, the only
 * one that should use it.
 */
export function judgeGate(
  gate: EnvironmentGate,
  facts: GateFacts | undefined,
  branch = 'main'
): readonly PreflightItem[] {
  const name = `gate ${gate.environment}`
  const lack = lackOf(gate, facts, branch)
  if (lack !== undefined || facts === undefined) {
    return [{ name, outcome: 'fail', message: lack?.message ?? '', remedy: lack?.remedy ?? '' }]
  }
  const message = `approved by ${facts.reviewers.map(reviewerText).join(' or ')}`
  return [{ name, outcome: 'ok', message }, ...weaknesses(name, facts, branch)]
}

/** What a gate without an environment is worth; never a failure. */
export function judgeDispatchGate(phase: string, { allow }: DispatchGate): PreflightItem {
  const name = `gate of ${phase}`
  const distinct = new Set(allow.map(login => login.toLowerCase()))
  return distinct.size > 1
    ? {
        name,
        outcome: 'ok',
        message: `one of ${allow.join(', ')} who did not start it types the rollout's name: weaker than a review`
      }
    : {
        name,
        outcome: 'warn',
        message: `only ${allow.join(', ')} may let it pass, and nobody can when the rollout is theirs`,
        remedy: 'Add a second login to allow.'
      }
}

/**
 * Refuses a gate that would let everything pass, before anything happens.
 * @throws InputError (`gate_missing`, `gate_unprotected`)
 */
export function requireGate(
  gate: EnvironmentGate,
  facts: GateFacts | undefined,
  branch = 'main'
): asserts facts is GateFacts {
  const lack = lackOf(gate, facts, branch)
  if (lack !== undefined) throw new InputError(lack.code, `${lack.message}.`, lack.remedy)
}

/**
 * Whether the environment that holds a target's secrets is there and keeps nobody waiting: checks and
 * rollbacks run in it.
 */
export function judgeKeys(
  name: string,
  facts: GateFacts | undefined,
  branch = 'main'
): readonly PreflightItem[] {
  const item = `keys ${name}`
  const remedy = commandsText({ name, reviewers: [], preventSelfReview: false, branch })
  if (facts === undefined) {
    const message = `there is no environment ${name}, so a job would get no secrets`
    return [
      { name: item, outcome: 'fail', message, remedy: `Put its secrets in after this. ${remedy}` }
    ]
  }
  const waits = waitsIn(facts).map(
    (wait): PreflightItem => ({
      name: item,
      outcome: 'fail',
      message: `${wait}, and a rollback would wait as well`,
      remedy
    })
  )
  const open: readonly PreflightItem[] =
    facts.branches === 'any'
      ? [{ name: item, outcome: 'warn', message: 'any branch gets these secrets', remedy }]
      : []
  const problems = [...waits, ...open]
  return problems.length > 0
    ? problems
    : [
        {
          name: item,
          outcome: 'ok',
          message: 'nobody waits in it, and only chosen branches use it'
        }
      ]
}

/** `priya`, `team acme/booking`. */
export function reviewerText({ kind, name }: Reviewer): string {
  return kind === 'user' ? name : `team ${name}`
}

interface Lack {
  readonly code: 'gate_missing' | 'gate_unprotected'
  readonly message: string
  readonly remedy: string
}

/** Why nobody would be asked; undefined when somebody is. */
function lackOf(
  { environment }: EnvironmentGate,
  facts: GateFacts | undefined,
  branch: string
): Lack | undefined {
  const wish = {
    name: environment,
    reviewers: [SOMEBODY],
    preventSelfReview: true,
    branch,
    waitMinutes: (facts?.waitMs ?? 0) / MINUTE_MS
  }
  const way = `Put the reviewer's login in place of ${SOMEBODY}. ${commandsText(wish)}`
  if (facts === undefined) {
    return {
      code: 'gate_missing',
      message: `The environment ${environment} does not exist, so nobody would be asked`,
      remedy: way
    }
  }
  return facts.reviewers.length > 0
    ? undefined
    : {
        code: 'gate_unprotected',
        message: `The environment ${environment} has no required reviewers, so nobody would be asked`,
        remedy: `Where your plan has no reviewers, write gate: { mode: dispatch, allow: [...] }. Otherwise: ${way}`
      }
}

function weaknesses(name: string, facts: GateFacts, branch: string): readonly PreflightItem[] {
  const remedy = commandsText({
    name: facts.environment,
    reviewers: facts.reviewers.map(wishedReviewer),
    preventSelfReview: true,
    branch
  })
  const found: readonly (readonly [boolean, string, string])[] = [
    [!facts.preventsSelfReview, 'whoever starts a rollout can approve it too', remedy],
    [facts.branches === 'any', 'any branch can use it, with its own workflow files', remedy],
    [
      facts.adminsCanBypass === true,
      'administrators can pass it without a review',
      `Settings, Environments, ${facts.environment}: take the tick from "Allow administrators to bypass configured protection rules".`
    ],
    [
      facts.waitMs > 0,
      `an approved phase still waits ${formatDuration(facts.waitMs)} for its timer`,
      remedy
    ]
  ]
  return found
    .filter(([weak]) => weak)
    .map(([, message, way]) => ({ name, outcome: 'warn', message, remedy: way }))
}

function waitsIn({ reviewers, waitMs }: GateFacts): readonly string[] {
  return [
    ...(reviewers.length === 0
      ? []
      : [`every job in it waits for ${reviewers.map(reviewerText).join(' or ')}`]),
    ...(waitMs === 0 ? [] : [`every job in it waits ${formatDuration(waitMs)} for its timer`])
  ]
}

/** Where only the team's own name is known, it is a team of whoever owns the repository. */
function wishedReviewer({ kind, name }: Reviewer): string {
  return kind === 'user' || name.includes('/') ? name : `{owner}/${name}`
}

function commandsText(wish: EnvironmentWish): string {
  const commands = environmentCommands(wish).map(ghText).join(' && ')
  return `Run: ${commands}`
}
