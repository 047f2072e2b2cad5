import { afterAll, afterEach, beforeAll, jest, test } from '@jest/globals'
import { type Api, everything, expectToConverge, ROLLBACK, type Story } from './cut-off.ts'
import { definition, MINUTE_MS, NAME, openTheatre, type Theatre, TRIAL } from './stage.ts'

// A rollout is carried out once for every request that it takes.
jest.setTimeout(600_000)

let theatre: Theatre
beforeAll(async () => {
  theatre = await openTheatre()
})
afterEach(() => theatre.strike())
afterAll(() => theatre.close())

const GRADUATION = `graduation:
  after: 1h
  issue: { title: Remove the old pipeline, body: It has served. }
  env_example: .env.example
`

const GRADUATE: Story = {
  definition: definition(TRIAL) + GRADUATION,
  prepare: async stage => {
    await stage.advance()
    await stage.pass(61 * MINUTE_MS)
    await stage.monitor()
    await stage.pass(61 * MINUTE_MS)
  },
  press: stage => stage.press('rollout.yml', { operation: 'graduate', confirm: NAME }),
  left: async stage => ({
    ...(await everything(stage)),
    issues: stage.github.issues.map(({ title }) => title),
    proposals: stage.github.pullRequests.map(({ title }) => title)
  })
}

test.each<Api>(['github', 'vercel'])(
  'a rollback of production that is cut off at any change at %s and begun again comes to the same',
  api => expectToConverge(theatre, ROLLBACK, api)
)

test('a graduation comes to the same wherever it is cut off', () =>
  expectToConverge(theatre, GRADUATE, 'github'))
