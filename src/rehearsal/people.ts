import { type Definition, enabledPhases } from '../rollout/definition.ts'
import { allKeys } from '../rollout/keys.ts'
import type { Announcement, Announcer, GateFacts, Gates, Review } from '../rollout/ports.ts'

/** The people of the rehearsal: somebody who approves, and somebody who is told. */
export interface People {
  /** What a run can find out about its gates. */
  gates(run: string): Gates
  readonly announcer: Announcer
  readonly announcements: readonly Announcement[]
  /** What was approved, in order: `approve-production-full`. */
  readonly approved: readonly string[]
  /** Somebody answers a run that waits in an environment. @throws Error when there is none */
  review(environment: string, answer: Answer): void
  /** How an environment is set up; undefined takes it away. */
  setUp(environment: string, facts: Partial<GateFacts> | undefined): void
}

export interface Answer {
  readonly run: string
  readonly by?: string
  readonly state?: Review['state']
  readonly comment?: string
}

const APPROVER = 'rehearsal-approver'

/**
 * A reviewer for every gate of the definition, who started nothing; and environments without anybody
 * for its secrets. Reviews belong to a run, whichever attempt of it asks.
 */
export function createPeople(definition: Definition): People {
  const environments = new Map<string, GateFacts>()
  const reviews: { readonly run: string; readonly environment: string; readonly review: Review }[] =
    []
  const announcements: Announcement[] = []
  const approved: string[] = []
  for (const name of gatesOf(definition)) environments.set(name, guarded(name))
  for (const name of allKeys(definition))
    environments.set(name, { ...guarded(name), reviewers: [] })
  return {
    announcements,
    approved,
    announcer: {
      announce: announcement => {
        announcements.push(announcement)
        return Promise.resolve()
      }
    },
    gates: run => ({
      kind: 'environments',
      inspect: name => Promise.resolve(environments.get(name)),
      reviews: name =>
        Promise.resolve(
          reviews
            .filter(one => one.environment === name && idOf(one.run) === idOf(run))
            .map(({ review }) => review)
        )
    }),
    review: (environment, { run, by = APPROVER, state = 'approved', comment = 'rehearsed' }) => {
      if (!environments.has(environment)) throw new Error(`nobody is asked in ${environment}`)
      reviews.push({ run, environment, review: { by, state, comment } })
      if (state === 'approved') approved.push(environment)
    },
    setUp: (environment, facts) => {
      if (facts === undefined) environments.delete(environment)
      else environments.set(environment, { ...guarded(environment), ...facts })
    }
  }
}

function gatesOf(definition: Definition): readonly string[] {
  return enabledPhases(definition).flatMap(({ gate }) =>
    gate?.mode === 'environment' ? [gate.environment] : []
  )
}

function guarded(environment: string): GateFacts {
  return {
    environment,
    reviewers: [{ kind: 'user', name: APPROVER }],
    waitMs: 0,
    preventsSelfReview: true,
    branches: 'selected',
    adminsCanBypass: false
  }
}

/** `4711-2` is the second attempt of run 4711. */
function idOf(run: string): string {
  return run.replace(/-\d+$/u, '')
}
