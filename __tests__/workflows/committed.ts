import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { PROJECT } from '../bundle/program.ts'

export interface Step {
  readonly id?: string
  readonly name?: string
  readonly if?: string
  readonly uses?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, unknown>>
}

export interface Job {
  readonly name: string
  readonly if?: string
  readonly needs?: readonly string[]
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly secrets?: unknown
  readonly 'runs-on'?: string
  readonly 'timeout-minutes'?: number
  readonly permissions?: Readonly<Record<string, 'read' | 'write'>>
  readonly strategy?: { readonly matrix: Readonly<Record<string, unknown>> }
  readonly environment?: { readonly name: string; readonly deployment: boolean }
  readonly concurrency?: Readonly<Record<string, unknown>>
  readonly outputs?: Readonly<Record<string, string>>
  readonly steps?: readonly Step[]
}

export interface Input {
  readonly description?: string
  readonly type: string
  readonly required?: boolean
  readonly default?: unknown
  readonly options?: readonly string[]
}

interface Trigger {
  readonly inputs?: Readonly<Record<string, Input>>
  readonly secrets?: Readonly<Record<string, { readonly required: boolean }>>
}

export interface Workflow {
  readonly name: string
  readonly 'run-name'?: string
  readonly on: {
    readonly workflow_call?: Trigger
    readonly workflow_dispatch?: Trigger
    readonly schedule?: readonly { readonly cron: string }[]
  }
  readonly permissions: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly concurrency?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

/** A workflow as it is committed. */
export interface Committed extends Workflow {
  /** From the root of the repository. */
  readonly file: string
  readonly text: string
}

export interface CommittedJob {
  /** `rollout.yml apply`, with the folder where it is no workflow of this repository. */
  readonly title: string
  readonly id: string
  readonly job: Job
  readonly workflow: Committed
}

export function readText(file: string): string {
  return readFileSync(path.join(PROJECT, file), 'utf8')
}

export function readWorkflow(file: string): Committed {
  const text = readText(file)
  const workflow: Workflow = parse(text)
  return { ...workflow, file, text }
}

export function workflowsIn(folder: string): readonly Committed[] {
  return readdirSync(path.join(PROJECT, folder))
    .sort()
    .map(name => readWorkflow(`${folder}/${name}`))
}

export function jobsOf(workflow: Committed): readonly CommittedJob[] {
  const shown = workflow.file.replace('.github/workflows/', '')
  return Object.entries(workflow.jobs).map(([id, job]) => ({
    title: `${shown} ${id}`,
    id,
    job,
    workflow
  }))
}

export const CI = '.github/workflows/ci.yml'
export const REUSABLE = ['rollout', 'monitor', 'rollback', 'timers'] as const

export const OWN = workflowsIn('.github/workflows').filter(({ file }) => file !== CI)
export const TEMPLATES = workflowsIn('workflows')
export const CALLERS = OWN.filter(({ on }) => on.workflow_call === undefined)
/** Everything but the checks of this repository itself. */
export const ALL = [...OWN, ...TEMPLATES]
