import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { hold } from '../../src/operations/hold.ts'
import { plan } from '../../src/operations/plan.ts'
import { go, MINUTE_MS, nameOf, type Outside, openOutside, START_MS } from './outside.ts'

let outside: Outside

const STAGE = { ...go, phase: 'stage' }
const names = async () => (await outside.events()).map(nameOf)
const plannedDigest = async (): Promise<string> => {
  const planned = (await outside.events()).findLast(event => event.kind === 'phase-planned')
  return planned?.digest ?? 'none'
}

beforeEach(async () => {
  outside = await openOutside()
  await apply(outside.process(), go)
  await outside.clock.advanceTo(START_MS + 35 * MINUTE_MS)
  await check(outside.process(), { wokenBy: 'test' })
  await hold(outside.process(), 'a fix goes out')
})

afterEach(() => outside.close())

describe('a held phase without a gate that is begun anew', () => {
  const BEGUN = [
    'phase-planned stage',
    'resumed',
    'phase-applying stage',
    'phase-applied stage',
    'look soak stage [T+0] continue soaking'
  ]

  test('is carried out by the plan that was made for it', async () => {
    const before = (await names()).length
    const planned = await plan(outside.process(), STAGE)
    const digest = planned.kind === 'phase' ? planned.digest : ''
    expect((await apply(outside.process(), { ...STAGE, digest })).kind).toBe('applied')
    expect((await names()).slice(before)).toEqual(BEGUN)
    expect((await outside.state()).phases.at(-1)).toMatchObject({
      status: 'soaking',
      begunAnew: true,
      checkpoints: ['T+0']
    })
  })

  test('plans itself where nobody planned it, as on the command line', async () => {
    const before = (await names()).length
    expect((await apply(outside.process(), STAGE)).kind).toBe('applied')
    expect((await names()).slice(before)).toEqual(BEGUN)
  })

  test('is not carried out by the plan that it was begun with the first time', async () => {
    const digest = await plannedDigest()
    const before = await names()
    const { mutations } = outside.simulator
    await expect(apply(outside.process(), { ...STAGE, digest })).rejects.toMatchObject({
      code: 'briefing_outdated',
      message: expect.stringContaining('is of the past')
    })
    expect(await names()).toEqual(before)
    expect(outside.simulator.mutations).toBe(mutations)
  })

  test('is not carried out by a plan that would change something else by now', async () => {
    await plan(outside.process(), STAGE)
    const digest = await plannedDigest()
    outside.simulator.setFlagByHand('preview', 'FEATURE', 'maybe')
    const before = await names()
    await expect(apply(outside.process(), { ...STAGE, digest })).rejects.toMatchObject({
      code: 'briefing_outdated',
      message: expect.stringContaining('no longer what was planned')
    })
    expect(await names()).toEqual(before)
    expect((await outside.state()).status).toBe('held')
  })
})
