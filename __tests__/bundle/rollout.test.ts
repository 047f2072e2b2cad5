import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { openTheatre, raiseStage, type Stage, type Theatre } from './stage.ts'

jest.setTimeout(60_000)

let theatre: Theatre

beforeAll(async () => {
  theatre = await openTheatre()
})
afterAll(() => theatre.close())

test('a rollout from plan to rollback, one process a step, with the real Vercel CLI', async () => {
  const stage = await raiseStage(theatre, { cli: 'real' })
  const { simulator, command, told } = stage

  const briefing = await command('plan')
  expect(briefing).toMatchObject({ code: 0, stderr: '' })
  expect(briefing.stdout).toContain('FEATURE')
  expect(simulator.mutations).toBe(0)

  const applied = await told('apply')
  expect(applied).toMatchObject({ code: 0, document: { status: 'running', phase: 'first' } })
  expect(simulator.live('preview')?.env).toEqual({ FEATURE: 'true', FEATURE_MODE: 'fast' })

  await stage.telemetry()
  const promoted = await checkUntil(stage, 'promote')
  expect(promoted.document).toMatchObject({ verdict: 'pass', checkpoints: ['T+1s'] })

  const refused = await command('apply')
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('(not_confirmed)')
  expect(simulator.live('production')?.env).toEqual({ FEATURE: 'false', FEATURE_MODE: 'slow' })

  const confirmed = await told('apply', '--confirm', 'short')
  expect(confirmed).toMatchObject({ code: 0, document: { status: 'running', phase: 'second' } })
  expect(simulator.live('production')?.env).toEqual({ FEATURE: 'true', FEATURE_MODE: 'fast' })

  expect(await told('hold', '--reason', 'lunch')).toMatchObject({
    code: 2,
    document: { status: 'held', reason: 'lunch' }
  })
  expect((await told('check')).document).toMatchObject({ decision: 'hold', status: 'held' })
  const nothing = await command('resume', '--accept-thin', '--reason', 'all is well')
  expect(nothing).toMatchObject({ code: 1, stdout: '' })
  expect(nothing.stderr).toContain('(nothing_to_accept)')
  expect(await told('resume', '--reason', 'back')).toMatchObject({
    code: 0,
    document: { status: 'running' }
  })
  expect(await told('rollback', '--reason', 'a feeling')).toMatchObject({
    code: 3,
    document: { status: 'rolling-back', reason: 'a feeling' }
  })
  expect(simulator.live('production')?.env).toEqual({ FEATURE: 'false', FEATURE_MODE: 'slow' })

  const status = await command('status')
  expect(status.stdout).toContain('a feeling')
  expect(simulator.violations).toEqual([])
})

/** Looks again and again, as a cron would, until a look decides so. */
async function checkUntil(stage: Stage, decision: string) {
  for (;;) {
    const checked = await stage.told('check', '--woken-by', 'cron')
    if (checked.document['decision'] === decision) return checked
    expect(checked.document).toMatchObject({ decision: 'continue' })
  }
}
