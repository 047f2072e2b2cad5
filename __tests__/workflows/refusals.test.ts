import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { LedgerEvent } from '../../src/rollout/events.ts'
import {
  APPROVER,
  DAY_MS,
  DEFINITION_PATH,
  definition,
  GATE,
  LEDGER_BRANCH,
  live,
  MINUTE_MS,
  NAME,
  OFF,
  ON,
  openTheatre,
  protect,
  raiseStage,
  STARTER,
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

const GATED = definition(live())
const PLANNED: readonly LedgerEvent['kind'][] = ['rollout-started', 'phase-planned']

interface Refusal {
  readonly job: string
  readonly code: string
  readonly remedy: string | RegExp
  /** What the ledger has, and had before. */
  readonly ledger?: readonly LedgerEvent['kind'][]
}

/** The job failed, said why and what to do, and changed nothing anywhere. */
async function expectRefused(
  stage: Stage,
  run: number,
  { job, code, remedy, ledger = [] }: Refusal
): Promise<void> {
  expect(stage.results(run)).toMatchObject({ [job]: 'failure' })
  const { annotations, steps } = stage.job(run, job)
  const errors = annotations.filter(({ level }) => level === 'error')
  expect(errors.map(({ title }) => title)).toContainEqual(expect.stringContaining(code))
  expect(errors.map(({ message }) => message).join('\n')).toMatch(remedy)
  const summary = steps.map(step => step.summary).join('\n')
  expect(summary).toContain(code)
  expect(summary).toMatch(remedy)
  expect(await stage.kinds()).toEqual(ledger)
  expectNothingChanged(stage)
}

function expectNothingChanged({ vercel, serving, flags, github }: Stage): void {
  expect(vercel.mutations).toBe(0)
  for (const target of ['preview', 'production']) {
    expect(serving(target)).toEqual(OFF)
    expect(flags(target)).toEqual(OFF)
  }
  expect(github.issues).toEqual([])
  expect(github.deployments).toEqual([])
}

/** A run that waits at its gate. */
async function waiting(stage: Stage): Promise<number> {
  const run = await stage.advance()
  expect(stage.machine.run(run).status).toBe('waiting')
  expect(await stage.kinds()).toEqual(PLANNED)
  return run
}

describe('before anything happens', () => {
  test('a gate whose environment is missing is refused with the command that makes it', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    stage.github.environments.remove(GATE)
    const run = await stage.advance()
    await expectRefused(stage, run, { job: 'next', code: 'gate_missing', remedy: 'gh api' })
    expect(stage.github.git.head(LEDGER_BRANCH)).toBeUndefined()
    expect(stage.github.environments.get(GATE)).toBeUndefined()
  })

  test('a gate without reviewers is refused with the command that adds some', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    protect(stage.github, { reviewers: [] })
    const run = await stage.advance()
    await expectRefused(stage, run, { job: 'next', code: 'gate_unprotected', remedy: 'gh api' })
  })

  test.each([
    ['', 'nobody has confirmed it'],
    ['shorty', 'is not short']
  ])('production is not touched with the confirmation %j', async (confirm, message) => {
    const stage = await raiseStage(theatre, { definition: GATED })
    const run = await stage.advance({ confirm })
    expect(stage.told(run)).toContain(message)
    const remedy = 'with short in the field confirm'
    await expectRefused(stage, run, { job: 'next', code: 'not_confirmed', remedy })
  })

  test.each(['trail', 'live'])('the phase %s, which is not next, is refused', async phase => {
    const stage = await raiseStage(theatre)
    const run = await stage.advance({ phase })
    await expectRefused(stage, run, { job: 'next', code: 'wrong_phase', remedy: 'Ask for trial' })
  })

  test('in a freeze nothing moves forward', async () => {
    const freeze = 'freeze: [{ from: Mon 07:00, to: Mon 20:00, why: the sale }]\n'
    const stage = await raiseStage(theatre, { definition: definition(live(), freeze) })
    const run = await stage.advance()
    expect(stage.told(run)).toContain('the sale')
    await expectRefused(stage, run, {
      job: 'next',
      code: 'frozen',
      remedy: 'when the freeze is over'
    })
  })

  test('a ledger branch that a ruleset closes is refused before a briefing is written', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    stage.github.rulesets.add(LEDGER_BRANCH, ['pull_request'])
    const run = await stage.advance()
    await expectRefused(stage, run, { job: 'plan', code: 'ledger', remedy: /rule/u })
    expect(stage.github.git.head(LEDGER_BRANCH)).toBeUndefined()
  })

  test.each(['rollout-monitor.yml', 'rollout-rollback.yml'])(
    'without %s on the default branch nothing begins',
    async file => {
      const stage = await raiseStage(theatre, {
        definition: GATED
      })
      await stage.github.git.commit('main', { [`.github/workflows/${file}`]: null }, 'Tidy up')
      const run = await stage.advance()
      await expectRefused(stage, run, { job: 'plan', code: 'workflow', remedy: file })
    }
  )

  test('another branch gets no keys', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    await stage.github.git.commit('topic', { 'index.html': 'mine' }, 'Mine', { from: 'main' })
    const run = await stage.machine.dispatch(
      'rollout.yml',
      { confirm: NAME },
      STARTER,
      'refs/heads/topic'
    )
    await stage.machine.runUntilIdle()
    expect(stage.results(run)).toMatchObject({ plan: 'failure', gate: 'skipped', apply: 'skipped' })
    expect(stage.told(run)).toContain('Branch "topic" is not allowed to deploy to production')
    expect(await stage.kinds()).toEqual([])
    expectNothingChanged(stage)
  })

  test('nothing of ours runs for a pull request, a push or a comment, whoever they are from', async () => {
    const { machine } = await raiseStage(theatre)
    const events = [
      'pull_request',
      'pull_request_target',
      'push',
      'issue_comment',
      'issues',
      'workflow_run',
      'repository_dispatch'
    ]
    for (const event of events) expect(await machine.listeners(event)).toEqual([])
    expect(await machine.listeners('schedule')).toEqual(['rollout-monitor.yml'])
  })
})

describe('at the gate', () => {
  test('whoever started the run is not let through by GitHub, and a rejection ends it', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    protect(stage.github, {
      reviewers: [STARTER, APPROVER].map(name => ({ kind: 'user', name }))
    })
    const run = await waiting(stage)
    await expect(stage.approve(run, STARTER)).rejects.toThrow('cannot approve it')
    stage.machine.review(run, GATE, { by: APPROVER, state: 'rejected', comment: 'not today' })
    await stage.machine.runUntilIdle()
    expect(stage.results(run)).toMatchObject({ gate: 'failure', apply: 'skipped' })
    expect(stage.told(run)).toContain(`${GATE} was rejected by ${APPROVER}`)
    expectNothingChanged(stage)

    // What was rejected is not let pass by starting the gate once more.
    stage.machine.rerun(run, STARTER, 'failed')
    await stage.machine.runUntilIdle()
    await stage.approve(run)
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'briefing_of_another_run',
      remedy: 'start live again',
      ledger: PLANNED
    })
  })

  test('whoever repeats the run of somebody else does not approve it', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    protect(stage.github, {
      reviewers: ['linus', APPROVER].map(name => ({ kind: 'user', name }))
    })
    const run = await waiting(stage)
    stage.machine.cancel(run)
    await stage.machine.runUntilIdle()
    stage.machine.rerun(run, 'linus')
    await stage.machine.runUntilIdle()
    await stage.approve(run, 'linus')
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'approved_by_initiator',
      remedy: `let ${APPROVER} approve it`,
      ledger: [...PLANNED, 'phase-planned']
    })
  })

  test('an administrator who passes the gate by is no reviewer', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    protect(stage.github, { adminsCanBypass: true })
    const run = await waiting(stage)
    const review = { by: 'root', state: 'approved', comment: 'I may' } as const
    stage.machine.review(run, GATE, review, true)
    await stage.machine.runUntilIdle()
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'approver_unknown',
      remedy: 'Let one of the reviewers approve it',
      ledger: PLANNED
    })
  })

  test('a gate that loses its reviewers while the briefing is written lets nothing through', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    const run = await stage.press('rollout.yml', { confirm: NAME })
    while (stage.github.git.head(LEDGER_BRANCH) === undefined) await new Promise(setImmediate)
    protect(stage.github, { reviewers: [] })
    await stage.machine.runUntilIdle()
    expect(stage.results(run)).toMatchObject({ gate: 'success' })
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'gate_unprotected',
      remedy: 'gh api',
      ledger: PLANNED
    })
  })
})

describe('approved, and yet', () => {
  test('a flag that somebody changed after the briefing is not written over', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    const run = await waiting(stage)
    stage.vercel.setFlagByHand('production', 'FEATURE_MODE', 'medium')
    await stage.approve(run)
    expect(stage.flags('production')).toEqual({ ...OFF, FEATURE_MODE: 'medium' })
    stage.vercel.setFlagByHand('production', 'FEATURE_MODE', 'slow')
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'briefing_outdated',
      remedy: 'Plan the phase again',
      ledger: PLANNED
    })

    // The job that was refused proves nothing by itself, though the flag is as it was.
    stage.machine.rerun(run, STARTER, 'failed')
    await stage.machine.runUntilIdle()
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'briefing_of_another_run',
      remedy: 'a job that is run again by itself proves nothing',
      ledger: PLANNED
    })

    // The whole run once more asks once more.
    stage.machine.rerun(run, STARTER)
    await stage.machine.runUntilIdle()
    expect(stage.machine.run(run).status).toBe('waiting')
    expectNothingChanged(stage)
  })

  test('a briefing that is too old counts for nothing', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    const run = await waiting(stage)
    await stage.pass(8 * DAY_MS)
    await stage.approve(run)
    expect(stage.told(run)).toContain('8d old; it was good for 7d')
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'briefing_expired',
      remedy: 'Plan the phase again',
      ledger: PLANNED
    })
  })

  test('a newer briefing takes the place of an older one, and a hold stops both', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    const older = await waiting(stage)
    const newer = await stage.advance({}, 'linus')
    const ledger = [...PLANNED, 'phase-planned'] as const
    await stage.approve(older)
    await expectRefused(stage, older, {
      job: 'apply',
      code: 'briefing_of_another_run',
      remedy: 'Approve the newer run',
      ledger
    })
    const hold = await stage.advance({ operation: 'hold', reason: 'the phones ring' })
    expect(stage.results(hold)).toMatchObject({ hold: 'success', plan: 'skipped' })
    await stage.approve(newer)
    expect(stage.told(newer)).toContain('the phones ring')
    await expectRefused(stage, newer, {
      job: 'apply',
      code: 'held',
      remedy: 'Resume it with a reason',
      ledger: [...ledger, 'held']
    })
  })

  test('a freeze that has begun meanwhile stops it', async () => {
    const freeze = 'freeze: [{ from: Mon 12:00, to: Mon 20:00, why: the sale }]\n'
    const stage = await raiseStage(theatre, { definition: definition(live(), freeze) })
    const run = await waiting(stage)
    await stage.pass(5 * 60 * MINUTE_MS)
    await stage.approve(run)
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'frozen',
      remedy: 'when the freeze is over',
      ledger: PLANNED
    })
  })

  test('a definition that was changed after the briefing is not carried out', async () => {
    const stage = await raiseStage(theatre, { definition: GATED })
    const run = await waiting(stage)
    const changed = { [DEFINITION_PATH]: GATED.replaceAll('fast', 'faster') }
    await stage.github.git.commit('main', changed, 'Be faster')
    await stage.approve(run)
    await expectRefused(stage, run, {
      job: 'apply',
      code: 'briefing_outdated',
      remedy: 'Plan the phase again',
      ledger: PLANNED
    })
  })
})

describe('behind a first phase', () => {
  /** The trial is promoted, and the bot has started the phase behind the gate. */
  async function promoted(): Promise<{ readonly stage: Stage; readonly run: number }> {
    const stage = await raiseStage(theatre)
    protect(stage.github, {
      reviewers: [STARTER, APPROVER].map(name => ({ kind: 'user', name }))
    })
    await stage.advance()
    await stage.pass(31 * MINUTE_MS)
    await stage.monitor()
    const run = stage.machine.runs.find(({ status }) => status === 'waiting')
    expect(run).toMatchObject({ actor: 'github-actions[bot]', file: 'rollout.yml' })
    return { stage, run: run?.id ?? 0 }
  }

  test('whoever started the rollout does not approve what the bot has dispatched', async () => {
    const { stage, run } = await promoted()
    const before = await stage.kinds()
    const mutations = stage.vercel.mutations
    await stage.approve(run, STARTER)
    expect(stage.told(run)).toContain('approved_by_initiator')
    expect(stage.told(run)).toContain(`let ${APPROVER} approve it`)
    expect(await stage.kinds()).toEqual(before)
    expect(stage.vercel.mutations).toBe(mutations)
    expect(stage.serving('production')).toEqual(OFF)
  })

  test('an approval does not outlive a red look', async () => {
    const { stage, run } = await promoted()
    await stage.pass(65 * MINUTE_MS)
    await stage.trouble()
    await stage.monitor()
    expect(stage.serving('preview')).toEqual(OFF)
    const before = await stage.kinds()
    expect(before).toContain('rollback-requested')
    const mutations = stage.vercel.mutations
    await stage.approve(run)
    expect(stage.results(run)).toMatchObject({ apply: 'failure' })
    expect(stage.told(run)).toMatch(/rolling_back|rolled back/u)
    expect(await stage.kinds()).toEqual(before)
    expect(stage.vercel.mutations).toBe(mutations)
    for (const target of ['preview', 'production']) expect(stage.serving(target)).toEqual(OFF)
  })
})

describe('where there are no reviewers', () => {
  test('a second person from the list is needed, and is enough', async () => {
    const gate = `{ mode: dispatch, allow: [${STARTER}, ${APPROVER}], checklist: [Somebody], valid_for: 7d }`
    const stage = await raiseStage(theatre, { definition: definition(live({ gate })) })
    const first = await stage.advance()
    expect(stage.results(first)).toMatchObject({
      plan: 'success',
      gate: 'skipped',
      apply: 'skipped'
    })
    expect(stage.told(first)).toContain(`${APPROVER} reads the briefing`)

    const again = await stage.advance()
    expect(stage.results(again)).toMatchObject({ next: 'success', apply: 'skipped' })
    const stranger = await stage.advance({}, 'mallory')
    expect(stage.results(stranger)).toMatchObject({ apply: 'skipped' })
    expect(stage.told(stranger)).toContain('is not on the list of its gate')
    expect(await stage.kinds()).toEqual(PLANNED)
    expectNothingChanged(stage)

    const second = await stage.advance({}, APPROVER)
    expect(stage.results(second)).toMatchObject({ gate: 'skipped', apply: 'success' })
    expect(stage.serving('production')).toEqual(ON)
  })
})

test('a rollback with the wrong name puts nothing back', async () => {
  const stage = await raiseStage(theatre, { definition: definition(TRIAL) })
  await stage.advance()
  const before = await stage.kinds()
  const run = await stage.rollback({ confirm: 'assignment-pipeline-v3' })
  expect(stage.results(run)).toMatchObject({ rollback: 'failure' })
  expect(stage.told(run)).toContain('not_confirmed')
  expect(stage.told(run)).toContain('with short in the field confirm')
  expect(await stage.kinds()).toEqual(before)
  expect(stage.serving('preview')).toEqual(ON)
})

test("another owner's reusable workflow, which gets no secrets, says the three reasons", async () => {
  const caller = `name: Rollout
on:
  workflow_dispatch:
    inputs:
      confirm: { type: string, default: "" }
permissions: {}
jobs:
  rollout:
    permissions: { contents: write, actions: write, deployments: write, issues: write, pull-requests: write }
    uses: rollgate/rollgate/.github/workflows/rollout.yml@${'5'.repeat(40)}
    with: { definition: ${DEFINITION_PATH}, confirm: "\${{ inputs.confirm }}" }
    secrets: inherit
`
  const files = { '.github/workflows/rollout.yml': caller }
  const stage = await raiseStage(theatre, { definition: GATED, files })
  const run = await stage.advance()
  const told = stage.told(run)
  expect(stage.results(run)).toMatchObject({ 'rollout / plan': 'failure' })
  expect(told).toContain('vercel-token (VERCEL_TOKEN) not given')
  expect(told).toContain('it is not set in the environment that the job names')
  expect(told).toContain('belongs to another owner')
  expect(told).toContain('copy the workflows in instead: rollgate init')
  expect(told).toContain('secrets: inherit')
  expect(await stage.kinds()).toEqual([])
  expectNothingChanged(stage)
})
