import { afterAll, expect, jest, test } from '@jest/globals'
import { closeRepositories, dispatched, job, openRepository } from './small-repository.ts'

jest.setTimeout(30_000)
afterAll(closeRepositories)

test('a job begins when all that it needs has succeeded, and is skipped with whatever needs it when not', async () => {
  const { run, results, machine } = await openRepository(
    dispatched(
      job('first') +
        job('broken', '', 'exit 3') +
        job('second', 'needs: first') +
        job('third', 'needs: [second, broken]') +
        job('fourth', 'needs: third')
    )
  )
  const id = await run()
  expect(results(id)).toEqual({
    first: 'success',
    broken: 'failure',
    second: 'success',
    third: 'skipped',
    fourth: 'skipped'
  })
  expect(machine.run(id)).toMatchObject({ status: 'completed', conclusion: 'failure' })
})

test('always, failure and !cancelled let a job run after a failure or a skip; success looks at every ancestor', async () => {
  const { run, results } = await openRepository(
    dispatched(
      job('broken', '', 'false') +
        job('skipped', 'if: "false"') +
        job('always', 'needs: broken, if: always()') +
        job('on-failure', 'needs: broken, if: failure()') +
        job(
          'although',
          'needs: skipped, if: "!cancelled() && needs.skipped.result == \'skipped\'"'
        ) +
        job('not-cancelled', 'needs: broken, if: "!cancelled()"') +
        job('plain', 'needs: although') +
        job('after', 'needs: although, if: "!failure() && !cancelled()"')
    )
  )
  expect(results(await run())).toEqual({
    broken: 'failure',
    skipped: 'skipped',
    always: 'success',
    'on-failure': 'success',
    although: 'success',
    'not-cancelled': 'success',
    plain: 'skipped',
    after: 'success'
  })
})

test('outputs go from step to job to the jobs that need it, as text', async () => {
  const { run, said } = await openRepository(
    dispatched(`maker:
  runs-on: ubuntu-24.04
  outputs:
    colour: \${{ steps.paint.outputs.colour }}
    lines: \${{ steps.paint.outputs.lines }}
  steps:
    - id: paint
      run: |
        echo colour=green >> "$GITHUB_OUTPUT"
        printf 'lines<<END\\na=1\\nb\\nEND\\n' >> "$GITHUB_OUTPUT"
taker:
  runs-on: ubuntu-24.04
  needs: maker
  steps:
    - env:
        COLOUR: \${{ needs.maker.outputs.colour }}
        LINES: \${{ needs.maker.outputs.lines }}
        RESULT: \${{ needs.maker.result }}
      run: echo "$COLOUR $RESULT" "$LINES"
`)
  )
  expect(said(await run(), 'taker')).toBe('green success a=1\nb')
})

test('a matrix makes a job of every combination, exclusions and inclusions heeded', async () => {
  const { run, results } = await openRepository(
    dispatched(`each:
  runs-on: ubuntu-24.04
  strategy:
    matrix:
      size: [small, large]
      colour: [red, blue]
      exclude: [{ size: large, colour: red }]
      include: [{ size: small, taste: sweet }, { size: tiny }]
  steps: [{ run: "true" }]
`)
  )
  expect(Object.keys(results(await run()))).toEqual([
    'each (small, red, sweet)',
    'each (small, blue, sweet)',
    'each (large, blue)',
    'each (tiny)'
  ])
})

test('a matrix can come out of another job as JSON, and one without values fails its job', async () => {
  const {
    run,
    results,
    job: jobOf
  } = await openRepository(
    dispatched(`due:
  runs-on: ubuntu-24.04
  outputs: { list: "\${{ steps.s.outputs.list }}" }
  steps:
    - id: s
      run: echo 'list=[{"name":"one"},{"name":"two"}]' >> "$GITHUB_OUTPUT"
check:
  needs: due
  name: check \${{ matrix.it.name }} of \${{ strategy.job-total }}
  runs-on: ubuntu-24.04
  strategy: { matrix: { it: "\${{ fromJSON(needs.due.outputs.list) }}" } }
  steps: [{ run: "true" }]
none:
  needs: due
  runs-on: ubuntu-24.04
  strategy: { matrix: { it: "\${{ fromJSON('[]') }}" } }
  steps: [{ run: "true" }]
`)
  )
  const id = await run()
  expect(results(id)).toEqual({
    due: 'success',
    'check one of 2': 'success',
    'check two of 2': 'success',
    none: 'failure'
  })
  expect(jobOf(id, 'none').annotations).toMatchObject([
    { message: "Matrix vector 'it' does not contain any values" }
  ])
})

test('fail-fast cancels the other jobs of a matrix; without it they end by themselves', async () => {
  const matrix = (failFast: boolean) => `each:
  runs-on: ubuntu-24.04
  strategy: { fail-fast: ${failFast}, matrix: { what: ["false", "exec sleep 5", "sleep 0.1"] } }
  steps: [{ run: "\${{ matrix.what }}" }]
`
  const quick = await openRepository(dispatched(matrix(true)))
  const id = await quick.run()
  expect(quick.results(id)).toMatchObject({
    'each (false)': 'failure',
    'each (exec sleep 5)': 'cancelled'
  })
  const patient = await openRepository(dispatched(matrix(false).replace('sleep 5', 'sleep 0.2')))
  expect(patient.results(await patient.run())).toEqual({
    'each (false)': 'failure',
    'each (exec sleep 0.2)': 'success',
    'each (sleep 0.1)': 'success'
  })
})

test('max-parallel lets that many jobs of a matrix run at once', async () => {
  const { run, machine } = await openRepository(
    dispatched(`each:
  runs-on: ubuntu-24.04
  strategy: { max-parallel: 1, matrix: { n: [1, 2, 3] } }
  steps:
    - run: node --input-type=module -e "import { setTimeout as sleep } from 'node:timers/promises'; await sleep(60000)"
`)
  )
  const { jobs } = machine.run(await run())
  const spans = jobs.map(({ startedMs = 0, endedMs = 0 }) => [startedMs, endedMs])
  expect(spans[1]?.[0]).toBe(spans[0]?.[1])
  expect(spans[2]?.[0]).toBe(spans[1]?.[1])
})

test('a job that may continue on error fails without failing the run', async () => {
  const { run, results, machine } = await openRepository(
    dispatched(job('flaky', 'continue-on-error: true', 'false') + job('next', 'needs: flaky'))
  )
  const id = await run()
  expect(results(id)).toEqual({ flaky: 'failure', next: 'success' })
  expect(machine.run(id).conclusion).toBe('success')
})

test('an expression that cannot be evaluated fails its job and says why', async () => {
  const { run, job: jobOf } = await openRepository(
    dispatched(job('odd', `name: "\${{ fromJSON('{') }}"`))
  )
  const odd = jobOf(await run(), 'odd')
  expect(odd.conclusion).toBe('failure')
  expect(odd.annotations[0]?.message).toContain('fromJSON')
})
