import { afterAll, expect, jest, test } from '@jest/globals'
import { ReviewRefused } from '../../src/rehearsal/workflows/gates.ts'
import {
  closeRepositories,
  dispatched,
  HOUR_MS,
  job,
  MINUTE_MS,
  openRepository,
  START_MS
} from './small-repository.ts'

jest.setTimeout(30_000)
afterAll(closeRepositories)

const GATED = dispatched(
  job('gate', 'environment: { name: approve, deployment: false }') + job('apply', 'needs: gate')
)
const ADA = { by: 'ada', state: 'approved', comment: 'fine' } as const

test('a job waits for one of the reviewers, and what needs it waits too', async () => {
  const { github, machine, run, results } = await openRepository(GATED)
  github.environments.put('approve', { reviewers: [{ kind: 'user', name: 'ada' }] })
  const id = await run()
  expect(machine.run(id).status).toBe('waiting')
  expect(github.runs.get(id)).toMatchObject({ status: 'waiting', pending: ['approve'] })
  machine.review(id, 'approve', ADA)
  await machine.runUntilIdle()
  expect(results(id)).toEqual({ gate: 'success', apply: 'success' })
  expect(github.runs.get(id)).toMatchObject({
    status: 'completed',
    conclusion: 'success',
    pending: [],
    reviews: [{ environment: 'approve', ...ADA }]
  })
})

test('a rejection fails the job', async () => {
  const { github, machine, run, results } = await openRepository(GATED)
  github.environments.put('approve', { reviewers: [{ kind: 'user', name: 'ada' }] })
  const id = await run()
  machine.review(id, 'approve', { ...ADA, state: 'rejected' })
  await machine.runUntilIdle()
  expect(results(id)).toEqual({ gate: 'failure', apply: 'skipped' })
})

test('only reviewers review, members of a team are reviewers, and nobody reviews a run of their own where that is barred', async () => {
  const { github, machine, run } = await openRepository(GATED, {}, { teams: { leads: ['grace'] } })
  github.environments.put('approve', {
    reviewers: [
      { kind: 'user', name: 'ada' },
      { kind: 'team', name: 'leads' }
    ],
    preventSelfReview: true
  })
  const id = await run({}, 'ada')
  expect(() => machine.review(id, 'approve', { ...ADA, by: 'eve' })).toThrow(ReviewRefused)
  expect(() => machine.review(id, 'approve', ADA)).toThrow('ada started the run')
  machine.review(id, 'approve', { ...ADA, by: 'grace' })
  await machine.runUntilIdle()
  expect(machine.run(id).conclusion).toBe('success')
})

test('an administrator may bypass the reviewers where that is not barred', async () => {
  const { github, machine, run } = await openRepository(GATED)
  const reviewers = [{ kind: 'user', name: 'ada' }] as const
  github.environments.put('approve', { reviewers, adminsCanBypass: false })
  const id = await run()
  const root = { ...ADA, by: 'root' }
  expect(() => machine.review(id, 'approve', root, true)).toThrow('cannot bypass')
  github.environments.put('approve', { reviewers })
  machine.review(id, 'approve', root, true)
  await machine.runUntilIdle()
  expect(github.runs.get(id)?.reviews).toMatchObject([{ by: 'root' }])
})

test('people who answer by themselves take their time, and are refused like anybody', async () => {
  const { github, machine, run, clock } = await openRepository(
    GATED,
    {},
    { people: ({ environment }) => ({ ...ADA, comment: environment, afterMs: 10 * MINUTE_MS }) }
  )
  github.environments.put('approve', { reviewers: [{ kind: 'user', name: 'ada' }] })
  const id = await run()
  expect(machine.run(id).conclusion).toBe('success')
  expect(clock.now()).toBe(START_MS + 10 * MINUTE_MS)
  github.environments.put('approve', { reviewers: [{ kind: 'user', name: 'bob' }] })
  expect(machine.run(await run()).status).toBe('waiting')
  expect(machine.refusedReviews).toEqual(['ada is no reviewer of approve.'])
})

test('an environment that is missing is made, unprotected, and lets everybody pass', async () => {
  const { github, machine, run } = await openRepository(GATED)
  const id = await run()
  expect(machine.run(id).conclusion).toBe('success')
  expect(github.environments.get('approve')?.rules).toEqual({})
})

test('a private repository below Enterprise has no reviewers and no timers', async () => {
  const { github, machine, run, clock } = await openRepository(GATED)
  github.environments.put('approve', {
    reviewers: [{ kind: 'user', name: 'ada' }],
    waitMinutes: 30
  })
  github.settings.private = true
  github.settings.plan = 'team'
  expect(machine.run(await run()).conclusion).toBe('success')
  expect(clock.now()).toBe(START_MS)
})

test('a wait timer holds a job for its minutes, at no cost', async () => {
  const { github, machine, run, job: jobOf } = await openRepository(GATED)
  github.environments.put('approve', { waitMinutes: 45 })
  const id = await run()
  expect(jobOf(id, 'gate').startedMs).toBe(START_MS + 45 * MINUTE_MS)
  expect(machine.bill()).toMatchObject({ runs: 1, jobs: 2, minutes: 2 })
})

test('a branch policy fails a job of another branch', async () => {
  const { github, machine, job: jobOf } = await openRepository(GATED)
  await github.git.commit('topic', { 'note.txt': 'x' }, 'Start', { from: 'main' })
  github.environments.put('approve', { branches: ['main', 'release/*'] })
  const id = await machine.dispatch('main.yml', {}, 'ada', 'topic')
  await machine.runUntilIdle()
  expect(jobOf(id, 'gate').annotations[0]?.message).toBe(
    'Branch "topic" is not allowed to deploy to approve due to environment protection rules.'
  )
})

test('a job that nobody reviews fails after thirty days', async () => {
  const { github, machine, run, clock, results } = await openRepository(GATED)
  github.environments.put('approve', { reviewers: [{ kind: 'user', name: 'ada' }] })
  const id = await run()
  await machine.advanceTo(clock.now() + 29 * 24 * HOUR_MS)
  expect(machine.run(id).status).toBe('waiting')
  await machine.advanceTo(clock.now() + 2 * 24 * HOUR_MS)
  expect(results(id)).toMatchObject({ gate: 'failure' })
})

test('environment secrets and variables reach the jobs that name the environment, and no other', async () => {
  const show = `steps: [{ env: { A: "\${{ secrets.KEY }}", B: "\${{ vars.PLACE }}" }, run: "echo [\${#A}] [$B]" }]`
  const { run, said } = await openRepository(
    dispatched(`inside: { runs-on: a, environment: "\${{ github.actor }}-place", ${show} }
outside: { runs-on: a, ${show} }
`),
    {},
    {
      secrets: { environments: { 'octocat-place': { KEY: '12345' } } },
      vars: { repository: { PLACE: 'none' }, environments: { 'octocat-place': { PLACE: 'here' } } }
    }
  )
  const id = await run()
  expect(said(id, 'inside')).toBe('[5] [here]')
  expect(said(id, 'outside')).toBe('[0] [none]')
})

test('jobs that wait for the same environment at the same moment are approved together, later ones anew', async () => {
  const asked: string[] = []
  const { github, run, machine } = await openRepository(
    dispatched(
      job('one', 'environment: approve') +
        job('two', 'environment: approve') +
        job('three', 'environment: approve, needs: [one, two]')
    ),
    {},
    {
      people: ({ environment, runId }) => {
        asked.push(`${runId} ${environment}`)
        return { ...ADA, afterMs: MINUTE_MS }
      }
    }
  )
  github.environments.put('approve', { reviewers: [{ kind: 'user', name: 'ada' }] })
  expect(machine.run(await run()).conclusion).toBe('success')
  expect(asked).toHaveLength(2)
})
