import { expect, test } from '@jest/globals'
import { type BurstRule, firstBurst } from '../../src/verdict/burst.ts'

const BUCKETS = 48 * 12
const NEVER = 100

/** Errors that come singly and at random, so many an hour, look sustained within 48 hours. */
test.each<[string, number, BurstRule, number]>([
  ['3 in a row or 4 of 12', 0.1, { run: 3, of: [4, 12] }, 0.0007],
  ['3 in a row or 4 of 12', 0.25, { run: 3, of: [4, 12] }, 0.0168],
  ['4 of 12 alone', 0.1, { run: NEVER, of: [4, 12] }, 0.0004],
  ['4 of 12 alone', 0.25, { run: NEVER, of: [4, 12] }, 0.0134],
  ['the tempting 3 of 12', 0.1, { run: 3, of: [3, 12] }, 0.0159],
  ['the tempting 3 of 12', 0.25, { run: 3, of: [3, 12] }, 0.1893]
])('%s: at %d errors/h by chance', (_, errorsPerHour, rule, probability) => {
  expect(falseAlarm(rule, errorsPerHour)).toBeCloseTo(probability, 4)
})

/** Summed over all that can happen: which of the last eleven buckets have an error is the whole state. */
function falseAlarm(rule: BurstRule, errorsPerHour: number): number {
  const memory = rule.of[1] - 1
  const chance = 1 - Math.exp(-errorsPerHour / 12)
  const isBurst = Array.from({ length: 2 ** memory }, (_, state) => alarms(rule, state, memory))
  let states = new Float64Array(2 ** memory)
  states[0] = 1
  let alarm = 0
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const next = new Float64Array(states.length)
    for (const [state, mass] of states.entries()) {
      const clean = (2 * state) % states.length
      next[clean] = (next[clean] ?? 0) + mass * (1 - chance)
      if (isBurst[state]) alarm += mass * chance
      else next[clean + 1] = (next[clean + 1] ?? 0) + mass * chance
    }
    states = next
  }
  return alarm
}

/** Whether an error in the next bucket makes a burst; bit 0 of the state is the bucket before it. */
function alarms(rule: BurstRule, state: number, memory: number): boolean {
  const before = Array.from({ length: memory }, (_, back) => memory - 1 - back)
  const troubled = before.filter(back => Math.floor(state / 2 ** back) % 2 === 1)
  const buckets = [...troubled.map(back => memory - 1 - back), memory]
  return firstBurst(rule, buckets) === memory
}
