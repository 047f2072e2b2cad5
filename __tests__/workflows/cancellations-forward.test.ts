import { afterAll, afterEach, beforeAll, jest, test } from '@jest/globals'
import { APPLY, type Api, everything, expectToConverge, type Story } from './cut-off.ts'
import { definition, MINUTE_MS, NAME, openTheatre, type Theatre } from './stage.ts'

// A rollout is carried out once for every request that it takes.
jest.setTimeout(600_000)

let theatre: Theatre
beforeAll(async () => {
  theatre = await openTheatre()
})
afterEach(() => theatre.strike())
afterAll(() => theatre.close())

/** The last look of the trial, which promotes it and sets the next phase going up to its gate. */
const CHECK: Story = {
  definition: definition(),
  prepare: async stage => {
    await stage.advance()
    await stage.pass(61 * MINUTE_MS)
  },
  press: stage => stage.press('rollout-monitor.yml', {}),
  // What it has set going may have been cut off as well, and then is begun by a person.
  again: async stage => {
    const run = await stage.monitor()
    const waits = stage.machine.runs.some(({ status }) => status === 'waiting')
    return waits ? run : stage.press('rollout.yml', { confirm: NAME })
  },
  left: everything
}

test.each<Api>(['github', 'vercel'])(
  'an application on production that is cut off at any change at %s and begun again comes to the same',
  api => expectToConverge(theatre, APPLY, api)
)

test('a look that promotes comes to the same wherever it is cut off', () =>
  expectToConverge(theatre, CHECK, 'github'))
