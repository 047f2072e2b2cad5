import { parseDuration } from '../rollout/duration.ts'
import {
  environmentCommands,
  type GhCommand,
  secretCommand,
  variableCommand
} from '../rollout/gh-command.ts'
import type { Answers } from './answers.ts'
import { plannedPhases } from './phases.ts'

/** Commands that set up one thing on GitHub, and what it is. */
export interface Setting {
  readonly what: string
  readonly commands: readonly GhCommand[]
}

/** The name of the secret that holds the token for Vercel. */
export const VERCEL_TOKEN = 'VERCEL_TOKEN'

/**
 * What has to be set up on GitHub, in order: environments with keys and without people, environments
 * with people and without keys, variables, secrets. `waits` are the wait timers, as `30m`.
 */
export function settings(answers: Answers, waits: readonly string[]): readonly Setting[] {
  const keys = [...new Set([answers.keys.preview, answers.keys.production])]
  return [
    ...keys.map(name => keysEnvironment(answers, name)),
    ...gateEnvironments(answers),
    ...timerEnvironments(answers, waits),
    {
      what: 'The Vercel project, which is no secret',
      commands: keys.flatMap(environment => [
        variableCommand({ environment, name: 'VERCEL_ORG_ID', value: answers.vercel.orgId }),
        variableCommand({ environment, name: 'VERCEL_PROJECT_ID', value: answers.vercel.projectId })
      ])
    },
    ...keys.map(environment => ({
      what: `Secrets of ${environment}, one command at a time: gh asks for each value, which is shown nowhere`,
      commands: [VERCEL_TOKEN, answers.databaseSecret].map(name =>
        secretCommand({ environment, name })
      )
    }))
  ]
}

/** Reviewers here would keep a rollback waiting for a click. */
function keysEnvironment({ branch }: Answers, name: string): Setting {
  return {
    what: `Environment ${name}: holds keys and waits for nobody, for ${branch} only; takes away reviewers it has`,
    commands: environmentCommands({ name, reviewers: [], preventSelfReview: false, branch })
  }
}

function gateEnvironments(answers: Answers): readonly Setting[] {
  const { gate, branch } = answers
  if (gate.mode === 'dispatch') return []
  return plannedPhases(answers).flatMap(({ name: phase, gate: name }) =>
    name === undefined
      ? []
      : [
          {
            what: `Environment ${name}: the people who let ${phase} pass, and no keys`,
            commands: environmentCommands({
              name,
              reviewers: gate.reviewers,
              preventSelfReview: true,
              branch
            })
          }
        ]
  )
}

function timerEnvironments({ branch }: Answers, waits: readonly string[]): readonly Setting[] {
  if (waits.length === 0) return []
  return [
    {
      what: 'Environments that wait, to wake the monitor in time',
      commands: waits.flatMap(wait =>
        environmentCommands({
          name: `wait-${wait}`,
          reviewers: [],
          preventSelfReview: false,
          branch,
          waitMinutes: (parseDuration(wait) ?? 0) / 60_000
        })
      )
    }
  ]
}
