import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { OUTPUT_NAMES } from '../../src/inputs.ts'
import {
  openTheatre,
  type Performed,
  raiseStage,
  type Stage,
  type Theatre,
  TOKEN
} from './stage.ts'

jest.setTimeout(60_000)

let theatre: Theatre
let stage: Stage

beforeAll(async () => {
  theatre = await openTheatre()
  stage = await raiseStage(theatre)
})
afterAll(() => theatre.close())

/** The workflow commands of a log: `::error title=…::…`, decoded as the runner does. */
function commands({ stdout }: Performed, name: string) {
  const lines = stdout.split('\n').filter(line => line.startsWith(`::${name}`))
  return lines.map(line => {
    const [, title = '', message = ''] = /^::\w[\w-]*(?: title=(.*?))?::(.*)$/u.exec(line) ?? []
    return { title: decoded(title), message: decoded(message) }
  })
}

function decoded(text: string): string {
  return text.replaceAll(/%(25|0D|0A|3A|2C)/gu, code => decodeURIComponent(code))
}

function resultOf({ outputs }: Performed): Readonly<Record<string, unknown>> {
  return JSON.parse(outputs['result'] ?? '')
}

test('a phase is applied with every output, a summary, and no word on standard error', async () => {
  const performed = await stage.action({
    operation: 'apply',
    'vercel-cli': `"${theatre.bin}/vercel"`
  })
  expect(performed).toMatchObject({ code: 0, stderr: '' })
  expect(Object.keys(performed.outputs)).toEqual(OUTPUT_NAMES)
  expect(performed.outputs).toMatchObject({
    decision: 'continue',
    verdict: 'insufficient',
    status: 'running',
    phase: 'first',
    'deployment-url': expect.stringMatching(/^https:/u)
  })
  expect(resultOf(performed)).toMatchObject({ version: 1, rollout: 'short#1', status: 'running' })
  expect(performed.summary).toMatch(/^## .*short#1/u)
  expect(commands(performed, 'error')).toEqual([])
  expect((await stage.events()).at(-1)).toMatchObject({ by: 'ada', run: '7-2' })
})

test('what must be masked is masked before anything else is said', async () => {
  const url = 'postgresql://reader:p%40ss%25w0rd@127.0.0.1:1/shop'
  const { stdout } = await stage.action({ operation: 'status', 'database-url': url })
  const lines = stdout.split('\n')
  const masks = lines.filter(line => line.startsWith('::add-mask::'))
  expect(lines.slice(0, masks.length)).toEqual(masks)
  expect(masks.map(line => decoded(line.slice('::add-mask::'.length)))).toEqual([
    TOKEN,
    url,
    'p%40ss%25w0rd',
    'p@ss%w0rd'
  ])
})

test('a drifted flag holds the rollout: a warning and a green run, at every look', async () => {
  await stage.telemetry()
  stage.simulator.setFlagByHand('preview', 'FEATURE', 'false')
  for (const look of ['first', 'second']) {
    const performed = await stage.action({ operation: 'check', 'woken-by': look })
    expect(performed).toMatchObject({ code: 0, outputs: { decision: 'hold', status: 'held' } })
    const [warning, ...others] = commands(performed, 'warning')
    expect(warning?.title).toMatch(/^short#1 is held/u)
    expect(warning?.message).toContain('FEATURE is "false", not "true"')
    expect(others).toEqual([])
  }
  stage.simulator.setFlagByHand('preview', 'FEATURE', 'true')
})

test('a red look puts everything back, and the run is red for one told cause', async () => {
  await stage.database.insert([
    { source: 'assignment.coordinator', eventType: 'coordinator.invoked' }
  ])
  const performed = await stage.action({ operation: 'check' })
  expect(performed).toMatchObject({
    code: 1,
    stderr: '',
    outputs: { decision: 'rollback', verdict: 'red' }
  })
  expect(performed.summary).toContain('silence')
  expect(commands(performed, 'error')).toEqual([
    {
      title: 'short#1 is rolled back from first',
      message: expect.stringContaining('1 event seen where none is allowed')
    }
  ])
  expect(stage.simulator.live('preview')?.env).toEqual({ FEATURE: 'false', FEATURE_MODE: 'slow' })
})

test('a red verdict over a window of one’s choosing rolls nothing back and does not say so', async () => {
  const performed = await stage.action({
    operation: 'verify',
    phase: 'first',
    since: '2026-01-01T00:00:00Z'
  })
  expect(performed).toMatchObject({
    code: 1,
    outputs: { verdict: 'red', phase: 'first', status: '' }
  })
  expect(commands(performed, 'error')).toEqual([
    { title: 'verify: silence is red', message: expect.stringContaining('1 event seen') }
  ])
})

test('flags are read, set and read back in a step of their own', async () => {
  const read = await stage.action({ operation: 'flags', target: 'production', flags: 'FEATURE' })
  expect(resultOf(read)).toMatchObject({ flags: { FEATURE: { kind: 'set', value: 'false' } } })
  const set = await stage.action({
    operation: 'flags',
    target: 'production',
    flags: 'FEATURE=true\nFEATURE_MODE='
  })
  expect(set).toMatchObject({ code: 0, stderr: '' })
  expect(stage.simulator.valueOf('production', 'FEATURE')).toBe('true')
  expect(stage.simulator.valueOf('production', 'FEATURE_MODE')).toBe('')
})

test('every mistake in the inputs is told at once, and nothing is done', async () => {
  const before = stage.simulator.requests.length
  const performed = await stage.action({
    operation: 'flags',
    definition: '',
    ledger: 'somewhere',
    target: '',
    flags: 'FEATURE=1\nno flag',
    since: 'yesterday',
    'vercel-api-url': 'api',
    'vercel-cli': 'npx "vercel'
  })
  expect(performed).toMatchObject({ code: 1, stderr: '' })
  expect(Object.keys(performed.outputs)).toEqual(OUTPUT_NAMES)
  const failure = resultOf(performed)
  expect(failure).toMatchObject({ version: 1, operation: 'flags', code: 'inputs_invalid' })
  expect(String(failure['message']).split('\n')).toEqual([
    'definition is required. Fix: give the path of the definition, as in rollouts/assignment-pipeline-v3.yml.',
    'ledger is not a ledger. Fix: write branch: and a name, as in branch:rollgate-ledger, or file: and a folder.',
    'flags "no…" is no flag. Fix: write one NAME=value a line, or NAME alone to read it.',
    'since is neither an instant nor a span. Fix: write 2026-01-31T08:00:00Z, 30d or 48h.',
    'vercel-api-url is not a URL. Fix: https://api.vercel.com.',
    'vercel-cli leaves a quotation mark open. Fix: close it.',
    'target is required for flags. Fix: preview or production.'
  ])
  expect(commands(performed, 'error')).toEqual([
    {
      title: 'flags: inputs_invalid',
      message: `${failure['message']}\n${failure['remedy']}`
    }
  ])
  expect(performed.summary).toContain('vercel-cli leaves a quotation mark open')
  expect(stage.simulator.requests.length).toBe(before)
})

test.each([
  [
    'an unknown operation',
    { operation: 'aply' },
    'inputs_invalid',
    'one of preflight, next, plan, apply'
  ],
  [
    'a rollback without a reason',
    { operation: 'rollback' },
    'inputs_invalid',
    'reason is required'
  ],
  [
    'a definition that is not there',
    { operation: 'status', definition: 'no.yml' },
    'file_unreadable',
    'no.yml'
  ],
  [
    'no token',
    { operation: 'deploy', target: 'preview', 'vercel-token': '' },
    'vercel_missing',
    'VERCEL_TOKEN'
  ],
  ['a phase after a rollback', { operation: 'apply' }, 'rolling_back', 'roll']
])('%s fails the step with outputs, summary and one annotation', async (_, inputs, code, words) => {
  const performed = await stage.action(inputs)
  expect(performed).toMatchObject({ code: 1, stderr: '' })
  expect(resultOf(performed)).toMatchObject({ operation: inputs.operation, code })
  const [error, ...others] = commands(performed, 'error')
  expect(error?.title).toBe(`${inputs.operation}: ${code}`)
  expect(error?.message).toContain(words)
  expect(others).toEqual([])
  expect(performed.summary).toContain(`\`${code}\``)
})
