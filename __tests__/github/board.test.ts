import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type GithubTestWorld, startGithubWorld } from './world.ts'

let world: GithubTestWorld
beforeEach(async () => {
  world = await startGithubWorld()
})
afterEach(() => world.close())

const shown = () => world.simulator.deployments
const log_url = () => `https://github.com/acme/shop/actions/runs/${world.runId}/attempts/1`

test('work on a target begins a deployment, and what comes of it is a status of it', async () => {
  await world.board.show({ environment: 'production', state: 'in_progress', description: 'full' })
  await world.again().board.show({
    environment: 'production',
    state: 'success',
    description: 'T+0 is green',
    url: 'https://shop.example'
  })
  expect(shown()).toHaveLength(1)
  expect(shown()[0]).toMatchObject({
    environment: 'production',
    task: 'rollgate',
    ref: 'main',
    production: true,
    transient: false,
    description: 'full'
  })
  expect(shown()[0]?.statuses).toMatchObject([
    { state: 'in_progress', logUrl: log_url() },
    {
      state: 'success',
      description: 'T+0 is green',
      environmentUrl: 'https://shop.example',
      logUrl: log_url()
    }
  ])
})

test('every application is a deployment of its own, and the newest one is brought up to date', async () => {
  for (const description of ['one', 'two']) {
    await world.board.show({ environment: 'preview', state: 'in_progress', description })
  }
  await world.board.show({ environment: 'preview', state: 'failure', description: 'held' })
  expect(shown().map(({ production, statuses }) => [production, statuses.at(-1)?.state])).toEqual([
    [false, 'in_progress'],
    [false, 'failure']
  ])
})

test('a status that nothing was begun for begins one', async () => {
  await world.board.show({ environment: 'preview', state: 'inactive', description: 'off' })
  expect(shown()).toMatchObject([{ environment: 'preview', statuses: [{ state: 'inactive' }] }])
})

test('neither a check that is not green nor a default branch ahead stands in the way', async () => {
  world.simulator.settings.pendingChecks = true
  await world.board.show({ environment: 'production', state: 'in_progress', description: 'full' })
  expect(shown()).toHaveLength(1)
})

test('a long description is cut to what is shown, between letters', async () => {
  const description = '🚦'.repeat(200)
  const cut = `${'🚦'.repeat(69)}…`
  await world.board.show({ environment: 'production', state: 'in_progress', description })
  expect(shown()[0]?.description).toBe(cut)
  expect(shown()[0]?.statuses[0]?.description).toBe(cut)
})

test('failing to show is told in the log and nowhere else', async () => {
  const { board } = world.again({}, { permissions: { contents: 'read' } })
  await board.show({ environment: 'production', state: 'success', description: 'full' })
  expect(shown()).toEqual([])
  expect(world.lines).toEqual([
    expect.stringMatching(/^production is not shown among the deployments: GitHub did not accept/u)
  ])
})
