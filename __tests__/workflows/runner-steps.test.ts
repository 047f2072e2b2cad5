import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { closeRepositories, dispatched, openRepository, START_MS } from './small-repository.ts'

jest.setTimeout(30_000)

let home: string

/** An action that shows what it was given. */
const ACTION = `name: show
description: shows
inputs:
  who: { description: who, default: "\${{ github.actor }}" }
  token: { description: token, default: "\${{ github.token }}" }
  plain: { description: plain }
runs: { using: node24, main: ../dist/show.mjs }
`
const SHOW = `import { appendFileSync } from 'node:fs'
const { env } = process
console.log(['who', 'plain'].map(name => env['INPUT_' + name.toUpperCase()]).join('|'))
console.log('token ' + env.INPUT_TOKEN)
console.log([env.GITHUB_REPOSITORY, env.GITHUB_RUN_ATTEMPT, env.GITHUB_REF_NAME, env.GITHUB_API_URL?.slice(0, 16), env.EXTRA].join(' '))
console.log('::error title=Oh::first%0Asecond')
appendFileSync(env.GITHUB_OUTPUT, 'said=hello\\n')
appendFileSync(env.GITHUB_STEP_SUMMARY, '# Shown\\n')
`

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'rollgate-home-'))
  await mkdir(path.join(home, 'show'))
  await mkdir(path.join(home, 'dist'))
  await writeFile(path.join(home, 'show', 'action.yml'), ACTION)
  await writeFile(path.join(home, 'dist', 'show.mjs'), SHOW)
})
afterAll(async () => {
  await closeRepositories()
  await rm(home, { recursive: true })
})

const steps = (list: string, keys = '') =>
  dispatched(`only:\n  runs-on: ubuntu-24.04\n${keys}  steps:\n${list.replaceAll(/^/gmu, '    ')}`)

test('a step sees the files, variables and outputs of the steps before it, and ends the job when it fails', async () => {
  const { run, said, job } = await openRepository(
    steps(
      `- run: |
    echo "$WHOSE $DEEP"
    echo NAME=ada >> "$GITHUB_ENV"
    mkdir bin; echo 'echo own tool' > bin/tool; chmod +x bin/tool
    echo "$PWD/bin" >> "$GITHUB_PATH"
- run: 'echo "$NAME \${{ env.NAME }}"; tool'
- id: three
  run: false
- run: echo never
- if: failure()
  run: echo "\${{ steps.three.outcome }} and \${{ job.status }}"
- if: always()
  run: echo at last
`,
      `  env: { WHOSE: the job, DEEP: "\${{ github.repository }}" }\n`
    )
  )
  const id = await run()
  expect(said(id, 'only')).toBe(
    'the job acme/shop\nada ada\nown tool\n\n\nfailure and failure\nat last'
  )
  expect(job(id, 'only')).toMatchObject({ conclusion: 'failure' })
})

test('a failing step that may continue on error is a failure as outcome and a success as conclusion', async () => {
  const { run, said } = await openRepository(
    steps(`- { id: flaky, continue-on-error: true, run: "false" }
- run: echo "\${{ steps.flaky.outcome }} \${{ steps.flaky.conclusion }}"
`)
  )
  expect(said(await run(), 'only').trim()).toBe('failure success')
})

test('without a shell a pipe may break in the middle; with bash it may not', async () => {
  const { run, results } = await openRepository(
    dispatched(`loose: { runs-on: a, steps: [{ run: "false | true" }] }
strict: { runs-on: a, steps: [{ run: "false | true", shell: bash }] }
`)
  )
  expect(results(await run())).toEqual({ loose: 'success', strict: 'failure' })
})

test('an action gets inputs with their defaults and a token, and its output, summary and annotations are taken', async () => {
  const { run, said, job, github } = await openRepository(
    steps(`- id: show
  uses: acme/tools/show@0123456789012345678901234567890123456789
  with: { plain: "\${{ github.event_name }}" }
- run: echo "\${{ steps.show.outputs.said }}"
`),
    {},
    { homes: { 'acme/tools': home }, env: { EXTRA: 'extra' } }
  )
  const id = await run({}, 'ada')
  expect(said(id, 'only')).toBe(
    [
      'ada|workflow_dispatch',
      'token ***',
      `acme/shop 1 main http://127.0.0.1 extra`,
      '##[error]Oh: first\nsecond',
      'hello'
    ].join('\n')
  )
  const { annotations, steps: done } = job(id, 'only')
  expect(annotations).toEqual([{ level: 'error', title: 'Oh', message: 'first\nsecond' }])
  expect(done[0]?.summary).toBe('# Shown\n')
  expect(github.violations).toEqual([])
})

test('an action of the own repository is found through $/, one without a home is refused', async () => {
  const { run, said, job } = await openRepository(
    dispatched(`own: { runs-on: a, steps: [{ uses: $/show, with: { plain: x, wrong: y } }] }
theirs: { runs-on: a, steps: [{ uses: other/thing@v1 }] }
`),
    {},
    { homes: { 'acme/shop': home } }
  )
  const id = await run()
  expect(said(id, 'own')).toContain('octocat|x')
  expect(job(id, 'own').annotations[0]?.message).toContain("Unexpected input(s) 'wrong'")
  expect(job(id, 'theirs').annotations[0]?.message).toContain('Unable to resolve action')
})

test('a checkout puts the run’s commit into the workspace, and refuses an input that does not exist', async () => {
  const { run, said, job } = await openRepository(
    dispatched(`files:
  runs-on: a
  steps:
    - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
      with: { persist-credentials: false }
    - run: cat deep/note.txt
wrong: { runs-on: a, steps: [{ uses: actions/checkout@v7, with: { persist: x } }] }
`),
    { 'deep/note.txt': 'a note' }
  )
  const id = await run()
  expect(said(id, 'files')).toMatch(/^Checked out \w{40}\na note$/u)
  expect(job(id, 'wrong').annotations[0]?.message).toBe('actions/checkout has no input persist')
})

test('secrets are masked in logs and summaries, and an output that holds one does not leave the job', async () => {
  const { run, said, job } = await openRepository(
    steps(
      `- run: |
    echo "a $PASSWORD b"
    echo "::add-mask::hidden"
    echo "is hidden now"
    echo "$PASSWORD" >> "$GITHUB_STEP_SUMMARY"
  env: { PASSWORD: "\${{ secrets.PASSWORD }}" }
- id: leak
  run: echo "it=hidden" >> "$GITHUB_OUTPUT"
`,
      `  outputs: { leak: "\${{ steps.leak.outputs.it }}", fine: "\${{ github.actor }}" }\n`
    ),
    {},
    { secrets: { repository: { PASSWORD: 'open-sesame' } } }
  )
  const id = await run()
  expect(said(id, 'only').trim()).toBe('a *** b\nis *** now')
  expect(job(id, 'only').steps[0]?.summary).toBe('***\n')
  expect(job(id, 'only').outputs).toEqual({ fine: 'octocat' })
  expect(job(id, 'only').annotations).toMatchObject([
    { level: 'warning', message: "Skip output 'leak' since it may contain secret." }
  ])
})

test('a summary of more than a mebibyte is dropped whole', async () => {
  const { run, job } = await openRepository(
    steps('- run: head -c 1100000 /dev/zero | tr "\\0" x >> "$GITHUB_STEP_SUMMARY"\n')
  )
  const only = job(await run(), 'only')
  expect(only.steps[0]?.summary).toBe('')
  expect(only.annotations[0]?.message).toContain('upload aborted')
  expect(only.conclusion).toBe('success')
})

test('npx runs the Vercel CLI of the home and refuses everything else', async () => {
  const { run, said, results } = await openRepository(
    dispatched(`cli: { runs-on: a, steps: [{ run: "npx --yes vercel@64.0.2 deploy --prod" }] }
other: { runs-on: a, steps: [{ run: "npx --yes left-pad" }] }
`),
    {},
    { cli: ['echo', 'the cli'] }
  )
  const id = await run()
  expect(results(id)).toEqual({ cli: 'success', other: 'failure' })
  expect(said(id, 'cli')).toBe('the cli deploy --prod')
})

test('a process sees virtual time, and its sleep lets virtual time pass for everybody', async () => {
  const script = `import { setTimeout as sleep } from 'node:timers/promises'
const before = new Date()
await sleep(90_000)
console.log(before.toISOString(), Date.now() - before, before instanceof Date, typeof Date())
`
  const { run, said, clock, job } = await openRepository(
    steps('- uses: actions/checkout@v7\n- run: node wait.mjs\n'),
    { 'wait.mjs': script }
  )
  const began = performance.now()
  const id = await run()
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(said(id, 'only')).toContain('2026-01-05T08:00:00.000Z 90000 true string')
  expect(clock.now()).toBe(START_MS + 90_000)
  expect(job(id, 'only')).toMatchObject({ startedMs: START_MS, endedMs: START_MS + 90_000 })
})

test('two processes that sleep at the same time wake in the order of their times', async () => {
  const script = `import { setTimeout as sleep } from 'node:timers/promises'
await sleep(Number(process.argv[2]))
console.log(Date.now())`
  const sleeper = (id: string, ms: number) =>
    `${id}: { runs-on: a, steps: [{ uses: actions/checkout@v7 }, { run: node wait.mjs ${ms} }] }\n`
  const { run, said } = await openRepository(
    dispatched(sleeper('long', 60_000) + sleeper('short', 20_000)),
    { 'wait.mjs': script }
  )
  const id = await run()
  expect(said(id, 'short')).toContain(String(START_MS + 20_000))
  expect(said(id, 'long')).toContain(String(START_MS + 60_000))
})
