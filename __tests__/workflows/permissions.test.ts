import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { CALLERS, jobsOf, OWN, readText, TEMPLATES } from './committed.ts'
import {
  definition,
  HOUR_MS,
  live,
  MINUTE_MS,
  openTheatre,
  raiseStage,
  type Stage,
  type Theatre,
  TRIAL
} from './stage.ts'

let theatre: Theatre

beforeAll(async () => {
  theatre = await openTheatre()
})
afterEach(() => theatre.strike())
afterAll(() => theatre.close())

/** Something that only a job with one of its permissions brings about. */
interface Scenario {
  readonly definition?: string
  /** Done before, with all permissions. */
  readonly before?: (stage: Stage) => Promise<unknown>
  /** Done with the permissions in question. */
  readonly act: (stage: Stage) => Promise<unknown>
  /** What can be seen afterwards when nothing was missing. */
  readonly seen: (stage: Stage) => boolean | Promise<boolean>
}

const GRADUATING = definition(
  TRIAL,
  `graduation:
  after: 1h
  issue: { title: Delete the old way, body: Nobody goes it any more. }
  env_example: .env.example
`
)
const GATED = definition(live())
const REPORTED = {
  definition: GATED.replace('quiet:\n', 'quiet:\n    customers: { reported: customer-report }\n'),
  before: async ({ github }: Stage) => github.issueHands.addLabel('customer-report')
}

const advance = (stage: Stage) => stage.advance()
const look = async (stage: Stage) => {
  await stage.pass(31 * MINUTE_MS)
  await stage.monitor()
}
const soaks = async (stage: Stage) => (await stage.state()).phases[0]?.status === 'soaking'
const promoted = async (stage: Stage) => (await stage.state()).phases[0]?.status === 'promoted'
const files = ({ github }: Stage) => github.issues.length > 0
const shows = (says: string) => (stage: Stage) =>
  stage.github.deployments.some(({ statuses }) =>
    statuses.some(({ description }) => description.includes(says))
  )
const waits = ({ machine }: Stage) => machine.runs.at(-1)?.status === 'waiting'
const passesPreflight = ({ machine }: Stage) => machine.runs.at(-1)?.conclusion === 'success'
const preflight = (stage: Stage) => stage.advance({ operation: 'preflight', confirm: '' })

const graduation = {
  definition: GRADUATING,
  before: async (stage: Stage) => {
    await stage.advance()
    await look(stage)
    await stage.pass(61 * MINUTE_MS)
  },
  act: (stage: Stage) => stage.advance({ operation: 'graduate', confirm: '' })
}
const trial = { definition: definition(TRIAL) }
const red = async (stage: Stage) => {
  await stage.pass(10 * MINUTE_MS)
  await stage.trouble()
  await stage.monitor()
}
const takenBack = { ...trial, before: advance, act: (stage: Stage) => stage.rollback() }
const isTakenBack = async (stage: Stage) => (await stage.state()).status === 'rolling-back'

/** By workflow, job and permission. One without a scenario is one that nobody needs. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'rollout.yml next contents': {
    ...trial,
    before: advance,
    act: stage => stage.advance({ operation: 'hold', reason: 'we think', confirm: '' }),
    seen: async stage => (await stage.state()).status === 'held'
  },
  'rollout.yml next actions': { definition: GATED, act: advance, seen: waits },
  'rollout.yml preflight contents': { act: preflight, seen: passesPreflight },
  'rollout.yml preflight actions': { act: preflight, seen: passesPreflight },
  'rollout.yml preflight issues': { ...REPORTED, act: preflight, seen: passesPreflight },
  'rollout.yml plan contents': {
    definition: GATED,
    act: advance,
    seen: async stage => (await stage.kinds()).includes('phase-planned')
  },
  'rollout.yml plan actions': { definition: GATED, act: advance, seen: waits },
  'rollout.yml plan issues': { ...REPORTED, act: advance, seen: waits },
  'rollout.yml apply contents': { ...trial, act: advance, seen: soaks },
  'rollout.yml apply actions': {
    ...trial,
    before: async ({ github }) =>
      github.workflowStates.set('rollout-monitor.yml', 'disabled_inactivity'),
    act: advance,
    seen: ({ github }) => github.workflowStates.state('rollout-monitor.yml') === 'active'
  },
  'rollout.yml apply deployments': { ...trial, act: advance, seen: shows('trial is live') },
  'rollout.yml apply issues': {
    ...trial,
    // The first look could not be recorded, and is made up by the next application.
    before: async stage => {
      const forbidden = { kind: 'answer', status: 403, body: { message: 'Forbidden' } } as const
      stage.github.faults.inject({ path: /^\/graphql$/u, body: /T\+0/u, effect: forbidden })
      await stage.advance()
      await stage.pass(10 * MINUTE_MS)
      await stage.trouble()
    },
    act: advance,
    seen: files
  },
  'rollout.yml graduate contents': {
    ...graduation,
    seen: async stage => (await stage.state()).status === 'graduated'
  },
  'rollout.yml graduate deployments': { ...graduation, seen: shows('has graduated') },
  'rollout.yml graduate issues': { ...graduation, seen: files },
  'rollout.yml graduate pull-requests': {
    ...graduation,
    seen: ({ github }) => github.pullRequests.length > 0
  },
  'rollout-monitor.yml due contents': { ...trial, before: advance, act: look, seen: promoted },
  'rollout-monitor.yml check contents': { ...trial, before: advance, act: look, seen: promoted },
  'rollout-monitor.yml check actions': {
    before: advance,
    act: look,
    seen: ({ machine }) => machine.runs.filter(({ file }) => file === 'rollout.yml').length === 2
  },
  'rollout-monitor.yml check deployments': {
    ...trial,
    before: advance,
    act: look,
    seen: shows('T+30m')
  },
  'rollout-monitor.yml check issues': { ...trial, before: advance, act: red, seen: files },
  'rollout-rollback.yml where contents': { ...takenBack, seen: isTakenBack },
  'rollout-rollback.yml rollback contents': { ...takenBack, seen: isTakenBack },
  'rollout-rollback.yml rollback deployments': { ...takenBack, seen: shows('rolled back') },
  'rollout-rollback.yml rollback issues': { ...takenBack, seen: files },
  'rollout-timers.yml wake actions': {
    act: async ({ press, machine, clock }) => {
      await press('rollout-timers.yml', { definition: '' })
      await machine.advanceTo(clock.now() + HOUR_MS)
    },
    seen: ({ machine }) => machine.runs.some(({ file }) => file === 'rollout-monitor.yml')
  }
}

interface Asked {
  readonly file: string
  readonly job: string
  readonly permission: string
  readonly level: 'read' | 'write'
}

const name = ({ file, job, permission }: Asked): string => `${file} ${job} ${permission}`

function askedIn(workflows: typeof TEMPLATES): readonly Asked[] {
  return workflows.flatMap(jobsOf).flatMap(({ id, job, workflow }) =>
    Object.entries(job.permissions ?? {}).map(([permission, level]) => ({
      file: workflow.file.split('/').at(-1) ?? '',
      job: id,
      permission,
      level
    }))
  )
}

/** The text with that permission one step lower: write becomes read, read none. */
function lowered(text: string, { job, permission, level }: Asked): string {
  const jobs = text.slice(text.indexOf('\njobs:\n'))
  const start = jobs.indexOf(`\n  ${job}:\n`)
  const line = new RegExp(`^      ${permission}: ${level}\\b.*\\n`, 'mu')
  const less = `      ${permission}: ${level === 'write' ? 'read' : 'none'}\n`
  const after = jobs.slice(start).replace(line, less)
  return text.slice(0, text.length - jobs.length) + jobs.slice(0, start) + after
}

async function change(stage: Stage, asked: Asked): Promise<void> {
  const { github } = stage
  const place = `.github/workflows/${asked.file}`
  const text = (await github.git.read('main', place)) ?? ''
  const less = lowered(text, asked)
  expect(less).not.toBe(text)
  await github.git.commit('main', { [place]: less }, 'Ask for less')
}

async function played(scenario: Scenario, asked?: Asked): Promise<boolean> {
  const { definition: text } = scenario
  const stage = await raiseStage(theatre, {
    ...(text === undefined ? {} : { definition: text }),
    files: { '.github/workflows/rollout-timers.yml': TIMERS }
  })
  stage.github.environments.put('wait-30m', { waitMinutes: 30 })
  await scenario.before?.(stage)
  if (asked !== undefined) await change(stage, asked)
  await scenario.act(stage)
  for (const { id, status } of stage.machine.runs) {
    if (status === 'waiting' && stage.machine.run(id).file === 'rollout-timers.yml')
      stage.machine.cancel(id)
  }
  return scenario.seen(stage)
}

const TIMERS = readText('workflows/rollout-timers.yml')
  .replace(/OWNER\/rollgate@0+/u, `rollgate/rollgate@${'5'.repeat(40)}`)
  .replace(/wait: \[.*\]/u, 'wait: [30m]')

const ASKED = askedIn(TEMPLATES)

test('every permission of a template has a scenario that needs it, and every scenario its permission', () => {
  expect(ASKED.map(name).sort()).toEqual(Object.keys(SCENARIOS).sort())
})

test('the reusable workflows ask for the same as the templates', () => {
  const withPlace = (asked: readonly Asked[]) =>
    asked.map(({ file, ...rest }) => ({ ...rest, file: file.replace('rollout-', '') }))
  const reusable = OWN.filter(({ on }) => on.workflow_call !== undefined)
  expect(withPlace(askedIn(reusable))).toEqual(expect.arrayContaining([...withPlace(ASKED)]))
  expect(askedIn(reusable)).toHaveLength(ASKED.length)
})

describe('without it something is missing', () => {
  test.each(ASKED.map(asked => [name(asked), asked] as const))('%s', async (title, asked) => {
    const scenario = SCENARIOS[title]
    if (scenario === undefined) throw new Error(`Nothing here needs ${title}.`)
    expect({ whole: await played(scenario), less: await played(scenario, asked) }).toEqual({
      whole: true,
      less: false
    })
  })
})

const OWN_FILES = Object.fromEntries(OWN.map(({ file, text }) => [file, text]))

describe('a caller that asks for less is refused before anything runs', () => {
  test.each(askedIn(CALLERS).map(asked => [name(asked), asked] as const))(
    '%s',
    async (_, asked) => {
      const stage = await raiseStage(theatre, { files: OWN_FILES })
      await change(stage, asked)
      const inputs = {
        'assignment-pipeline-v3-rollout.yml': { definition: 'rollouts/assignment-pipeline-v3.yml' },
        'assignment-pipeline-v3-monitor.yml': {},
        'assignment-pipeline-v3-rollback.yml': { reason: 'it smells' }
      }[asked.file]
      const id = await stage.press(asked.file, inputs ?? {})
      await stage.machine.settle()
      expect(stage.machine.run(id)).toMatchObject({ conclusion: 'startup_failure', jobs: [] })
    }
  )
})
