import type { EnvironmentRules } from '../github/environment-table.ts'
import type { Agenda } from './agenda.ts'
import { JobFailure } from './records.ts'
import type { SimulatedGithub } from './simulated-github.ts'

/** A job that wants to pass an environment. */
export interface Passage {
  readonly runId: number
  /** Who started the run. */
  readonly initiator: string
  readonly environment: string
  readonly branch: string
  readonly cancelled: AbortSignal
  /** It waits: for people, or for a timer. */
  readonly waits: () => void
}

/** What reviewers are asked; they may answer by themselves, or the test answers for them. */
export interface ReviewRequest {
  readonly runId: number
  readonly environment: string
  readonly reviewers: readonly string[]
  readonly atMs: number
}

export interface Review {
  readonly by: string
  readonly state: 'approved' | 'rejected'
  readonly comment: string
}

/** What people say to a request, and how long they take; undefined when nobody answers. */
export type People = (request: ReviewRequest) => (Review & { readonly afterMs: number }) | undefined

/** A review that GitHub does not let this person make. */
export class ReviewRefused extends Error {
  override readonly name = 'ReviewRefused'
}

export interface Gates {
  /** False when the job was cancelled while it waited. @throws JobFailure when it may not pass */
  pass(passage: Passage): Promise<boolean>
  /**
   * Answers for all jobs of a run that wait at an environment; `bypass` is the button that only an
   * administrator has.
   * @throws ReviewRefused
   */
  review(runId: number, environment: string, review: Review, bypass?: boolean): void
  /** Environments that jobs of a run wait at. */
  waiting(runId: number): readonly string[]
  /** Answers of people that GitHub did not accept. */
  readonly refused: readonly string[]
}

export interface GateParts {
  readonly agenda: Agenda
  readonly github: SimulatedGithub
  readonly people: People | undefined
  readonly defaultBranch: string
  /** Members by the slug of their team. */
  readonly teams: Readonly<Record<string, readonly string[]>>
}

const MINUTE_MS = 60_000
const EXPIRY_MS = 30 * 24 * 60 * MINUTE_MS

interface Pending {
  readonly passage: Passage
  readonly answer: (review: Review) => void
}

export function createGates(parts: GateParts): Gates {
  const { agenda, github, people, teams } = parts
  const pending: Pending[] = []
  const refused: string[] = []
  const atGate = (runId: number, environment: string) =>
    pending.filter(
      ({ passage }) =>
        passage.runId === runId && passage.environment.toLowerCase() === environment.toLowerCase()
    )
  const tellRun = (runId: number): void => {
    github.runs.update(runId, { pending: waiting(runId) })
  }
  const waiting = (runId: number): readonly string[] => [
    ...new Set(
      pending.filter(({ passage }) => passage.runId === runId).map(each => each.passage.environment)
    )
  ]

  const review: Gates['review'] = (runId, environment, given, bypass = false) => {
    const asked = atGate(runId, environment)
    const [first] = asked
    if (first === undefined)
      throw new ReviewRefused(`Nothing in run ${runId} waits at ${environment}.`)
    if (!bypass) requireReviewer(rulesOf(github, environment), first.passage, given.by, teams)
    else if (rulesOf(github, environment).adminsCanBypass === false) {
      throw new ReviewRefused(`Administrators cannot bypass ${environment}.`)
    }
    github.runs.review(runId, { ...given, environment: first.passage.environment })
    for (const each of asked) {
      pending.splice(pending.indexOf(each), 1)
      each.answer(given)
    }
  }

  const ask = (passage: Passage, rules: EnvironmentRules): void => {
    const { runId, environment } = passage
    const reviewers = (rules.reviewers ?? []).map(({ name }) => name)
    const answer = people?.({ runId, environment, reviewers, atMs: agenda.now() })
    if (answer === undefined) return
    agenda.at(agenda.now() + answer.afterMs, 'work', () => {
      try {
        const { by, state, comment } = answer
        if (atGate(runId, environment).length > 0)
          review(runId, environment, { by, state, comment })
      } catch (error) {
        if (!(error instanceof ReviewRefused)) throw error
        refused.push(error.message)
      }
    })
  }

  /** Undefined when it was cancelled first. */
  const answered = (passage: Passage, rules: EnvironmentRules): Promise<Review | undefined> =>
    new Promise((resolve, reject) => {
      const expiry = agenda.at(agenda.now() + EXPIRY_MS, 'guard', () => {
        forget()
        reject(new JobFailure('The job was not approved within 30 days.'))
      })
      const each: Pending = { passage, answer: settle }
      function forget(): void {
        expiry.cancel()
        const place = pending.indexOf(each)
        if (place !== -1) pending.splice(place, 1)
        tellRun(passage.runId)
      }
      function settle(given: Review | undefined): void {
        forget()
        resolve(given)
      }
      const others = atGate(passage.runId, passage.environment)
      pending.push(each)
      tellRun(passage.runId)
      passage.cancelled.addEventListener('abort', () => settle(undefined), { once: true })
      if (others.length === 0) ask(passage, rules)
    })

  return {
    refused,
    waiting,
    review,
    pass: async passage => {
      const rules = rulesOf(github, passage.environment)
      requireBranch(rules, passage, parts.defaultBranch)
      const waitMs = (rules.waitMinutes ?? 0) * MINUTE_MS
      const reviewed = (rules.reviewers ?? []).length > 0
      if (waitMs > 0 || reviewed) passage.waits()
      const timer = waitMs > 0 ? elapsed(agenda, waitMs, passage.cancelled) : undefined
      if (reviewed) requireApproval(passage, await agenda.away(answered(passage, rules)))
      if (timer !== undefined) await agenda.away(timer)
      return !passage.cancelled.aborted
    }
  }
}

/** The rules in force: a plan that does not have them ignores them, and what is missing is made. */
function rulesOf(
  { environments, settings }: SimulatedGithub,
  environment: string
): EnvironmentRules {
  const { rules: made, policies } = environments.get(environment) ?? environments.put(environment)
  // Patterns can be added one by one after the environment was made.
  const rules = Array.isArray(made.branches)
    ? { ...made, branches: policies.map(({ name }) => name) }
    : made
  if (!settings.private || settings.plan === 'enterprise') return rules
  return settings.plan === 'free' || rules.branches === undefined
    ? {}
    : { branches: rules.branches }
}

function requireBranch(
  { branches = 'any' }: EnvironmentRules,
  { branch, environment }: Passage,
  defaultBranch: string
): void {
  if (branches === 'any') return
  const patterns = branches === 'protected' ? [defaultBranch] : branches
  const fits = patterns.some(pattern =>
    new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'u').test(branch)
  )
  if (fits) return
  throw new JobFailure(
    `Branch "${branch}" is not allowed to deploy to ${environment} due to environment protection rules.`
  )
}

function requireApproval({ environment }: Passage, review: Review | undefined): void {
  if (review?.state !== 'rejected') return
  throw new JobFailure(`${environment} was rejected by ${review.by}.`)
}

function requireReviewer(
  { reviewers = [], preventSelfReview }: EnvironmentRules,
  { environment, initiator }: Passage,
  by: string,
  teams: GateParts['teams']
): void {
  const people = reviewers.flatMap(({ kind, name }) =>
    kind === 'user' ? [name] : (teams[name] ?? [])
  )
  if (!people.includes(by)) throw new ReviewRefused(`${by} is no reviewer of ${environment}.`)
  if (preventSelfReview === true && by === initiator) {
    throw new ReviewRefused(`${by} started the run and cannot approve it for ${environment}.`)
  }
}

function elapsed(agenda: Agenda, ms: number, cancelled: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = agenda.at(agenda.now() + ms, 'work', resolve)
    cancelled.addEventListener(
      'abort',
      () => {
        timer.cancel()
        resolve()
      },
      { once: true }
    )
  })
}
