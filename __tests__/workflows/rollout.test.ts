import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { ROLLGATE } from '../../src/rehearsal/workflows/repository-files.ts'
import { EXACT } from '../../src/rehearsal/workflows/weather.ts'
import { ACTION, PROJECT } from '../bundle/program.ts'
import { CALLERS, REUSABLE } from './committed.ts'
import { approveAfter, ROLLOUT, toGraduation } from './seeds.ts'
import {
  APPROVER,
  GATE,
  HOUR_MS,
  MINUTE_MS,
  openTheatre,
  raiseStage,
  START_MS,
  STARTER,
  type Stage,
  type Theatre
} from './stage.ts'

const HOME = path.dirname(path.dirname(ACTION))
const ROBOT = 'github-actions[bot]'

let theatre: Theatre

beforeAll(async () => {
  theatre = await openTheatre()
})
afterEach(() => theatre.strike())
afterAll(() => theatre.close())

/** Runs of a workflow: who started them, with what, and how they ended. */
function runsOf({ machine }: Stage, file: string) {
  return machine.runs
    .filter(run => run.file === file)
    .map(({ actor, event, inputs, conclusion }) => {
      const { operation, phase } = inputs
      return { actor, event, operation, phase, conclusion }
    })
}

function expectThreeRollouts(stage: Stage, file: string): void {
  const run = { event: 'workflow_dispatch', conclusion: 'success' }
  expect(runsOf(stage, file)).toEqual([
    { ...run, actor: STARTER, operation: 'advance', phase: 'next' },
    { ...run, actor: ROBOT, operation: 'advance', phase: 'live' },
    { ...run, actor: ROBOT, operation: 'graduate', phase: 'live' }
  ])
  const reviews = stage.github.runs.list().flatMap(each => each.reviews)
  expect(reviews).toMatchObject([{ environment: GATE, by: APPROVER, state: 'approved' }])
}

/** What the repository's page of deployments shows of each target, oldest first. */
function shownOf({ github }: Stage, environment: string): readonly string[] {
  const shown = github.deployments.filter(each => each.environment === environment)
  return shown.flatMap(({ statuses }) => statuses.map(each => `${each.state}: ${each.description}`))
}

test('a rollout goes from the press of a button to graduation: one approval, and everything else follows', async () => {
  const stage = await raiseStage(theatre, {
    definition: ROLLOUT,
    machine: { weather: EXACT, people: approveAfter(10 * MINUTE_MS) }
  })
  const { github, machine, serving } = stage
  github.workflowStates.set('rollout-monitor.yml', 'disabled_inactivity')
  await stage.press('rollout.yml', {})
  await toGraduation(stage)

  expectThreeRollouts(stage, 'rollout.yml')
  expect(github.workflowStates.state('rollout-monitor.yml')).toBe('active')
  expect(new Set(runsOf(stage, 'rollout-monitor.yml').map(({ conclusion }) => conclusion))).toEqual(
    new Set(['success'])
  )
  expect(machine.refusedReviews).toEqual([])

  expect(shownOf(stage, 'preview')).toEqual([
    'in_progress: trial is being applied',
    'success: trial is live',
    'success: trial T+0: insufficient, continue',
    'success: trial T+30m: pass, promote'
  ])
  expect(shownOf(stage, 'production')).toEqual([
    'in_progress: live is being applied',
    'success: live is live',
    'success: live T+0: insufficient, continue',
    'success: live T+30m: pass, continue',
    'success: live T+1h: pass, continue',
    'success: live T+2h: pass, promote',
    'success: live has graduated'
  ])

  expect(github.issues).toMatchObject([
    { title: 'Delete the old way', state: 'open', labels: ['rollgate'], by: ROBOT }
  ])
  expect(github.issues[0]?.body).toContain('Nobody goes it any more.')
  const [proposal] = github.pullRequests
  expect(proposal).toMatchObject({ state: 'open', pull: { base: 'main', draft: false } })
  expect(await github.git.read(proposal?.pull.head ?? '', '.env.example')).toBe(
    'FEATURE=true\nFEATURE_MODE=fast\n'
  )
  expect(await github.git.read('main', '.env.example')).toBe('FEATURE=false\nFEATURE_MODE=slow\n')
  expect(serving('production')).toEqual({ FEATURE: 'true', FEATURE_MODE: 'fast' })
  expect(serving('preview')).toEqual({ FEATURE: 'true', FEATURE_MODE: 'fast' })
})

test('the page of deployments leads to what serves, whatever was said of it last', async () => {
  const stage = await raiseStage(theatre, { definition: ROLLOUT })
  await stage.advance()
  const { deployment } = (await stage.state()).phases[0] ?? {}
  expect(stage.github.deployments.at(-1)?.statuses.at(-1)).toMatchObject({
    description: 'trial T+0: insufficient, continue',
    environmentUrl: deployment?.url
  })
})

/** This repository's own callers and what they call, in place of the copied templates. */
async function ownWorkflows(): Promise<Readonly<Record<string, string>>> {
  const files = [
    ...REUSABLE.map(name => `.github/workflows/${name}.yml`),
    ...CALLERS.map(({ file }) => file)
  ]
  const texts = files.map(async file => [file, await readFile(path.join(PROJECT, file), 'utf8')])
  return Object.fromEntries(await Promise.all(texts))
}

test('the same through the callers of this repository and the workflows that they call', async () => {
  const files = { ...(await ownWorkflows()), 'rollouts/assignment-pipeline-v3.yml': ROLLOUT }
  const stage = await raiseStage(theatre, {
    definition: ROLLOUT,
    files,
    machine: {
      weather: EXACT,
      people: approveAfter(10 * MINUTE_MS),
      // `$/action` leads to the repository that a workflow comes from.
      homes: { [ROLLGATE]: HOME, 'acme/shop': HOME }
    }
  })
  const { github, machine } = stage
  const copied = ['rollout-monitor.yml', 'rollout-rollback.yml'].map(name => [
    `.github/workflows/${name}`,
    null
  ])
  await github.git.commit('main', Object.fromEntries(copied), 'Nothing is copied here')
  // As the form of the Actions tab has it, where the only choice is made already.
  const definition = 'rollouts/assignment-pipeline-v3.yml'
  await stage.press('assignment-pipeline-v3-rollout.yml', { definition })
  await toGraduation(stage)
  expectThreeRollouts(stage, 'assignment-pipeline-v3-rollout.yml')
  expect(machine.runs.filter(({ conclusion }) => conclusion !== 'success')).toEqual([])
  expect([...new Set(machine.runs.map(({ file }) => file))].sort()).toEqual([
    'assignment-pipeline-v3-monitor.yml',
    'assignment-pipeline-v3-rollout.yml'
  ])
  expect(github.issues).toHaveLength(1)
  expect(github.pullRequests).toHaveLength(1)
  expect(shownOf(stage, 'production').at(-1)).toBe('success: live has graduated')
})

const WAITS = { '30m': 30, '60m': 60, '2h': 120, '4h': 240, '6h': 360, '12h': 720, '24h': 1440 }

test('timers wake the monitor at the minute, where no cron ever comes', async () => {
  const template = await readFile(path.join(PROJECT, 'workflows/rollout-timers.yml'), 'utf8')
  const timers = template.replace(/OWNER\/rollgate@0+/u, `${ROLLGATE}@${'5'.repeat(40)}`)
  const stage = await raiseStage(theatre, {
    definition: ROLLOUT,
    machine: { people: approveAfter(10 * MINUTE_MS) }
  })
  const { github, machine } = stage
  const rollout = await github.git.read('main', '.github/workflows/rollout.yml')
  const started = rollout?.replace('TIMERS_WORKFLOW: ""', 'TIMERS_WORKFLOW: rollout-timers.yml')
  expect(started).not.toBe(rollout)
  await github.git.commit(
    'main',
    {
      '.github/workflows/rollout.yml': started ?? '',
      '.github/workflows/rollout-timers.yml': timers
    },
    'Set timers'
  )
  for (const [wait, waitMinutes] of Object.entries({ ...WAITS, '36h': 2160, '48h': 2880 })) {
    github.environments.put(`wait-${wait}`, { waitMinutes })
  }
  await stage.press('rollout.yml', {})
  await machine.runUntil(
    async () => (await stage.state()).status === 'graduated',
    START_MS + 12 * HOUR_MS
  )

  const looks = (await stage.events()).flatMap(event => (event.kind === 'look' ? [event] : []))
  const soaked = looks.filter(
    ({ checkpoints, wokenBy }) => checkpoints.length > 0 && wokenBy !== 'dispatch'
  )
  expect(
    soaked.map(({ phase, checkpoints, lateMs, wokenBy }) => [phase, checkpoints, lateMs, wokenBy])
  ).toEqual([
    ['trial', ['T+30m'], 0, 'timer'],
    ['live', ['T+30m'], 0, 'timer'],
    ['live', ['T+1h'], 0, 'timer'],
    ['live', ['T+2h'], 0, 'timer']
  ])
  const minutes = (atMs: number) => (atMs - START_MS) / MINUTE_MS
  const monitors = machine.runs.filter(({ file }) => file === 'rollout-monitor.yml')
  const woken = monitors.map(({ startedMs }) => minutes(startedMs))
  // From the first phase 30, 60, 120 and 240 minutes; the second goes live at its approval, after 40.
  expect(woken.slice(0, 6)).toEqual([30, 60, 70, 100, 120, 160])
  expect((await stage.state()).status).toBe('graduated')
  for (const { id } of machine.runs) machine.cancel(id)
})

test('wake-ups that come twice at the same moment set the next phase going once', async () => {
  const stage = await raiseStage(theatre, {
    definition: ROLLOUT,
    machine: { weather: { ...EXACT, doubled: 1 }, people: approveAfter(10 * MINUTE_MS) }
  })
  await stage.press('rollout.yml', {})
  await toGraduation(stage)
  expectThreeRollouts(stage, 'rollout.yml')
  expect(stage.github.issues).toHaveLength(1)
  expect(stage.github.pullRequests).toHaveLength(1)
})
