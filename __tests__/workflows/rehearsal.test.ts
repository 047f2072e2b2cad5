import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { SCENARIOS, type ScenarioName } from '../../src/rehearsal/scenario.ts'
import { rehearseWorkflows } from '../../src/rehearsal/workflows/rehearse-workflows.ts'
import { AUTUMN } from '../../src/rehearsal/workflows/weather.ts'
import {
  openWorkflowWorld,
  type WorkflowWorld,
  type WorkflowWorldSettings
} from '../../src/rehearsal/workflows/world.ts'
import type { LookBody } from '../../src/rollout/events.ts'
import type { State } from '../../src/rollout/state.ts'
import { buildStandInCli } from '../bundle/stage.ts'
import { GITHUB_CONTRACT } from '../rehearsal/github-contract.ts'

jest.setTimeout(300_000)

const HOME = process.env['ROLLGATE_HOME'] ?? process.cwd()

let folder: string

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-workflows-')))
  await buildStandInCli(path.join(folder, 'vercel'))
  await writeFile(path.join(folder, 'brief.yml'), await brief())
})
afterAll(() => rm(folder, { recursive: true }))

/** The worked example with two phases of a few hours. */
async function brief(): Promise<string> {
  const text = await readFile('rollouts/assignment-pipeline-v3.yml', 'utf8')
  const busy = text.replace('units_per_day: 27', 'units_per_day: 400')
  const [head = '', rest = ''] = busy.split(/^phases:$/mu)
  const tail = rest.slice(rest.search(/^criteria:$/mu))
  const phases = `phases:
  - name: staging-shadow
    target: preview
    flags:
      FEATURE_ASSIGNMENT_PIPELINE_V3: "false"
      FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW: "true"
      FEATURE_ASSIGNMENT_PIPELINE_V3_MAX_PARALLEL: "3"
    soak: 30m
    extend: 12h
    checkpoints: [0m, 30m]
    criteria: shadow
  - name: production-full
    target: production
    gate: { environment: approve-production-full, checklist: [Somebody is there] }
    flags:
      FEATURE_ASSIGNMENT_PIPELINE_V3: "true"
      FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW: "false"
      FEATURE_ASSIGNMENT_PIPELINE_V3_MAX_PARALLEL: "3"
    soak: 12h
    extend: 48h
    checkpoints: [0m, 1h, 6h, 12h]
    criteria: full

`
  return `${head}${phases}${tail.replace('after: 7d', 'after: 1d')}`
}

interface Rehearsed {
  readonly world: WorkflowWorld
  readonly state: State
  readonly looks: readonly LookBody[]
}

async function rehearsed(
  scenario: ScenarioName,
  more: Partial<WorkflowWorldSettings>,
  inspect: (rehearsed: Rehearsed) => Promise<void>
): Promise<void> {
  const own = await mkdtemp(path.join(folder, 'run-'))
  await writeFile(path.join(own, 'operations.log'), '')
  const world = await openWorkflowWorld({
    scenario: SCENARIOS[scenario],
    folder: own,
    home: HOME,
    definitionFile: path.join(folder, 'brief.yml'),
    seed: 7,
    baseEnv: { PATH: process.env['PATH'] ?? '' },
    cli: [path.join(folder, 'vercel')],
    weather: AUTUMN,
    contract: GITHUB_CONTRACT,
    ...more
  })
  try {
    const looks: LookBody[] = []
    const state = await rehearseWorkflows(world, SCENARIOS[scenario], {
      phaseBegins: () => undefined,
      phaseIsLive: () => undefined,
      looked: look => void looks.push(look),
      timePassed: () => undefined,
      mishap: () => undefined
    })
    await inspect({ world, state, looks })
  } finally {
    await world.close()
  }
}

/** Everything that anybody could read of what happened on GitHub. */
function everythingSaid({ machine }: WorkflowWorld): string {
  const steps = machine.runs.flatMap(({ jobs }) => jobs.flatMap(job => job.steps))
  return steps.map(({ log, summary }) => `${log}\n${summary}`).join('\n')
}

test('a rollout goes from one press of the button to graduation, with one approval, through late, doubled and dropped cron', async () => {
  await rehearsed('healthy', {}, async ({ world, state }) => {
    const { machine, github, rehearsal, people } = world
    expect(state.status).toBe('graduated')
    const approvals = github.runs.list().flatMap(({ reviews }) => reviews)
    expect(approvals).toEqual([
      {
        environment: 'approve-production-full',
        by: people.approver,
        state: 'approved',
        comment: 'rehearsed'
      }
    ])
    expect(rehearsal.vercel.live('production')?.env).toMatchObject({
      FEATURE_ASSIGNMENT_PIPELINE_V3: 'true'
    })
    expect(github.pullRequests).toHaveLength(1)
    expect(github.issues.length).toBeGreaterThan(0)
    expect(machine.runs.filter(({ conclusion }) => conclusion !== 'success')).toEqual([])
    expect(machine.refusedReviews).toEqual([])
    for (const secret of rehearsal.secrets) expect(everythingSaid(world)).not.toContain(secret)
    expect([github.violations, rehearsal.vercel.violations]).toEqual([[], []])
  })
})

test('a rollout that goes wrong in production is rolled back by the look that sees it', async () => {
  await rehearsed('silent-errors', {}, async ({ world, state, looks }) => {
    expect(state).toMatchObject({ status: 'rolled-back' })
    expect(looks.some(({ decision }) => decision === 'rollback')).toBe(true)
    expect(world.rehearsal.vercel.live('production')?.env).toMatchObject({
      FEATURE_ASSIGNMENT_PIPELINE_V3: 'false'
    })
    expect(world.github.issues.length).toBeGreaterThan(0)
    expect([world.github.violations, world.rehearsal.vercel.violations]).toEqual([[], []])
  })
})
