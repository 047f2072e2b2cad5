import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals'
import { type CronWeather, EXACT } from '../../src/rehearsal/workflows/weather.ts'
import type { LedgerEvent, LookEvent } from '../../src/rollout/events.ts'
import {
  APPROVER,
  DAY_MS,
  definition,
  GATE,
  HOUR_MS,
  MINUTE_MS,
  openTheatre,
  REVIEWED,
  raiseStage,
  START_MS,
  STARTER,
  type Stage,
  type Theatre,
  TRIAL
} from './stage.ts'

/** Of every four ticks three get lost, one of four comes twice, and most come hours late. */
const WEATHER: CronWeather = {
  dropped: 0.75,
  doubled: 0.25,
  late: 0.75,
  lateMs: [HOUR_MS, 6 * HOUR_MS]
}

/** Its soaks are shorter than the monitor is late: looks have several checkpoints to make up. */
export const ROLLOUT = definition(
  `${TRIAL}  - name: live
    target: production
    gate: ${REVIEWED}
    flags: { FEATURE: "true", FEATURE_MODE: fast }
    soak: 2h
    extend: 1h
    checkpoints: [0s, 30m, 1h, 2h]
    criteria: quiet
`,
  `graduation:
  after: 2h
  issue: { title: Delete the old way, body: Nobody goes it any more. }
  env_example: .env.example
`
)

/**
 * Tests of these seeds: whatever cron does, the rollout graduates, with the same ledger that a punctual
 * cron leads to. Two at a time, because each waits for processes of its own most of the time.
 */
export function testSeeds(first: number, last: number): void {
  // The files share two processors, and whatever else runs on them.
  jest.setTimeout(120_000)
  let theatre: Theatre
  let punctual: readonly object[]
  beforeAll(async () => {
    theatre = await openTheatre()
    punctual = await rolledOut(await raised(theatre, EXACT, 0))
  })
  afterEach(() => theatre.strike())
  afterAll(() => theatre.close())

  test('a punctual cron leads to the ledger that was to be expected', () => {
    expect(punctual).toMatchObject(EXPECTED)
  })

  const pairs = Array.from({ length: (last - first + 1) / 2 }, (_, index) => first + 2 * index)
  test.each(pairs.map(seed => [seed, seed + 1]))('seeds %i and %i', async (...seeds) => {
    const stages: Stage[] = []
    for (const seed of seeds) stages.push(await raised(theatre, WEATHER, seed))
    const ledgers = await Promise.all(stages.map(rolledOut))
    for (const ledger of ledgers) expect(ledger).toEqual(punctual)
  })
}

function raised(theatre: Theatre, weather: CronWeather, seed: number): Promise<Stage> {
  return raiseStage(theatre, {
    definition: ROLLOUT,
    machine: { weather, seed, people: approveAfter(10 * MINUTE_MS) }
  })
}

/** Rolls out from the press of the button to graduation, and tells what happened. */
async function rolledOut(stage: Stage): Promise<readonly object[]> {
  await stage.press('rollout.yml', {})
  await toGraduation(stage)
  expectOneOfEach(stage)
  return whatHappened(await stage.events())
}

const SERVING = { FEATURE: 'true', FEATURE_MODE: 'fast' }
const ROBOT = 'github-actions[bot]'
/** Scheduled runs are those of whoever last changed the cron lines. */
const CRON = 'acme'

const EXPECTED = [
  { kind: 'rollout-started', by: STARTER },
  { kind: 'phase-planned', by: STARTER, phase: 'trial' },
  { kind: 'phase-applying', by: STARTER, phase: 'trial', flags: SERVING },
  { kind: 'phase-applied', by: STARTER, phase: 'trial' },
  {
    kind: 'looked',
    phase: 'trial',
    by: [STARTER, CRON],
    checkpoints: ['T+0', 'T+30m'],
    decisions: ['promote']
  },
  { kind: 'dispatching', by: CRON, operation: 'advance', phase: 'live' },
  { kind: 'phase-planned', by: ROBOT, phase: 'live', approvalsBefore: 0 },
  {
    kind: 'phase-applying',
    by: ROBOT,
    phase: 'live',
    flags: SERVING,
    approval: { by: APPROVER, comment: 'looks good' }
  },
  { kind: 'phase-applied', by: ROBOT, phase: 'live' },
  {
    kind: 'looked',
    phase: 'live',
    by: [ROBOT, CRON],
    checkpoints: ['T+0', 'T+30m', 'T+1h', 'T+2h'],
    decisions: ['promote']
  },
  { kind: 'dispatching', by: CRON, operation: 'graduate', phase: 'live' },
  { kind: 'looked', purpose: 'graduation', by: [ROBOT], decisions: [], judged: ['silence: pass'] },
  { kind: 'graduated', by: ROBOT, issue: true, proposal: true }
]

/** The only reviewer approves whatever waits, that much later. */
export function approveAfter(afterMs: number) {
  return () => ({ by: APPROVER, state: 'approved', comment: 'looks good', afterMs }) as const
}

/** Lets time pass until it has graduated and every run has ended. @throws Error after a month */
export async function toGraduation({ machine, state }: Stage, limitMs = 3 * DAY_MS): Promise<void> {
  const ended = await machine.runUntil(
    async () =>
      machine.runs.every(({ status }) => status === 'completed') &&
      (await state()).status === 'graduated',
    START_MS + limitMs
  )
  if (!ended) throw new Error(`It is ${(await state()).status} after all that time.`)
}

/** What people see beside the ledger is there once, too. */
function expectOneOfEach({ github, machine, serving }: Stage): void {
  const reviews = github.runs.list().flatMap(run => run.reviews)
  expect(reviews).toMatchObject([{ environment: GATE, by: APPROVER, state: 'approved' }])
  expect(github.issues.map(({ title }) => title)).toEqual(['Delete the old way'])
  expect(github.pullRequests).toHaveLength(1)
  expect(machine.runs.filter(({ conclusion }) => conclusion !== 'success')).toEqual([])
  expect(serving('production')).toEqual(SERVING)
}

/**
 * A ledger without what may differ when nothing but the cron differs: two ledgers are the same when
 * this says the same of them. It leaves out
 * - times, and positions, ids, runs and deployments, which are counted or made up anew every time;
 * - looks without a checkpoint, unless they decided something: how often somebody looks in between is
 *   what cron is about;
 * - in how many looks the checkpoints of a phase were looked at: a late look makes up several;
 * - that something was dispatched: the run may be at work before this is written. That it was being
 *   dispatched, and by whom, is kept.
 * It keeps who did what in which order, what was approved, planned, switched and judged in the end,
 * every checkpoint that the database really answered, and whatever was held, undone or done twice.
 */
export function whatHappened(events: readonly LedgerEvent[]): readonly object[] {
  const told: object[] = []
  let looks: LookEvent[] = []
  const tellLooks = (): void => {
    if (looks.some(isTelling)) told.push(lookedAt(looks))
    looks = []
  }
  for (const event of events.filter(({ kind }) => kind !== 'dispatched')) {
    if (event.kind === 'look') {
      const [before = event] = looks
      if (before.phase !== event.phase || before.purpose !== event.purpose) tellLooks()
      looks.push(event)
    } else {
      tellLooks()
      told.push(withoutChance(event))
    }
  }
  tellLooks()
  return told
}

function isTelling({ checkpoints, decision, purpose }: LookEvent): boolean {
  return checkpoints.length > 0 || decision !== 'continue' || purpose !== 'soak'
}

/** What the looks at one phase came to, however many there were. */
function lookedAt(looks: readonly LookEvent[]): object {
  const last = looks.at(-1)
  const answered = looks.filter(({ window }) => window !== undefined)
  return {
    kind: 'looked',
    phase: last?.phase,
    purpose: last?.purpose,
    by: [...new Set(looks.flatMap(look => (isTelling(look) ? [look.by] : [])))],
    checkpoints: answered.flatMap(({ checkpoints }) => checkpoints),
    decisions: looks.map(({ decision }) => decision).filter(each => each !== 'continue'),
    holds: looks.flatMap(({ cause }) => cause ?? []),
    judged: last?.judgements.map(({ criterion, verdict }) => `${criterion}: ${verdict}`),
    broken: looks.flatMap(({ integrity }) => integrity.filter(({ ok }) => !ok))
  }
}

function withoutChance(event: Exclude<LedgerEvent, LookEvent>): object {
  const { seq: _seq, id: _id, at: _at, run: _run, ...rest } = event
  switch (rest.kind) {
    case 'phase-applied': {
      const { intent: _intent, deployment: _deployment, since: _since, ...applied } = rest
      return applied
    }
    case 'phase-applying': {
      const { before, approval, ...applying } = rest
      // The sentence names the run that was approved.
      const how = approval?.how.replaceAll(/\d+-\d+/gu, 'a run')
      return { ...applying, before: before.flags, approval: { ...approval, how } }
    }
    case 'graduated':
      return { ...rest, issue: rest.issue !== undefined, proposal: rest.proposal !== undefined }
    default:
      return rest
  }
}
