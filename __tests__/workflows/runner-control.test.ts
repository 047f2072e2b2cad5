import { afterAll, expect, jest, test } from '@jest/globals'
import {
  closeRepositories,
  dispatched,
  job,
  MINUTE_MS,
  openRepository,
  START_MS
} from './small-repository.ts'

jest.setTimeout(30_000)
afterAll(closeRepositories)

const WAIT = `import { setTimeout as sleep } from 'node:timers/promises'
process.on('SIGINT', () => { console.log('interrupted'); process.exit(130) })
await sleep(Number(process.argv[2]) * 60_000)
console.log('slept')
`
const FILES = { 'wait.mjs': WAIT }
/** A job that takes that many virtual minutes. */
const slow = (id: string, minutes: number, keys = '', more = '') =>
  `${id}: { runs-on: a, ${keys}${keys && ', '}steps: [{ uses: actions/checkout@v7 }, { run: exec node wait.mjs ${minutes} }${more}] }\n`

test('a run that is cancelled interrupts its processes; steps that always run still run', async () => {
  const { machine, said, results, github } = await openRepository(
    dispatched(
      slow('long', 60, '', ', { if: always(), run: echo tidied }') +
        job('next', 'needs: long') +
        job('always', 'needs: long, if: always()')
    ),
    FILES
  )
  const id = await machine.dispatch('main.yml')
  await machine.settle()
  expect(github.runs.get(id)?.status).toBe('in_progress')
  machine.cancel(id)
  await machine.runUntilIdle()
  expect(said(id, 'long')).toContain('interrupted\ntidied')
  expect(results(id)).toEqual({ long: 'cancelled', next: 'cancelled', always: 'success' })
  expect(machine.run(id).conclusion).toBe('cancelled')
})

test('a process that does not heed the interruption is killed', async () => {
  const { machine, results } = await openRepository(
    dispatched(`deaf: { runs-on: a, steps: [{ run: "trap '' INT TERM; sleep 30" }] }\n`)
  )
  const id = await machine.dispatch('main.yml')
  const began = performance.now()
  await new Promise(resolve => setTimeout(resolve, 100))
  machine.cancel(id)
  await machine.settle()
  expect(results(id)).toEqual({ deaf: 'cancelled' })
  expect(performance.now() - began).toBeLessThan(5000)
})

test('one job of a run can be cancelled, and a run at a gate too', async () => {
  const { machine, results, github } = await openRepository(
    dispatched(slow('one', 60) + job('two') + job('gate', 'environment: approve')),
    FILES
  )
  github.environments.put('approve', { reviewers: [{ kind: 'user', name: 'ada' }] })
  const id = await machine.dispatch('main.yml')
  await machine.settle()
  machine.cancelJob(id, 'one')
  await machine.settle()
  expect(results(id)).toEqual({ one: 'cancelled', two: 'success', gate: undefined })
  machine.cancel(id)
  await machine.settle()
  expect(results(id)).toMatchObject({ gate: 'cancelled' })
  expect(github.runs.get(id)).toMatchObject({ status: 'completed', pending: [] })
})

test('a re-run of all jobs is a new attempt of the same commit; one of the failed jobs keeps the others’ outputs', async () => {
  const { machine, run, results, said, github } = await openRepository(
    dispatched(
      `good: { runs-on: a, outputs: { n: "\${{ steps.s.outputs.n }}" }, steps: [{ id: s, run: "echo n=$GITHUB_RUN_ATTEMPT >> $GITHUB_OUTPUT" }] }\n` +
        job('bad', '', 'test "$GITHUB_RUN_ATTEMPT" != 1') +
        `last: { runs-on: a, needs: [good, bad], steps: [{ run: "echo from \${{ needs.good.outputs.n }} by $GITHUB_TRIGGERING_ACTOR" }] }\n`
    )
  )
  const id = await run({}, 'ada')
  const { sha } = machine.run(id)
  expect(results(id)).toEqual({ good: 'success', bad: 'failure', last: 'skipped' })
  await github.git.commit('main', { 'later.txt': 'x' }, 'Later')
  machine.rerun(id, 'bob', 'failed')
  await machine.runUntilIdle()
  expect(results(id)).toEqual({ bad: 'success', last: 'success' })
  expect(said(id, 'last')).toBe('from 1 by bob')
  machine.rerun(id, 'bob')
  await machine.runUntilIdle()
  expect(said(id, 'last')).toBe('from 3 by bob')
  expect(machine.run(id)).toMatchObject({ attempt: 3, sha, actor: 'ada', conclusion: 'success' })
  expect(github.runs.get(id)).toMatchObject({ attempt: 3, triggeringActor: 'bob' })
})

test('a group lets one job in; of those that wait only the newest stays', async () => {
  const { machine, results } = await openRepository(
    dispatched(slow('only', 10, 'concurrency: { group: Mutate }')),
    FILES
  )
  const ids = []
  for (const _ of [1, 2, 3]) {
    ids.push(await machine.dispatch('main.yml'))
    await machine.settle()
  }
  await machine.runUntilIdle()
  expect(ids.map(id => results(id)['only'])).toEqual(['success', 'cancelled', 'success'])
})

test('with queue max everybody waits for their turn, across workflows and in whatever case', async () => {
  const file = (group: string) =>
    dispatched(slow('only', 10, `concurrency: { group: ${group}, queue: max }`))
  const { machine } = await openRepository(file('mutate'), {
    ...FILES,
    '.github/workflows/other.yml': file('MUTATE')
  })
  for (const name of ['main.yml', 'other.yml', 'main.yml', 'other.yml']) {
    await machine.dispatch(name)
    await machine.settle()
  }
  await machine.runUntilIdle()
  const began = machine.runs.map(({ jobs }) => ((jobs[0]?.startedMs ?? 0) - START_MS) / MINUTE_MS)
  expect(began).toEqual([0, 10, 20, 30])
})

test('cancel-in-progress ends the run before; a run waiting at a gate holds its group', async () => {
  const keys =
    'on: workflow_dispatch\npermissions: {}\nconcurrency: { group: one, cancel-in-progress: CANCEL }'
  const files = { ...FILES, '.github/workflows/other.yml': '' }
  const quick = await openRepository(
    dispatched(slow('only', 10), keys.replace('CANCEL', 'true')),
    FILES
  )
  const first = await quick.machine.dispatch('main.yml')
  await quick.machine.settle()
  const second = await quick.run()
  expect(quick.results(first)).toEqual({ only: 'cancelled' })
  expect(quick.results(second)).toEqual({ only: 'success' })

  const gated = dispatched(job('gate', 'environment: approve'), keys.replace('CANCEL', 'false'))
  const { machine, github, run } = await openRepository(gated, { 'wait.mjs': files['wait.mjs'] })
  github.environments.put('approve', { reviewers: [{ kind: 'user', name: 'ada' }] })
  const [waiting, behind] = [await run(), await run()]
  expect([machine.run(waiting).status, machine.run(behind).status]).toEqual(['waiting', 'queued'])
  machine.review(waiting, 'approve', { by: 'ada', state: 'approved', comment: '' })
  await machine.runUntilIdle()
  expect(machine.run(behind).status).toBe('waiting')
})

const INPUTS = dispatched(
  `only: { runs-on: a, steps: [{ run: "echo \${{ toJSON(inputs.sure) }} \${{ inputs.what }} \${{ github.event.inputs.sure }}" }] }\n`,
  `on:
  workflow_dispatch:
    inputs:
      what: { type: choice, options: [this, that], default: this }
      name: { type: string, required: true }
      sure: { type: boolean }
permissions: {}`
)

test('a dispatch fills in defaults, and booleans are booleans', async () => {
  const { run, said } = await openRepository(INPUTS)
  expect(said(await run({ name: 'x', sure: 'true' }), 'only')).toBe('true this true')
  expect(said(await run({ name: 'x', what: 'that' }), 'only')).toBe('false that false')
})

test.each([
  [{}, "Required input 'name' not provided"],
  [{ name: 'x', other: 'y' }, 'Unexpected inputs provided: ["other"]'],
  [{ name: 'x', what: 'neither' }, "Provided value 'neither' for input 'what'"],
  [{ name: 'x', sure: 'maybe' }, "Provided value 'maybe' for input 'sure'"]
])('a dispatch with %j is refused', async (inputs, message) => {
  const { machine } = await openRepository(INPUTS)
  await expect(machine.dispatch('main.yml', inputs)).rejects.toThrow(message)
  expect(machine.runs).toEqual([])
})

test('a dispatch of a workflow that is missing, disabled, wrong or listens to something else is refused', async () => {
  const { machine, github } = await openRepository(INPUTS, {
    '.github/workflows/push.yml': dispatched(job('only'), 'on: push'),
    '.github/workflows/wrong.yml': dispatched(job('only', 'needs: nobody'))
  })
  await expect(machine.dispatch('none.yml')).rejects.toThrow('not on the default branch')
  await expect(machine.dispatch('push.yml')).rejects.toThrow("'workflow_dispatch'")
  await expect(machine.dispatch('wrong.yml')).rejects.toThrow('no dependencies')
  github.workflowStates.set('main.yml', 'disabled_manually')
  await expect(machine.dispatch('main.yml', { name: 'x' })).rejects.toThrow('disabled')
})

test('a dispatch through the API starts a run by the job’s own token, and answers 422 when it is refused', async () => {
  const { machine, github, run, said } = await openRepository(
    dispatched(`chain:
  runs-on: a
  permissions: { actions: write }
  steps:
    - env: { TOKEN: "\${{ github.token }}" }
      run: |
        for name in ada ""; do
          curl -s -o /dev/null -w '%{http_code} ' -X POST -H "authorization: Bearer $TOKEN" \\
            "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/actions/workflows/inputs.yml/dispatches" \\
            -d "{\\"ref\\": \\"main\\", \\"inputs\\": {\\"name\\": \\"$name\\"}}"
        done
`),
    { '.github/workflows/inputs.yml': INPUTS }
  )
  const id = await run()
  expect(said(id, 'chain')).toMatch(/^20[04] 422 $/u)
  expect(machine.runs.map(({ file, actor, conclusion }) => [file, actor, conclusion])).toEqual([
    ['main.yml', 'octocat', 'success'],
    ['inputs.yml', 'github-actions[bot]', 'success']
  ])
  expect(github.violations).toEqual([])
})

test('a fork’s pull request sets nothing going that does not listen to one', async () => {
  const { machine } = await openRepository(INPUTS, {
    '.github/workflows/ci.yml': dispatched(job('only'), 'on: [pull_request, push]')
  })
  expect(await machine.listeners('pull_request')).toEqual(['ci.yml'])
  expect(await machine.listeners('pull_request_target')).toEqual([])
})
