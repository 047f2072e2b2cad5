import { afterAll, expect, jest, test } from '@jest/globals'
import { nextTick } from '../../src/rehearsal/workflows/cron.ts'
import { AUTUMN, deliveries, EXACT } from '../../src/rehearsal/workflows/weather.ts'
import {
  closeRepositories,
  dispatched,
  HOUR_MS,
  job,
  MINUTE_MS,
  openRepository,
  START_MS
} from './small-repository.ts'

jest.setTimeout(30_000)
afterAll(closeRepositories)

const SCHEDULED = dispatched(
  job('tick', '', 'echo "$GITHUB_EVENT_NAME"'),
  'on: { schedule: [{ cron: "7,37 * * * *" }], workflow_dispatch: }\npermissions: {}'
)

test.each([
  ['7,37 * * * *', 'UTC', '2026-01-05T08:07:00Z'],
  ['*/20 9-17 * * mon-fri', 'UTC', '2026-01-05T09:00:00Z'],
  ['0 0 1 * *', 'UTC', '2026-02-01T00:00:00Z'],
  ['30 5 * * 0', 'UTC', '2026-01-11T05:30:00Z'],
  ['30 5 * * 7', 'UTC', '2026-01-11T05:30:00Z'],
  ['0 9 * * *', 'America/New_York', '2026-01-05T14:00:00Z'],
  ['0 12 29 feb *', 'UTC', undefined]
])('the schedule %s in %s comes round at its minute', (expression, timeZone, expected) => {
  const next = nextTick({ expression, timeZone }, START_MS)
  expect(Number.isFinite(next) ? next : undefined).toBe(expected && Date.parse(expected))
})

test('cron fires at its minutes, as the maintainer, on the default branch', async () => {
  const { machine, said } = await openRepository(SCHEDULED, {}, { maintainer: 'ada' })
  await machine.advanceTo(START_MS + 2 * HOUR_MS)
  expect(machine.runs.map(({ startedMs }) => (startedMs - START_MS) / MINUTE_MS)).toEqual([
    7, 37, 67, 97
  ])
  expect(machine.runs[0]).toMatchObject({ event: 'schedule', actor: 'ada', ref: 'main' })
  expect(said(machine.runs[0]?.id ?? 0, 'tick')).toBe('schedule')
})

test('a workflow that is disabled fires nothing until it is enabled', async () => {
  const { machine, github } = await openRepository(SCHEDULED)
  github.workflowStates.set('main.yml', 'disabled_inactivity')
  await machine.advanceTo(START_MS + HOUR_MS)
  expect(machine.runs).toEqual([])
  github.workflowStates.set('main.yml', 'active')
  await machine.advanceTo(START_MS + 2 * HOUR_MS)
  expect(machine.runs).toHaveLength(2)
})

test('only the default branch has a schedule, and it follows what is committed there', async () => {
  const { machine, github } = await openRepository(SCHEDULED)
  const hourly = SCHEDULED.replace('7,37', '50')
  await github.git.commit('topic', { '.github/workflows/other.yml': SCHEDULED }, 'Add', {
    from: 'main'
  })
  await machine.advanceTo(START_MS + 40 * MINUTE_MS)
  expect(machine.runs.map(({ file }) => file)).toEqual(['main.yml', 'main.yml'])
  await github.git.commit('main', { '.github/workflows/main.yml': hourly }, 'Change')
  await machine.advanceTo(START_MS + 2 * HOUR_MS)
  expect(machine.runs.map(({ startedMs }) => (startedMs - START_MS) / MINUTE_MS)).toEqual([
    7, 37, 50, 110
  ])
})

test('the weather of autumn drops, delays and doubles, the same for the same seed', () => {
  const ticks = Array.from({ length: 2000 }, (_, index) => ({
    file: 'm.yml',
    atMs: START_MS + index * 30 * MINUTE_MS
  }))
  const all = ticks.map(tick => deliveries(AUTUMN, 7, tick))
  expect(ticks.map(tick => deliveries(AUTUMN, 7, tick))).toEqual(all)
  expect(ticks.map(tick => deliveries(AUTUMN, 8, tick))).not.toEqual(all)
  const lateness = all.flatMap((times, index) => times.map(ms => ms - (ticks[index]?.atMs ?? 0)))
  expect(Math.max(...lateness)).toBeLessThanOrEqual(6 * HOUR_MS)
  expect(lateness.filter(ms => ms > 0).every(ms => ms >= HOUR_MS)).toBe(true)
  expect(all.filter(times => times.length === 0).length).toBeGreaterThan(1000)
  expect(all.some(times => times.length === 2)).toBe(true)
  expect(deliveries(EXACT, 7, { file: 'm.yml', atMs: START_MS })).toEqual([START_MS])
})

test('late and doubled cron arrives when it arrives', async () => {
  const weather = { dropped: 0, doubled: 1, late: 1, lateMs: [HOUR_MS, 2 * HOUR_MS] } as const
  const { machine } = await openRepository(SCHEDULED, {}, { weather })
  await machine.advanceTo(START_MS + 10 * MINUTE_MS)
  machine.setWeather(EXACT)
  await machine.advanceTo(START_MS + 3 * HOUR_MS)
  const first = START_MS + 7 * MINUTE_MS
  const minutes = machine.runs.map(({ startedMs }) => new Date(startedMs).getUTCMinutes())
  expect(machine.runs.length).toBe(2 + 5)
  expect(minutes.filter(minute => minute === 7 || minute === 37)).toHaveLength(5)
  expect(machine.runs.every(({ startedMs }) => startedMs > first)).toBe(true)
})

test('waiting until nothing is left to do is not kept up by cron', async () => {
  const { machine, run, clock } = await openRepository(SCHEDULED)
  await run()
  expect(machine.runs).toHaveLength(1)
  expect(clock.now()).toBe(START_MS)
  expect(await machine.runUntil(() => machine.runs.length === 3, START_MS + HOUR_MS)).toBe(true)
  expect(await machine.runUntil(() => false, START_MS + HOUR_MS)).toBe(false)
})

test('a job that takes longer than its minutes is cancelled', async () => {
  const script = `import { setTimeout as sleep } from 'node:timers/promises'
await sleep(3_600_000)`
  const {
    run,
    machine,
    job: jobOf,
    clock
  } = await openRepository(
    dispatched(
      `slow: { runs-on: a, timeout-minutes: 5, steps: [{ uses: actions/checkout@v7 }, { run: node wait.mjs }] }\n`
    ),
    { 'wait.mjs': script }
  )
  const id = await run()
  expect(jobOf(id, 'slow')).toMatchObject({ conclusion: 'cancelled' })
  expect(jobOf(id, 'slow').annotations[0]?.message).toBe(
    'The job has exceeded the maximum execution time of 5m0s'
  )
  expect(clock.now()).toBe(START_MS + 5 * MINUTE_MS)
  expect(machine.bill()).toMatchObject({ jobs: 1, minutes: 6 })
})

test('every job that ran is billed a minute at least, by label, and one that was skipped is not', async () => {
  const { run, machine } = await openRepository(
    dispatched(
      job('quick') +
        'slim: { runs-on: ubuntu-slim, steps: [{ run: "true" }] }\n' +
        job('never', 'if: false')
    )
  )
  await run()
  expect(machine.bill()).toEqual({
    runs: 1,
    jobs: 2,
    minutes: 2,
    minutesByLabel: { 'ubuntu-24.04': 1, 'ubuntu-slim': 1 },
    minutesByWorkflow: { 'main.yml': 2 }
  })
})
