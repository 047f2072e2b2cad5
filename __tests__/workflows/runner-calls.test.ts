import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { closeRepositories, dispatched, openRepository } from './small-repository.ts'

jest.setTimeout(30_000)

const CALLEE = `on:
  workflow_call:
    inputs:
      who: { type: string, required: true }
      loud: { type: boolean, default: false }
      times: { type: number, default: 2 }
    secrets: { KEY: { required: false } }
    outputs:
      greeting: { value: "\${{ jobs.greet.outputs.text }}" }
permissions: {}
jobs:
  greet:
    runs-on: a
    environment: place
    outputs: { text: "\${{ steps.s.outputs.text }}" }
    steps:
      - id: s
        env: { KEY: "\${{ secrets.KEY }}", WHO: "\${{ inputs.who }}", LOUD: "\${{ inputs.loud && 'yes' || 'no' }}" }
        run: |
          echo "key [\${#KEY}] $LOUD \${{ inputs.times }} \${{ job.workflow_repository }} \${{ github.repository }}"
          echo "text=hello $WHO" >> "$GITHUB_OUTPUT"
`
const SECRETS = { repository: { KEY: '123' }, environments: { place: { KEY: '12345' } } }

let home: string

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'rollgate-callee-'))
  await mkdir(path.join(home, '.github', 'workflows'), { recursive: true })
  await writeFile(path.join(home, '.github', 'workflows', 'callee.yml'), CALLEE)
})
afterAll(async () => {
  await closeRepositories()
  await rm(home, { recursive: true })
})

const calling = (uses: string, keys: string) =>
  dispatched(`call:
  uses: ${uses}
  with: { who: "\${{ github.actor }}", loud: true }
${keys}
after:
  needs: call
  runs-on: a
  steps: [{ run: "echo \${{ needs.call.outputs.greeting }}" }]
`)

const HERE = { '.github/workflows/callee.yml': CALLEE }
const REMOTE = 'callee.yml@0123456789012345678901234567890123456789'

test('a called workflow gets its inputs by type and hands its outputs back', async () => {
  const uses = './.github/workflows/callee.yml'
  const { run, said, results } = await openRepository(calling(uses, '  secrets: inherit'), HERE, {
    secrets: SECRETS
  })
  const id = await run()
  expect(results(id)).toEqual({ call: 'success', 'call / greet': 'success', after: 'success' })
  expect(said(id, 'call / greet')).toBe('key [5] yes 2 acme/shop acme/shop')
  expect(said(id, 'after')).toBe('hello octocat')
})

test('a workflow of the same commit can be called as $/ too', async () => {
  const { run, results } = await openRepository(calling('$/.github/workflows/callee.yml', ''), HERE)
  expect(results(await run())).toMatchObject({ 'call / greet': 'success' })
})

test('secrets are inherited from the same owner, environment secrets too; without it nothing comes', async () => {
  const uses = `acme/tools/.github/workflows/${REMOTE}`
  const options = { homes: { 'acme/tools': home }, secrets: SECRETS }
  const inheriting = await openRepository(calling(uses, '  secrets: inherit'), {}, options)
  expect(inheriting.said(await inheriting.run(), 'call / greet')).toBe(
    'key [5] yes 2 acme/tools acme/shop'
  )
  const without = await openRepository(calling(uses, ''), {}, options)
  expect(without.said(await without.run(), 'call / greet')).toContain('key [0]')
  const passed = await openRepository(
    calling(uses, `  secrets: { KEY: "\${{ secrets.KEY }}" }`),
    {},
    options
  )
  expect(passed.said(await passed.run(), 'call / greet')).toContain('key [3]')
})

test('another owner’s workflow gets empty secrets, inherited or not, without a word', async () => {
  const uses = `other/tools/.github/workflows/${REMOTE}`
  const options = { homes: { 'other/tools': home }, secrets: SECRETS }
  const { run, said, results } = await openRepository(
    calling(uses, '  secrets: inherit'),
    {},
    options
  )
  const id = await run()
  expect(said(id, 'call / greet')).toBe('key [0] yes 2 other/tools acme/shop')
  expect(results(id)).toMatchObject({ call: 'success' })
})

test('a nested job that asks for more than its caller may give stops the run before it starts, though it would be skipped', async () => {
  const greedy = CALLEE.replace(
    '    environment: place\n',
    '    if: inputs.loud == false\n    permissions: { contents: write, issues: read }\n'
  )
  const { run, machine, github } = await openRepository(
    calling('./.github/workflows/callee.yml', '  permissions: { contents: read, issues: write }'),
    { '.github/workflows/callee.yml': greedy }
  )
  const id = await run()
  expect(machine.run(id)).toMatchObject({ conclusion: 'startup_failure', jobs: [] })
  expect(machine.run(id).message).toContain(
    "The nested job 'greet' is requesting 'contents: write', but is only allowed 'contents: read'."
  )
  expect(github.runs.get(id)?.conclusion).toBe('startup_failure')
})

test('a caller that leaves a required input out does not start', async () => {
  const { run, machine } = await openRepository(
    dispatched('call: { uses: ./.github/workflows/callee.yml }\n'),
    HERE
  )
  const id = await run()
  expect(machine.run(id)).toMatchObject({ conclusion: 'startup_failure' })
  expect(machine.run(id).message).toContain('who')
})

test('a job’s token can do exactly what its permissions say', async () => {
  const ask = (path: string) =>
    `curl -s -o /dev/null -w '%{http_code}' -H "authorization: Bearer $TOKEN" "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/${path}"`
  const script = `${ask('actions/runs/$GITHUB_RUN_ID/approvals')}`
  const steps = `steps: [{ env: { TOKEN: "\${{ github.token }}" }, run: ${JSON.stringify(script)} }]`
  const { run, said } = await openRepository(
    dispatched(`with: { runs-on: a, permissions: { actions: read }, ${steps} }
without: { runs-on: a, permissions: { contents: read }, ${steps} }
`)
  )
  const id = await run()
  expect(said(id, 'with')).toBe('200')
  expect(said(id, 'without')).toBe('403')
})
