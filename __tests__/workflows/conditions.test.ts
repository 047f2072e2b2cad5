import { describe, expect, test } from '@jest/globals'
import { ALL, CI, jobsOf, readWorkflow } from './committed.ts'
import { interpolate, type Needed, starts } from './expression.ts'

const OPERATIONS = ['advance', 'preflight', 'status', 'hold', 'resume', 'graduate'] as const
const RESULTS = ['success', 'failure', 'cancelled', 'skipped'] as const
const ROLLOUTS = ['.github/workflows/rollout.yml', 'workflows/rollout.yml'] as const
const MONITORS = ['.github/workflows/monitor.yml', 'workflows/rollout-monitor.yml'] as const
const ROLLBACKS = ['.github/workflows/rollback.yml', 'workflows/rollout-rollback.yml'] as const

const ok = (outputs: Readonly<Record<string, string>>): Needed => ({ result: 'success', outputs })

function conditionOf(file: string, id: string): string {
  const condition = readWorkflow(file).jobs[id]?.if
  if (condition === undefined) throw new Error(`${file} ${id} has no condition`)
  return condition
}

test('every condition of every workflow is in the tables below', () => {
  const found = [...ALL, readWorkflow(CI)]
    .flatMap(jobsOf)
    .filter(({ job }) => job.if !== undefined)
    .map(({ title }) => title)
  const inTables = [
    ...['preflight', 'plan', 'gate', 'apply', 'graduate'].flatMap(id => [
      `rollout.yml ${id}`,
      `workflows/rollout.yml ${id}`
    ]),
    'monitor.yml check',
    'workflows/rollout-monitor.yml check',
    'rollback.yml rollback',
    'workflows/rollout-rollback.yml rollback',
    'ci.yml ci-ok'
  ]
  expect(found.sort()).toEqual(inTables.sort())
  const steps = ALL.flatMap(jobsOf).flatMap(({ job }) => job.steps ?? [])
  expect(steps.filter(step => step.if !== undefined)).toEqual([])
})

describe.each(ROLLOUTS)('%s', file => {
  const { jobs } = readWorkflow(file)
  const when = (id: string) => conditionOf(file, id)

  test.each(OPERATIONS)('%s starts the jobs that are for it, and no others', operation => {
    const next = ok({ go: 'true', keys: 'staging', 'all-keys': '["staging"]', phase: 'first' })
    const around = { inputs: { operation }, needs: { next } }
    const started = ['preflight', 'plan', 'graduate'].filter(id => starts(when(id), around))
    const expected: Partial<Record<string, readonly string[]>> = {
      advance: ['plan'],
      preflight: ['preflight'],
      graduate: ['graduate']
    }
    expect(started).toEqual(expected[operation] ?? [])
  })

  test.each([
    ['advance', 'next'],
    ['preflight', 'status'],
    ['graduate', 'status'],
    ['status', 'status'],
    ['hold', 'hold'],
    ['resume', 'resume']
  ])('the first job carries out %s as %s', (operation, carriedOut) => {
    const step = jobs['next']?.steps?.find(({ id }) => id === 'rollgate')
    const source = String(step?.with?.['operation'])
    expect(interpolate(source, { inputs: { operation } })).toBe(carriedOut)
  })

  test.each([
    ['advance', 'next'],
    ['preflight', 'next'],
    ['graduate', 'next'],
    ['status', 'status'],
    ['hold', 'hold'],
    ['resume', 'resume']
  ])('on %s the first job is called %s', (operation, shown) => {
    expect(interpolate(jobs['next']?.name ?? '', { inputs: { operation } })).toBe(shown)
  })

  test('a plan is made exactly when the first job succeeded and says go', () => {
    const started = RESULTS.flatMap(result =>
      ['true', 'false', ''].flatMap(go =>
        [false, true].flatMap(cancelled => {
          const needs = { next: { result, outputs: { go } } }
          const around = { inputs: { operation: 'advance' }, needs, cancelled }
          return starts(when('plan'), around) ? [`${result} go=${go} cancelled=${cancelled}`] : []
        })
      )
    )
    expect(started).toEqual(['success go=true cancelled=false'])
  })

  test('a preflight also runs when the status of the rollout has failed the first job', () => {
    const started = RESULTS.flatMap(result =>
      ['["staging"]', ''].flatMap(allKeys =>
        [false, true].flatMap(cancelled => {
          const needs = { next: { result, outputs: { 'all-keys': allKeys } } }
          const around = { inputs: { operation: 'preflight' }, needs, cancelled }
          return starts(when('preflight'), around) ? [`${result} ${allKeys} ${cancelled}`] : []
        })
      )
    )
    expect(started).toEqual(RESULTS.map(result => `${result} ["staging"] false`))
  })

  test('a graduation runs only after a first job that succeeded', () => {
    const started = RESULTS.filter(result =>
      starts(when('graduate'), { inputs: { operation: 'graduate' }, needs: { next: { result } } })
    )
    expect(started).toEqual(['success'])
    const needs = { next: ok({}) }
    const cancelled = { inputs: { operation: 'graduate' }, needs, cancelled: true }
    expect(starts(when('graduate'), cancelled)).toBe(false)
  })

  test('a gate is asked exactly when the plan succeeded, says go and names one', () => {
    const started = plans().flatMap(({ plan, cancelled, shown }) =>
      starts(when('gate'), { needs: { next: ok({}), plan }, cancelled }) ? [shown] : []
    )
    expect(started).toEqual(['plan success, go=true, gate=approve, cancelled=false'])
  })

  test('apply runs exactly when the plan stands and its gate was passed or is not needed', () => {
    const started = plans().flatMap(({ plan, cancelled, shown }) =>
      RESULTS.flatMap(result => {
        const needs = { next: ok({}), plan, gate: { result } }
        return starts(when('apply'), { needs, cancelled }) ? [`${shown}, gate ${result}`] : []
      })
    )
    expect(started).toEqual([
      'plan success, go=true, gate=, cancelled=false, gate skipped',
      'plan success, go=true, gate=approve, cancelled=false, gate success'
    ])
  })

  test('apply never runs when the first job did not succeed', () => {
    const plan: Needed = { result: 'skipped', outputs: {} }
    const gate: Needed = { result: 'skipped', outputs: {} }
    for (const result of RESULTS) {
      const needs = { next: { result }, plan, gate }
      expect(starts(when('apply'), { needs })).toBe(false)
    }
  })
})

/** Every way in which a plan can end, with and without somebody cancelling the run. */
function plans() {
  return RESULTS.flatMap(result =>
    ['true', 'false', ''].flatMap(go =>
      ['', 'approve'].flatMap(gate =>
        [false, true].map(cancelled => ({
          plan: { result, outputs: { go, gate } } satisfies Needed,
          cancelled,
          shown: `plan ${result}, go=${go}, gate=${gate}, cancelled=${cancelled}`
        }))
      )
    )
  )
}

test.each(MONITORS)('%s checks whatever is due, also when one definition failed', file => {
  const started = RESULTS.flatMap(result =>
    ['[]', '', '[{"keys":"staging"}]'].flatMap(due =>
      [false, true].flatMap(cancelled => {
        const needs = { due: { result, outputs: { due } } }
        return starts(conditionOf(file, 'check'), { needs, cancelled })
          ? [`${result} ${due} ${cancelled}`]
          : []
      })
    )
  )
  expect(started).toEqual(RESULTS.map(result => `${result} [{"keys":"staging"}] false`))
})

test.each(MONITORS)('%s says that cron woke it when nobody else did', file => {
  const { jobs } = readWorkflow(file)
  const [source] = (jobs['check']?.steps ?? []).flatMap(step => step.with?.['woken-by'] ?? [])
  expect(interpolate(String(source), { inputs: {} })).toBe('cron')
  expect(interpolate(String(source), { inputs: { 'woken-by': '' } })).toBe('cron')
  expect(interpolate(String(source), { inputs: { 'woken-by': 'timer' } })).toBe('timer')
})

test.each(ROLLBACKS)('%s rolls back whenever it knows the keys', file => {
  const started = RESULTS.flatMap(result =>
    ['production', ''].flatMap(keys =>
      [false, true].flatMap(cancelled => {
        const needs = { where: { result, outputs: { keys } } }
        return starts(conditionOf(file, 'rollback'), { needs, cancelled })
          ? [`${result} ${keys} ${cancelled}`]
          : []
      })
    )
  )
  expect(started).toEqual(RESULTS.map(result => `${result} production false`))
})

test('the last check of this repository also runs when a check before it failed', () => {
  const condition = conditionOf(CI, 'ci-ok')
  for (const result of RESULTS) {
    expect(starts(condition, { needs: { check: { result } } })).toBe(true)
  }
})

test.each([
  ['advance', 'next', '', 'advance to next'],
  ['advance', 'production-full', 'because', 'advance to production-full'],
  ['hold', 'next', 'too many errors', 'hold: too many errors'],
  ['status', 'next', '', 'status']
])('a run of %s (%s, "%s") is called %s', (operation, phase, reason, shown) => {
  const inputs = { operation, phase, reason, definition: 'rollouts/a.yml' }
  for (const file of ['.github/workflows/assignment-pipeline-v3-rollout.yml', ROLLOUTS[1]]) {
    const name = interpolate(readWorkflow(file)['run-name'] ?? '', { inputs })
    expect(name).toMatch(/ · (?:assignment-pipeline-v3|rollouts\/a\.yml)$/u)
    expect(name.split(' · ')[0]).toBe(shown)
  }
})
