import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { next } from '../../src/operations/next.ts'
import { plan } from '../../src/operations/plan.ts'
import { createBrakeAt } from './brake.ts'
import {
  advance,
  brief,
  go,
  HOUR_MS,
  nameOf,
  type Outside,
  openOutside,
  productionOnly,
  START_MS
} from './outside.ts'

let outside: Outside

afterEach(() => outside.close())

const names = async () => (await outside.events()).map(nameOf)
const at = (hours: number) => outside.clock.advanceTo(START_MS + hours * HOUR_MS)
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    error => error.code ?? String(error)
  )

async function refused(code: string, work: () => Promise<unknown>): Promise<void> {
  const { mutations } = outside.simulator
  const before = await names()
  expect(await codeOf(work())).toBe(code)
  expect(outside.simulator.mutations).toBe(mutations)
  expect(await names()).toEqual(before)
}

describe('before anything happens', () => {
  beforeEach(async () => {
    outside = await openOutside({ edit: productionOnly })
  })

  test('next says phase and gate, asks no provider but GitHub, and writes nothing', async () => {
    const { requests } = outside.simulator
    const before = requests.length
    const ahead = await next(outside.process(), go)
    expect(ahead).toMatchObject({
      kind: 'phase',
      phase: { name: 'live' },
      gate: { environment: 'approve-live' },
      resuming: false,
      waiting: undefined
    })
    expect(requests.length).toBe(before)
    expect(await names()).toEqual([])
  })

  const works = [
    ['next', next],
    ['plan', plan],
    ['apply', apply]
  ] as const
  describe.each(works)('%s refuses', (_, work) => {
    test('a gate whose environment is missing, with the commands that make it', async () => {
      outside.people.setUp('approve-live', undefined)
      await refused('gate_missing', () => work(outside.process(), go))
      await expect(work(outside.process(), go)).rejects.toMatchObject({
        remedy: expect.stringContaining('gh api')
      })
    })

    test('a gate that nobody guards', async () => {
      outside.people.setUp('approve-live', { reviewers: [] })
      await refused('gate_unprotected', () => work(outside.process(), go))
    })

    test('production without its name, or with another one', async () => {
      for (const confirm of [undefined, 'three-phases']) {
        await refused('not_confirmed', () => work(outside.process(), { ...go, confirm }))
      }
    })

    test('what somebody has frozen', async () => {
      await refused('frozen', () => work(outside.process(), { ...go, frozen: 'holidays' }))
    })

    test('a phase that is not next', async () => {
      await refused('wrong_phase', () => work(outside.process(), { ...go, phase: 'stage' }))
    })
  })
})

describe('an approval', () => {
  const run = '4711-1'
  const proceed = (more = {}) => apply(outside.process({ run }), { ...go, ...more })

  beforeEach(async () => {
    outside = await openOutside({ edit: productionOnly })
  })

  test('lets the phase pass and stands in the ledger with who gave it and how', async () => {
    await brief(outside, run)
    await proceed()
    const applying = (await outside.events()).find(event => event.kind === 'phase-applying')
    expect(applying).toMatchObject({
      approval: {
        by: 'rehearsal-approver',
        comment: 'rehearsed',
        how: expect.stringContaining('approve-live')
      }
    })
  })

  test('is needed: a briefing alone lets nothing pass', async () => {
    await refused('briefing_missing', () => proceed())
    await plan(outside.process({ run }), go)
    await refused('not_approved', () => proceed())
  })

  test('of somebody who started the rollout counts for nothing', async () => {
    await plan(outside.process({ run, by: 'ann' }), go)
    outside.people.setUp('approve-live', { reviewers: [{ kind: 'user', name: 'ann' }] })
    outside.people.review('approve-live', { run, by: 'ann' })
    await refused('approved_by_initiator', () => proceed())
  })

  test('of somebody who is no reviewer counts for nothing', async () => {
    await plan(outside.process({ run }), go)
    outside.people.review('approve-live', { run, by: 'root' })
    await refused('approver_unknown', () => proceed())
  })

  test('that was withheld is told with what the reviewer said', async () => {
    await plan(outside.process({ run }), go)
    outside.people.review('approve-live', { run, state: 'rejected', comment: 'not on a Friday' })
    await refused('gate_rejected', () => proceed())
    await expect(proceed()).rejects.toMatchObject({
      message: expect.stringContaining('not on a Friday')
    })
  })

  test('is for one digest: another one that is handed over is refused', async () => {
    await brief(outside, run)
    await refused('briefing_outdated', () => proceed({ digest: 'abcdef0123456789' }))
  })

  test('expires', async () => {
    await brief(outside, run)
    await at(8 * 24)
    await refused('briefing_expired', () => proceed())
  })

  test('of an earlier attempt is no approval of a later one', async () => {
    await brief(outside, run)
    const again = { run: '4711-2' }
    await refused('briefing_of_another_run', () => apply(outside.process(again), go))
    await plan(outside.process(again), go)
    await refused('not_approved', () => apply(outside.process(again), go))
    outside.people.review('approve-live', again)
    expect((await apply(outside.process(again), go)).kind).toBe('applied')
  })

  test('is superseded by a newer briefing in another run', async () => {
    await brief(outside, run)
    await plan(outside.process({ run: '4712-1' }), go)
    await refused('briefing_of_another_run', () => proceed())
  })

  test('is asked for once: what was cut off is taken up without another', async () => {
    await brief(outside, run)
    const brake = createBrakeAt('ledger: two-phases#1: apply live', 'after')
    const victim = apply(outside.process({ run, brake }), go)
    await Promise.race([brake.stopped, victim])
    expect(await next(outside.process(), go)).toMatchObject({ resuming: true, gate: undefined })
    expect((await apply(outside.process(), go)).kind).toBe('applied')
  })
})

describe('a gate that is a second person', () => {
  const second = (text: string) =>
    productionOnly(text).replace(
      'gate: { environment: approve-live,',
      'gate: { mode: dispatch, allow: [ann, bob],'
    )

  beforeEach(async () => {
    outside = await openOutside({ edit: second })
  })

  const by = (name: string) => outside.process({ by: name })

  test('stops the first one after the briefing, and says who may go on and how', async () => {
    expect(await next(by('ann'), go)).toMatchObject({ waiting: undefined })
    const planned = await plan(by('ann'), go)
    expect(planned).toMatchObject({ waiting: { code: 'approved_by_initiator' } })
    expect(planned.kind === 'phase' && planned.waiting?.remedy).toContain('bob')
    expect(await next(by('ann'), go)).toMatchObject({ waiting: { code: 'approved_by_initiator' } })
    await refused('approved_by_initiator', () => apply(by('ann'), go))
  })

  test('lets the second one pass, whose briefing is the first one’s', async () => {
    await plan(by('ann'), go)
    expect(await next(by('bob'), go)).toMatchObject({ waiting: undefined })
    expect(await plan(by('bob'), go)).toMatchObject({ waiting: undefined })
    expect((await names()).filter(name => name.startsWith('phase-planned'))).toHaveLength(1)
    await apply(by('bob'), go)
    const applying = (await outside.events()).find(event => event.kind === 'phase-applying')
    expect(applying).toMatchObject({
      approval: { by: 'bob', how: expect.stringContaining('weaker') }
    })
  })

  test('is never stuck: whoever started the rollout briefs again, and the second one confirms', async () => {
    await plan(by('ann'), go)
    outside.simulator.setFlagByHand('production', 'FEATURE', 'maybe')
    expect(await plan(by('bob'), go)).toMatchObject({ waiting: { code: 'approved_by_initiator' } })
    const { waiting } = (await next(by('bob'), go)) as { waiting: { remedy: string } }
    expect(waiting.remedy).toContain('ann starts live again')
    expect(await next(by('ann'), go)).toMatchObject({ waiting: undefined })
    expect(await plan(by('ann'), go)).toMatchObject({ waiting: { code: 'approved_by_initiator' } })
    await refused('approved_by_initiator', () => apply(by('ann'), go))
    expect(await next(by('bob'), go)).toMatchObject({ waiting: undefined })
    await plan(by('bob'), go)
    expect((await apply(by('bob'), go)).kind).toBe('applied')
  })

  test('stops somebody who is not on the list', async () => {
    await plan(by('ann'), go)
    expect(await next(by('eve'), go)).toMatchObject({ waiting: { code: 'not_allowed' } })
    await refused('not_allowed', () => apply(by('eve'), go))
  })

  test('asks for a new briefing when the flags have changed: whoever reads that one is its first', async () => {
    await plan(by('ann'), go)
    outside.simulator.setFlagByHand('production', 'FEATURE', 'maybe')
    await refused('briefing_outdated', () => apply(by('bob'), go))
    expect(await plan(by('bob'), go)).toMatchObject({ waiting: { code: 'approved_by_initiator' } })
  })

  test('asks for a new briefing in a new rollout, however alike it is', async () => {
    await plan(by('ann'), go)
    await apply(by('bob'), go)
    const { rollback } = await import('../../src/operations/rollback.ts')
    const { check } = await import('../../src/operations/check.ts')
    await rollback(by('ann'), 'to be sure')
    await at(1)
    await check(by('ann'), { wokenBy: 'test' })
    expect((await outside.state()).status).toBe('rolled-back')
    await refused('briefing_missing', () => apply(by('bob'), go))
    expect(await next(by('ann'), go)).toMatchObject({ waiting: undefined })
  })
})

describe('a phase without a gate', () => {
  const ungated = (text: string) =>
    productionOnly(text).replace(/^ +gate: \{ environment: approve-live.*\n/mu, '')

  test('is not begun late, in another rollout than the one it was planned in', async () => {
    outside = await openOutside({ edit: ungated })
    const { rollback } = await import('../../src/operations/rollback.ts')
    const { check } = await import('../../src/operations/check.ts')
    const planned = await plan(outside.process({ run: '1-1' }), go)
    const digest = planned.kind === 'phase' ? planned.digest : undefined
    await apply(outside.process({ run: '1-1' }), { ...go, digest })
    await rollback(outside.process(), 'to be sure')
    await at(1)
    await check(outside.process(), { wokenBy: 'test' })
    expect((await outside.state()).status).toBe('rolled-back')
    const late = { ...go, phase: 'live', digest }
    await refused('briefing_outdated', () => apply(outside.process({ run: '1-2' }), late))
  })

  test('is applied as it was planned, or not at all', async () => {
    outside = await openOutside({ edit: ungated })
    await plan(outside.process(), go)
    const handed = { ...go, digest: 'abcdef0123456789' }
    await refused('briefing_outdated', () => apply(outside.process(), handed))
  })
})

describe('where a name is typed', () => {
  test('the name is the gate, and the ledger says that it is weaker', async () => {
    outside = await openOutside({ edit: productionOnly })
    const gates = {
      kind: 'typed' as const,
      inspect: () => Promise.resolve(undefined),
      reviews: () => Promise.resolve([])
    }
    const typed = () => outside.process({ more: { gates } })
    expect(await codeOf(apply(typed(), { ...go, confirm: undefined }))).toBe('not_confirmed')
    expect((await apply(typed(), go)).kind).toBe('applied')
    const applying = (await outside.events()).find(event => event.kind === 'phase-applying')
    expect(applying).toMatchObject({ approval: { how: expect.stringContaining('weaker') } })
  })
})

test('a phase without a gate on preview wants no name and no review', async () => {
  outside = await openOutside()
  expect((await advance(outside, {}, { confirm: undefined })).kind).toBe('applied')
})
