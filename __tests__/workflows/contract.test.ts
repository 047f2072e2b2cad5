import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { inputsSchema } from '../../src/inputs.ts'
import { PROJECT } from '../bundle/program.ts'
import {
  ALL,
  CALLERS,
  CI,
  type Committed,
  type Input,
  type Job,
  jobsOf,
  OWN,
  readText,
  readWorkflow,
  type Step,
  TEMPLATES
} from './committed.ts'

interface Declared {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean }>>
  readonly outputs: Readonly<Record<string, unknown>>
}

const action: Declared = parse(readText('action.yml'))
const everyWorkflow = [...ALL, readWorkflow(CI)].map(workflow => [workflow.file, workflow] as const)
const everyJob = [...ALL, readWorkflow(CI)].flatMap(jobsOf).map(job => [job.title, job] as const)
const runningJobs = everyJob.filter(([, { job }]) => job.uses === undefined)
const callingJobs = CALLERS.flatMap(jobsOf).map(job => [job.title, job] as const)

const GATE = 'needs.plan.outputs.gate'

/** The steps of a job that run Rollgate. */
function rollgateSteps({ steps = [] }: Job): readonly Step[] {
  return steps.filter(({ uses }) => uses !== undefined && /^\$\/action$|^OWNER\//u.test(uses))
}

function calleeOf({ uses }: Job): Committed {
  return readWorkflow(String(uses).replace(/^\.\//u, ''))
}

test('there are workflows of every kind to be held against the contract', () => {
  expect(OWN.map(({ file }) => path.basename(file))).toEqual([
    'assignment-pipeline-v3-monitor.yml',
    'assignment-pipeline-v3-rollback.yml',
    'assignment-pipeline-v3-rollout.yml',
    'monitor.yml',
    'rollback.yml',
    'rollout.yml',
    'timers.yml'
  ])
  expect(TEMPLATES.map(({ file }) => path.basename(file))).toEqual([
    'rollout-monitor.yml',
    'rollout-rollback.yml',
    'rollout-timers.yml',
    'rollout.yml'
  ])
})

describe('what a run may do', () => {
  test.each(everyWorkflow)('%s grants nothing to all of its jobs', (_, { permissions }) => {
    expect(permissions).toEqual({})
  })

  test.each(everyJob)('%s says which permissions it needs', (_, { job }) => {
    expect(job.permissions).toBeDefined()
  })

  test.each(everyWorkflow)('%s gives the reason for every permission', (_, { text }) => {
    const granted = text.match(/^ {6}[a-z-]+: (?:read|write)\b.*$/gmu) ?? []
    for (const line of granted) expect(line).toMatch(/: (?:read|write) # [^ ].{8,}/u)
  })

  test.each(callingJobs)(
    '%s grants exactly what the called jobs ask for together',
    (_, { job }) => {
      const asked: Record<string, 'read' | 'write'> = {}
      for (const { permissions = {} } of Object.values(calleeOf(job).jobs)) {
        for (const [name, level] of Object.entries(permissions)) {
          if (asked[name] !== 'write') asked[name] = level
        }
      }
      expect(job.permissions).toEqual(asked)
    }
  )

  test.each(everyWorkflow)('%s is started by nobody outside the repository', (file, { on }) => {
    const allowed = ['schedule', 'workflow_call', 'workflow_dispatch']
    const own = Object.keys(on).filter(trigger => !allowed.includes(trigger))
    expect(own).toEqual(file === CI ? ['pull_request', 'push'] : [])
  })

  test.each(everyJob)('%s puts no expression into a script', (_, { job }) => {
    for (const { run = '' } of job.steps ?? []) expect(run).not.toContain('${{')
  })
})

describe('how long and one after another', () => {
  // Apply may build twice and, where production is staged, prove an effect twice.
  test.each(runningJobs)('%s ends by itself, on a slim runner within fifteen minutes', (_, job) => {
    const { 'timeout-minutes': minutes, 'runs-on': runner } = job.job
    expect(minutes).toBeGreaterThan(0)
    expect(minutes).toBeLessThanOrEqual(runner === 'ubuntu-slim' ? 15 : 180)
  })

  test('only apply has a group, which queues and drops nobody', () => {
    const grouped = ALL.flatMap(jobsOf).filter(({ job }) => job.concurrency !== undefined)
    expect(grouped.map(({ title }) => title)).toEqual([
      'rollout.yml apply',
      'workflows/rollout.yml apply'
    ])
    for (const { job } of grouped) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub's
      const group = 'rollgate-${{ inputs.definition }}'
      expect(job.concurrency).toEqual({ group, queue: 'max' })
      expect(job.environment?.name).not.toContain(GATE)
    }
    expect(ALL.filter(({ concurrency }) => concurrency !== undefined)).toEqual([])
  })

  test('a rollback needs no job that waits for a person', () => {
    const files = ['.github/workflows/rollback.yml', 'workflows/rollout-rollback.yml']
    for (const job of files.map(readWorkflow).flatMap(jobsOf)) {
      expect(job.job.environment?.name ?? '').not.toMatch(/gate|wait/u)
    }
  })

  test.each(ALL.flatMap(({ file, on }) => (on.schedule ?? []).map(({ cron }) => [file, cron])))(
    '%s wakes at odd minutes, at least five apart: %s',
    (_, cron = '') => {
      const [, list = ''] = /^([\d,]+) \* \* \* \*$/u.exec(cron) ?? []
      const minutes = list.split(',').map(Number)
      expect(minutes.length).toBeGreaterThan(0)
      for (const minute of minutes) expect(minute % 2).toBe(1)
      const around = [...minutes, Number(minutes[0]) + 60]
      const gaps = minutes.map((minute, index) => Number(around[index + 1]) - minute)
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5)
    }
  )
})

describe('keys and people', () => {
  test.each(everyJob)('%s makes no deployment by naming an environment', (_, { job }) => {
    if (job.environment === undefined) return
    expect(job.environment).toEqual({ name: job.environment.name, deployment: false })
    expect(job.environment.name).toMatch(/^(?:wait-)?\$\{\{ [a-z.-]+ \}\}$/u)
  })

  test('people wait where there are no keys, and keys are where nobody waits', () => {
    const gates = ALL.flatMap(jobsOf).filter(({ job }) => job.environment?.name.includes(GATE))
    expect(gates.map(({ title }) => title)).toEqual([
      'rollout.yml gate',
      'workflows/rollout.yml gate'
    ])
    for (const { job } of gates) {
      expect(job.permissions).toEqual({})
      expect(JSON.stringify(job)).not.toMatch(/secrets\.|uses/u)
    }
  })

  test.each(everyJob)('%s reads secrets only from the environment with the keys', (_, { job }) => {
    if (!JSON.stringify(job.steps ?? []).includes('secrets.')) return
    expect(job.environment?.name).toMatch(
      /^\$\{\{ (?:needs\.(?:next|where)\.outputs\.keys|matrix\.keys) \}\}$/u
    )
  })

  test.each(everyWorkflow)('%s uses no secret and no variable by another name', (_, workflow) => {
    const used = [...workflow.text.matchAll(/\b(secrets|vars)\.(\w+)/gu)].map(([name]) => name)
    const known = [
      'secrets.DATABASE_URL',
      'secrets.VERCEL_TOKEN',
      'secrets.VERCEL_AUTOMATION_BYPASS_SECRET',
      'vars.DATABASE_CA_FILE',
      'vars.VERCEL_ORG_ID',
      'vars.VERCEL_PROJECT_ID'
    ]
    expect([...new Set(used)].filter(name => !known.includes(name))).toEqual([])
    const { secrets } = workflow.on.workflow_call ?? {}
    if (secrets === undefined) return
    const declared = Object.keys(secrets).map(name => `secrets.${name}`)
    expect(declared).toEqual(
      known.filter(name => used.includes(name) && name.startsWith('secrets'))
    )
    for (const { required } of Object.values(secrets)) expect(required).toBe(false)
  })
})

describe('what is handed on', () => {
  test.each(runningJobs)('%s gives Rollgate inputs that it has, and all it needs', (_, { job }) => {
    const required = Object.entries(action.inputs).filter(([, input]) => input.required)
    for (const { with: given = {} } of rollgateSteps(job)) {
      expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(given)))
      const names = required.map(([name]) => name)
      expect(Object.keys(given)).toEqual(expect.arrayContaining(names))
    }
  })

  test.each(runningJobs)('%s hands on only outputs that Rollgate has', (_, { job }) => {
    for (const [name, source] of Object.entries(job.outputs ?? {})) {
      const [, step, output] = /^\$\{\{ steps\.(\w+)\.outputs\.([\w-]+) \}\}$/u.exec(source) ?? []
      expect(output).toBe(name)
      expect(Object.keys(action.outputs)).toContain(output)
      expect(rollgateSteps(job).map(({ id }) => id)).toContain(step)
    }
  })

  test.each(callingJobs)('%s gives inputs that the called workflow has', (_, { job }) => {
    const { inputs = {} } = calleeOf(job).on.workflow_call ?? {}
    const given = job.with ?? {}
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(given)))
    const required = Object.entries(inputs).filter(([, input]) => input.required)
    expect(Object.keys(given)).toEqual(expect.arrayContaining(required.map(([name]) => name)))
    expect(job.secrets).toBe('inherit')
  })

  test.each(callingJobs)('%s names workflows that exist', (_, { job }) => {
    const named = Object.entries(job.with ?? {}).filter(([name]) => name.endsWith('-workflow'))
    expect(named.length).toBeGreaterThan(0)
    for (const [, file] of named) {
      expect(existsSync(path.join(PROJECT, '.github/workflows', String(file)))).toBe(true)
    }
    expect(existsSync(path.join(PROJECT, 'rollouts/assignment-pipeline-v3.yml'))).toBe(true)
  })

  test('what a person accepts reaches the job that resumes, and no other', () => {
    const accepting = ALL.flatMap(jobsOf).filter(({ job }) => {
      const given = [job.with ?? {}, ...rollgateSteps(job).map(step => step.with ?? {})]
      return given.some(inputs => 'accept' in inputs)
    })
    expect(accepting.map(({ title }) => title)).toEqual([
      'assignment-pipeline-v3-rollout.yml rollout',
      'rollout.yml next',
      'workflows/rollout.yml next'
    ])
    for (const { job } of accepting) {
      const [given] = [job.with, ...rollgateSteps(job).map(step => step.with)].filter(Boolean)
      // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub's
      expect(given?.['accept']).toBe('${{ inputs.accept }}')
    }
  })

  test('what a person can choose to accept is what resume takes', () => {
    const files = ['.github/workflows/assignment-pipeline-v3-rollout.yml', 'workflows/rollout.yml']
    for (const { on } of files.map(readWorkflow)) {
      const { options = [], default: usual } = on.workflow_dispatch?.inputs?.['accept'] ?? {}
      expect(options).toHaveLength(4)
      expect(usual).toBe(options[0])
      const taken = options.map(accept => inputsSchema.shape.accept.parse(accept))
      expect(taken).toEqual([[], ['thin'], ['warnings'], ['thin', 'warnings']])
    }
  })

  test.each(everyJob)('%s uses actions of others only at a commit, with its version', (_, job) => {
    const foreign = (job.job.steps ?? []).flatMap(({ uses = '' }) =>
      /^\$\/action$|^OWNER\//u.test(uses) || uses === '' ? [] : [uses]
    )
    for (const uses of foreign) {
      expect(uses).toMatch(/^[\w-]+\/[\w-]+@[\da-f]{40}$/u)
      expect(job.workflow.text).toMatch(new RegExp(`uses: ${uses} # v\\d+\\.\\d+\\.\\d+`, 'u'))
    }
  })

  test.each(everyJob)('%s leaves no token behind in the checkout', (_, { job }) => {
    const checkouts = (job.steps ?? []).filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    for (const step of checkouts) expect(step.with).toEqual({ 'persist-credentials': false })
    // Whoever reads the definition, or tests this repository, needs it on the disk.
    const reads = rollgateSteps(job).some(step => step.with?.['operation'] !== 'wake')
    const tests = job.steps?.some(({ run }) => run?.includes('.ci/') || run?.includes('npm ci'))
    expect(checkouts).toHaveLength(reads || tests ? 1 : 0)
    for (const step of rollgateSteps(job)) {
      expect(step.with?.['definition'] !== undefined).toBe(reads)
    }
  })
})

describe('what a person is asked', () => {
  const dispatched = [...CALLERS, ...TEMPLATES].filter(({ on }) => on.workflow_dispatch)
  const all = dispatched.map(workflow => [workflow.file, workflow] as const)

  const inputsOf = ({ on }: Committed): Readonly<Record<string, Input>> =>
    on.workflow_dispatch?.inputs ?? {}

  test.each(all)('%s says what each input is for, short enough for a phone', (_, workflow) => {
    for (const { description = '' } of Object.values(inputsOf(workflow))) {
      expect(description.length).toBeGreaterThan(8)
      expect(description.length).toBeLessThanOrEqual(72)
    }
  })

  test.each(all)('%s tells its runs apart by name', (_, workflow) => {
    expect(workflow['run-name']).toContain('${{ inputs.')
  })

  test('every rollout workflow takes what Rollgate starts it with', () => {
    const started = {
      rollout: ['operation', 'definition', 'phase', 'confirm', 'reason'],
      monitor: ['woken-by'],
      timers: ['definition']
    }
    for (const [role, names] of Object.entries(started)) {
      const files = dispatched.filter(({ file }) => new RegExp(`\\b${role}\\.yml$`, 'u').test(file))
      expect(files.length).toBeGreaterThan(0)
      for (const workflow of files) {
        expect(Object.keys(inputsOf(workflow))).toEqual(expect.arrayContaining(names))
        const required = Object.entries(inputsOf(workflow)).filter(([, input]) => input.required)
        expect(required.map(([name]) => name).filter(name => !names.includes(name))).toEqual([])
      }
    }
  })

  test('a rollback cannot be started without a reason', () => {
    const files = dispatched.filter(({ file }) => file.endsWith('rollback.yml'))
    expect(files).toHaveLength(2)
    for (const workflow of files) {
      const inputs = inputsOf(workflow)
      const required = Object.keys(inputs).filter(name => inputs[name]?.required)
      expect(required).toEqual(['reason'])
    }
  })
})
