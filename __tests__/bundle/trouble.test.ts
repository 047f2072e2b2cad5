import net from 'node:net'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { fold } from '../../src/rollout/state.ts'
import type { Ended } from './program.ts'
import { openTheatre, type Performed, raiseStage, type Stage, type Theatre } from './stage.ts'

jest.setTimeout(60_000)

/** Two flags and a deployment. */
const MUTATIONS = 3

const KILLS = [
  [1, 'after'],
  [2, 'before'],
  [2, 'after'],
  [3, 'before'],
  [3, 'after']
] as const

/** Stories that mostly wait are all begun at once; each test tells one of them. */
interface Stories {
  readonly undisturbed: Promise<{ readonly first: Ended; readonly end: Outcome }>
  readonly killed: readonly Promise<Killed>[]
  readonly unanswered: Promise<Ended>
  readonly unansweredPreflight: Promise<Performed>
  readonly withoutCli: Promise<{ readonly stage: Stage; readonly ended: Ended }>
}

let theatre: Theatre
let stories: Stories
/** A connection string and an address behind which nobody is. */
let nowhere: { readonly database: string; readonly api: string }

beforeAll(async () => {
  theatre = await openTheatre()
  const port = await unusedPort()
  nowhere = {
    database: `postgresql://reader:secret@127.0.0.1:${port}/shop`,
    api: `http://127.0.0.1:${port}`
  }
  const stage = await raiseStage(theatre)
  stories = {
    unanswered: stage.command('plan', '--vercel-api-url', nowhere.api),
    unansweredPreflight: stage.action({
      operation: 'preflight',
      'vercel-api-url': nowhere.api,
      'database-url': nowhere.database
    }),
    withoutCli: applyWithoutCli(),
    undisturbed: applyUndisturbed(),
    killed: KILLS.map(([n, when]) => applyKilled(n, when))
  }
  // A story that fails is told by its own test.
  await Promise.allSettled([stories.undisturbed, ...stories.killed])
})
afterAll(() => theatre.close())

/** What a rollout leaves in the world and in the ledger. */
type Outcome = Awaited<ReturnType<typeof outcome>>

async function outcome(stage: Stage) {
  const { simulator } = stage
  const state = fold(await stage.events(), 'second')
  const target = 'preview'
  return {
    flags: simulator.live(target)?.env,
    records: simulator
      .envRecords()
      .map(({ key, target, value }) => `${target} ${key}=${value}`)
      .sort(),
    made: simulator.deploymentsOf(target).filter(({ meta }) => meta['rollgate']).length,
    status: state.status,
    phase: state.phases.map(({ name, status }) => `${name} ${status}`),
    violations: simulator.violations
  }
}

async function applyUndisturbed() {
  const stage = await raiseStage(theatre)
  const first = await stage.command('apply')
  expect(stage.simulator.mutations).toBe(MUTATIONS)
  return { first, end: await outcome(stage) }
}

interface Killed {
  readonly signal: NodeJS.Signals | null
  readonly again: Ended
  readonly end: Outcome
}

async function applyKilled(n: number, when: 'before' | 'after'): Promise<Killed> {
  const stage = await raiseStage(theatre)
  stage.simulator.freezeAt(n, when)
  const { child, ended } = stage.startCommand('apply')
  await Promise.race([stage.simulator.frozen, ended])
  child.kill('SIGKILL')
  const { signal } = await ended
  const again = await stage.command('apply')
  return { signal, again, end: await outcome(stage) }
}

async function applyWithoutCli() {
  const stage = await raiseStage(theatre)
  return { stage, ended: await stage.command('apply', '--vercel-cli', '/nowhere/vercel') }
}

test('an undisturbed apply takes as many changes as the kills below cover', async () => {
  const { first, end } = await stories.undisturbed
  expect(first.code).toBe(0)
  expect(end).toMatchObject({
    flags: { FEATURE: 'true', FEATURE_MODE: 'fast' },
    made: 1,
    status: 'running',
    phase: ['first soaking'],
    violations: []
  })
})

test.each(KILLS.map(([n, when], story) => ({ n, when, story })))(
  'apply, killed at change $n, $when its effect, and run again ends as if nothing had been',
  async ({ story }) => {
    const { signal, again, end } = (await stories.killed[story]) as Killed
    expect(signal).toBe('SIGKILL')
    expect(again.code).toBe(0)
    expect(again.stderr).toContain('taking up what an earlier run had begun')
    expect(end).toEqual((await stories.undisturbed).end)
  }
)

test('a cancelled job, whose process is told to end while it deploys, can be taken up or rolled back', async () => {
  const stage = await raiseStage(theatre)
  stage.simulator.freezeAt(MUTATIONS, 'after')
  const { child, ended } = stage.startCommand('apply')
  await Promise.race([stage.simulator.frozen, ended])
  child.kill('SIGTERM')
  expect((await ended).signal).toBe('SIGTERM')

  expect((await stage.told('status')).document).toMatchObject({ status: 'running', phase: 'first' })
  expect(await stage.command('rollback', '--reason', 'cancelled')).toMatchObject({ code: 3 })
  expect(stage.simulator.live('preview')?.env).toEqual({ FEATURE: 'false', FEATURE_MODE: 'slow' })
})

test('an apply whose reader leaves, as with `2>&1 | head`, is carried out to its end', async () => {
  const stage = await raiseStage(theatre)
  const { child, ended } = stage.startCommand('apply')
  child.stdout?.destroy()
  child.stderr?.destroy()
  expect(await ended).toMatchObject({ code: 0, signal: null })
  expect((await stage.events()).map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['phase-applying', 'phase-applied', 'look'])
  )
})

/** One sentence of what, one of what to do, one code. */
const ONE_ERROR = /^error: [^\n]+\nto fix: [^\n]+\n\((\w+)\)\n$/u

test('an API and a database that nobody answers for are named in bounded time', async () => {
  const [plan, preflight] = await Promise.all([stories.unanswered, stories.unansweredPreflight])
  expect(plan).toMatchObject({ code: 1, stdout: '' })
  expect(plan.stderr).toMatch(ONE_ERROR)
  expect(plan.stderr).toContain('ECONNREFUSED')

  expect(preflight.code).toBe(1)
  const errors = preflight.stdout.split('\n').filter(line => line.startsWith('::error '))
  expect(errors.map(line => /title=([^:]+)::/u.exec(line)?.[1])).toEqual([
    'preflight%3A project',
    'preflight%3A flags on preview',
    'preflight%3A flags on production',
    'preflight%3A database'
  ])
})

test('a database that is away stops an apply before anything is changed', async () => {
  const stage = await raiseStage(theatre)
  const refused = await stage.action({ operation: 'apply', 'database-url': nowhere.database })
  expect(refused).toMatchObject({ code: 1, stderr: '' })
  expect(JSON.parse(refused.outputs['result'] ?? '')).toMatchObject({
    code: 'database_unreachable',
    message: expect.stringContaining('ECONNREFUSED')
  })
  expect(stage.simulator.mutations).toBe(0)
  expect(await stage.events()).toEqual([])
})

test('a token that is not let in is told as such, at once', async () => {
  const stage = await raiseStage(theatre)
  const refused = await stage.action({ operation: 'plan', 'vercel-token': 'another' })
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.outputs['result'] ?? '')).toMatchObject({
    operation: 'plan',
    message: expect.stringContaining('403'),
    remedy: expect.stringContaining('VERCEL_TOKEN')
  })
})

test('a Vercel CLI that is not there is told as such, and the flags are put back', async () => {
  const { stage, ended } = await stories.withoutCli
  expect(ended).toMatchObject({ code: 1, stdout: '' })
  expect(ended.stderr).toContain('(vercel_cli_missing)')
  expect(stage.simulator.valueOf('preview', 'FEATURE')).toBe('false')
  const last = (await stage.events()).at(-1)
  expect(last).toMatchObject({ kind: 'phase-failed', code: 'vercel_cli_missing' })
})

function unusedPort(): Promise<number> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}
