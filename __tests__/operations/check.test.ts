import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { hold } from '../../src/operations/hold.ts'
import { plan } from '../../src/operations/plan.ts'
import { resume } from '../../src/operations/resume.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { Relay } from '../../src/rehearsal/postgres/relay.ts'
import { readLedgerContent } from './ledger-content.ts'
import {
  advance,
  coordinator,
  type Databases,
  go,
  HOUR_MS,
  loadTwoPhases,
  MINUTE_MS,
  nameOf,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  startDatabases,
  telemetry
} from './outside.ts'

let databases: Databases
let quiet: ApplicationDatabase
let empty: ApplicationDatabase
let late: ApplicationDatabase
let relay: Relay
let outside: Outside

beforeAll(async () => {
  databases = await startDatabases()
  quiet = await databases.open()
  empty = await databases.open([])
  const open = coordinator('circuit_open', START_MS + 90 * MINUTE_MS)
  late = await databases.open([...telemetry(), open])
  relay = await databases.relay()
})
afterEach(async () => {
  await relay.restore()
  await outside.close()
})
afterAll(() => databases.stop())

const woken = { wokenBy: 'cron' }
const more = { evidence: { collect: () => Promise.resolve([]) } }

const names = async () => (await outside.events()).map(nameOf)
const told = () => outside.people.announcements.map(({ kind }) => kind)
const at = (minutes: number) => outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)

/** Production soaks for 12 h, looked at after 0, 1, 2 and 12 hours. */
async function soakOnProduction(database = quiet): Promise<void> {
  outside = await openOutside({ database, relay, edit: productionOnly })
  await advance(outside, { more })
}

async function look(minutes: number) {
  await at(minutes)
  const { look: made, state } = await check(outside.process({ more }), woken)
  return { made, state }
}

describe('a phase is never promoted', () => {
  test('by absence of data: an empty table is insufficient to the end of the extension, then held', async () => {
    outside = await openOutside({ database: empty, relay })
    await apply(outside.process({ more }), go)
    const extended = await look(70)
    expect(extended.made).toMatchObject({ decision: 'continue', rule: 'final-insufficient' })
    const over = await look(130)
    expect(over.made).toMatchObject({ decision: 'hold', cause: 'insufficient' })
    expect(over.state).toMatchObject({ status: 'held' })
    expect((await look(24 * 60)).state.status).toBe('held')
    expect(told()).toEqual(['held'])
  })

  test('by an unreachable database: it is held, however often and however late it is looked at', async () => {
    outside = await openOutside({ database: quiet, relay })
    await apply(outside.process({ more }), go)
    await relay.cut()
    for (const minutes of [61, 70, 300, 500, 5000]) {
      const { made, state } = await look(minutes)
      expect(made?.decision).toBe('hold')
      expect(state.status).toBe('held')
    }
  })

  test('by an empty set of criteria: it is refused when it is read', async () => {
    const emptied = (text: string) => text.replace(/ {2}quiet:\n.*\n/u, '  quiet: {}\n')
    await expect(loadTwoPhases(emptied)).rejects.toMatchObject({ code: 'definition_invalid' })
    outside = await openOutside()
  })

  test('by an empty set of criteria that comes in past the parser', async () => {
    outside = await openOutside({ database: quiet, relay, forged: true })
    const definition = {
      ...outside.definition,
      criteria: { ...outside.definition.criteria, quiet: [] }
    }
    await apply(outside.process({ more: { ...more, definition } }), go)
    await at(200)
    const { look: made, state } = await check(
      outside.process({ more: { ...more, definition } }),
      woken
    )
    expect(made).toMatchObject({ decision: 'hold', rule: 'unproven' })
    expect(state.status).toBe('held')
  })

  test('while a criterion is unanswered and the others pass', async () => {
    outside = await openOutside({ database: quiet, relay })
    await apply(outside.process({ more }), go)
    await at(70)
    const world = outside.process({ more })
    const metrics = {
      ...world.metrics,
      look: async (request: Parameters<typeof world.metrics.look>[0]) => {
        const reading = await world.metrics.look(request)
        const unanswered = { kind: 'unanswered' as const, code: 'x', message: 'no', remedy: 'none' }
        return { ...reading, answers: { ...reading.answers, 'circuit-open': unanswered } }
      }
    }
    const { look: made } = await check({ ...world, metrics }, woken)
    expect(made).toMatchObject({ decision: 'hold', rule: 'any-error' })
  })
})

describe('a database that goes down', () => {
  test('at a checkpoint holds; back again, the checkpoint is made up and the hold ends by itself', async () => {
    await soakOnProduction()
    await relay.cut()
    expect((await look(61)).made).toMatchObject({ decision: 'hold', cause: 'error' })
    expect((await look(75)).made).toMatchObject({ decision: 'hold', cause: 'error' })
    await relay.restore()
    const { made, state } = await look(90)
    expect(made).toMatchObject({ decision: 'continue', checkpoints: ['T+1h'] })
    expect(made?.lateMs).toBeGreaterThan(25 * MINUTE_MS)
    expect(state).toMatchObject({ status: 'running' })
    expect(told()).toEqual(['held'])
    expect(state.phases.at(-1)?.checkpoints).toEqual(['T+0', 'T+1h'])
    expect((await names()).filter(name => name.startsWith('look'))).toEqual([
      'look soak live [T+0] continue soaking',
      'look soak live [T+1h] hold any-error',
      'look soak live [T+1h] continue soaking'
    ])
  })

  test('between checkpoints is tried again, without a hold', async () => {
    await soakOnProduction()
    await relay.cut()
    expect((await look(20)).made).toMatchObject({ decision: 'continue', rule: 'any-error' })
    await relay.restore()
    expect((await look(40)).made).toMatchObject({ decision: 'continue', rule: 'soaking' })
    expect(told()).toEqual([])
  })

  test('for longer than blind.max is held and announced as blind', async () => {
    await soakOnProduction()
    for (const hours of [1, 2]) await look(hours * 60 + 1)
    await relay.cut()
    await look(3 * 60)
    const { made } = await look(9 * 60)
    expect(made).toMatchObject({ decision: 'hold', rule: 'blind', cause: 'blind' })
    expect(told()).toEqual(['held'])
    await relay.restore()
    expect((await look(9 * 60 + 30)).state.status).toBe('running')
  })

  test('for longer than blind.max rolls back when the definition says so', async () => {
    const edit = (text: string) =>
      productionOnly(text).replace('max: 6h, decision: hold', 'max: 6h, decision: rollback')
    outside = await openOutside({ database: quiet, relay, edit })
    await advance(outside, { more })
    await relay.cut()
    const { made, state } = await look(7 * 60)
    expect(made).toMatchObject({ decision: 'rollback', rule: 'blind' })
    expect(state.status).toBe('rolling-back')
    expect(outside.simulator.live('production')?.env['FEATURE']).toBe('false')
  })
})

describe('a database that is down', () => {
  test('when a phase is to be applied: refused before anything is changed', async () => {
    outside = await openOutside({ database: quiet, relay })
    await plan(outside.process())
    await relay.cut()
    const { mutations } = outside.simulator
    const before = await names()
    await expect(apply(outside.process(), go)).rejects.toMatchObject({
      code: 'database_unreachable'
    })
    expect(outside.simulator.mutations).toBe(mutations)
    expect(await names()).toEqual(before)
  })

  test('when it is rolled back: not waited for; its watch is extended until the database is back', async () => {
    await soakOnProduction()
    await relay.cut()
    const state = await rollback(outside.process({ more }), 'customers complain')
    expect(state.status).toBe('rolling-back')
    expect(outside.simulator.live('production')?.env['FEATURE']).toBe('false')
    expect((await look(40)).made?.rule).toBe('watch-extended')
    await relay.restore()
    expect((await look(60)).state.status).toBe('rolled-back')
  })
})

describe('a world that is not as it was left', () => {
  test('a flag changed by hand holds; corrected, the rollout goes on', async () => {
    await soakOnProduction()
    outside.simulator.setFlagByHand('production', 'LIMIT', '9')
    const { made } = await look(20)
    expect(made).toMatchObject({ decision: 'hold', cause: 'integrity' })
    expect(made?.reason).toContain('LIMIT is "9", not "4"')
    outside.simulator.setFlagByHand('production', 'LIMIT', '4')
    expect((await look(40)).state.status).toBe('running')
    expect(told()).toEqual(['held'])
  })

  test('a newer deployment made by hand is noted and does not hold', async () => {
    await soakOnProduction()
    await at(10)
    outside.simulator.deployByHand('production')
    const { made } = await look(20)
    expect(made?.decision).toBe('continue')
    expect(made?.integrity.map(({ code }) => code)).toContain('code_changed')
  })

  test('the old deployment put back by hand holds', async () => {
    await soakOnProduction()
    const [old] = outside.simulator.deploymentsOf('production')
    await outside.process().deployer.reinstate('production', old?.id ?? '')
    const { made } = await look(20)
    expect(made).toMatchObject({ decision: 'hold', rule: 'integrity' })
    expect(made?.integrity.map(({ code }) => code)).toContain('rolled_back_by_hand')
  })

  test('a provider that does not answer holds, and goes on when it does', async () => {
    await soakOnProduction()
    outside.simulator.faults.inject({
      path: /^\/v10\/projects\/[^/]+\/env$/u,
      times: 4,
      effect: { kind: 'answer', status: 503, body: {} }
    })
    expect((await look(20)).made).toMatchObject({ decision: 'hold', rule: 'integrity' })
    expect((await look(40)).state.status).toBe('running')
  })

  test('clocks that disagree hold', async () => {
    await soakOnProduction()
    await at(20)
    await quiet.setClock(START_MS + 25 * MINUTE_MS)
    const { look: made } = await check(outside.process({ more }), woken)
    expect(made?.integrity.map(({ code }) => code)).toContain('clock_skew')
    expect(made?.decision).toBe('hold')
  })
})

describe('a person who holds', () => {
  test('is obeyed by every look until the rollout is resumed, and looks go on', async () => {
    await soakOnProduction()
    await hold(outside.process(), 'holiday')
    expect((await look(61)).made).toMatchObject({ decision: 'hold', rule: 'held' })
    expect((await look(13 * 60)).made).toMatchObject({ decision: 'hold', rule: 'held' })
    const resumed = await resume(outside.process(), 'back')
    expect(resumed.status).toBe('running')
    expect((await look(13 * 60 + 30)).made?.decision).toBe('promote')
  })

  test('does not keep a red look from rolling back', async () => {
    await soakOnProduction(late)
    await hold(outside.process(), 'holiday')
    const { made, state } = await look(121)
    expect(made?.decision).toBe('rollback')
    expect(state.status).toBe('rolling-back')
  })

  test('is not undone by a drift that comes and goes', async () => {
    await soakOnProduction()
    await hold(outside.process(), 'holiday')
    outside.simulator.setFlagByHand('production', 'LIMIT', '9')
    await look(20)
    outside.simulator.setFlagByHand('production', 'LIMIT', '4')
    expect((await look(40)).state.hold).toMatchObject({ cause: 'person', reason: 'holiday' })
  })
})

describe('a freeze', () => {
  test('keeps a phase from being promoted, and ends by itself', async () => {
    await soakOnProduction()
    await at(13 * 60)
    const frozen = await check(outside.process({ more }), { ...woken, frozen: 'weekend' })
    expect(frozen.look).toMatchObject({ decision: 'hold', rule: 'frozen', reason: 'weekend' })
    expect((await look(13 * 60 + 30)).made?.decision).toBe('promote')
  })

  test('never keeps a red look from rolling back', async () => {
    await soakOnProduction(late)
    await at(121)
    const { look: made } = await check(outside.process({ more }), { ...woken, frozen: 'weekend' })
    expect(made?.decision).toBe('rollback')
  })
})

describe('what is due', () => {
  test('nothing, before anything is live: nothing is looked at and nothing recorded', async () => {
    outside = await openOutside({ database: quiet, relay })
    await relay.cut()
    const { look: made, state } = await check(outside.process({ more }), woken)
    expect(made).toBeUndefined()
    expect(state.status).toBe('not-started')
    expect(await names()).toEqual([])
  })

  test('no checkpoint, after everything is promoted', async () => {
    await soakOnProduction()
    await look(13 * 60)
    const before = await names()
    const { made, state } = await look(14 * 60)
    expect(made).toMatchObject({ checkpoints: [], decision: 'continue' })
    expect(state.status).toBe('promoted')
    expect((await names()).slice(before.length)).toEqual(['look soak live [] continue soaking'])
    expect((await apply(outside.process({ more }), go)).kind).toBe('nothing')
  })

  test('several missed checkpoints are made up in one look, each with evidence of its own window', async () => {
    outside = await openOutside({ database: quiet, relay, edit: productionOnly })
    await advance(outside)
    await at(3 * 60)
    const { look: made } = await check(outside.process(), woken)
    expect(made?.checkpoints).toEqual(['T+1h', 'T+2h'])
    const since = Date.parse(made?.window?.since ?? '')
    const { files } = await readLedgerContent(outside.ledgerFolder)
    const windows = ['T+0', 'T+1h', 'T+2h'].map(
      name =>
        JSON.parse(files.get(`two-phases/1/evidence/live/${name}/manifest.json`) ?? '').window.until
    )
    expect(windows[1]).toBe(new Date(since + HOUR_MS).toISOString())
    expect(windows[2]).toBe(made?.window?.until)
    expect((await check(outside.process({ more }), woken)).look?.checkpoints).toEqual([])
  })
})
